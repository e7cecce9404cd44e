"""Makes accounts with a TOTP secret each. Standard input: [{email, password, secret_text}], the secret in base32."""

import json
import sys

from app import User, app, database, security

with app.app_context():
    database.create_all()
    factory = security._totp_factory._totp  # noqa: SLF001  # there is no public way to choose the secret
    for number, person in enumerate(json.load(sys.stdin)):
        database.session.add(
            User(
                email=person["email"],
                password=person["password"],
                active=True,
                fs_uniquifier=f"{number:032}",
                tf_primary_method="authenticator",
                tf_totp_secret=factory(key=person["secret_text"], format="base32").to_json(encrypt=True),
            )
        )
    database.session.commit()
