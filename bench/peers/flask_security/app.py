"""Flask-Security as its documentation sets it up, on an SQLite file with the same settings as XpressBot's.

The password is kept as it is: the password step is preparation here.
"""

import sqlite3
from pathlib import Path

from flask import Flask, Response, jsonify
from flask_security import Security, SQLAlchemyUserDatastore, auth_required, current_user
from flask_security.models import fsqla_v3
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.engine import Engine


@event.listens_for(Engine, "connect")
def _configure(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA busy_timeout=15000")


app = Flask(__name__)
app.config.update(
    SECRET_KEY="measured on a machine that keeps no secrets",
    SQLALCHEMY_DATABASE_URI=f"sqlite:///{Path('people.sqlite3').resolve()}",
    WTF_CSRF_ENABLED=False,
    SECURITY_PASSWORD_SALT="measured on a machine that keeps no secrets",
    SECURITY_PASSWORD_HASH="plaintext",
    SECURITY_PASSWORD_SCHEMES=["plaintext"],
    SECURITY_PASSWORD_SINGLE_HASH=["plaintext"],
    SECURITY_DEPRECATED_PASSWORD_SCHEMES=[],
    SECURITY_TWO_FACTOR=True,
    SECURITY_TWO_FACTOR_REQUIRED=True,
    SECURITY_TWO_FACTOR_ENABLED_METHODS=["authenticator"],
    SECURITY_TWO_FACTOR_RESCUE_MAIL="help@example.com",
    SECURITY_TOTP_SECRETS={"1": "kept on a machine that keeps no secrets"},
    SECURITY_TOTP_ISSUER="bench",
    SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},
    SECURITY_SEND_REGISTER_EMAIL=False,
    SECURITY_FLASH_MESSAGES=False,
)
database = SQLAlchemy(app)
fsqla_v3.FsModels.set_db_info(database)


class Role(database.Model, fsqla_v3.FsRoleMixin):
    """As the documentation has it."""


class User(database.Model, fsqla_v3.FsUserMixin):
    """As the documentation has it."""


class WebAuthn(database.Model, fsqla_v3.FsWebAuthnMixin):
    """As the documentation has it."""


security = Security(app, SQLAlchemyUserDatastore(database, User, Role))


@app.get("/hello")
def hello() -> str:
    """The server serves."""
    return "hello"


@app.get("/who-am-i")
@auth_required("session")
def who_am_i() -> Response:
    """Who is signed in."""
    return jsonify(user=current_user.email)
