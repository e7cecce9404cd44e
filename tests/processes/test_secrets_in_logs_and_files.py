"""A whole guide run with the most talkative log: no secret is found in logs, database files, addresses or error pages."""

import base64
import re
import sqlite3
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.browser import otpauth_uri, shown_codes
from tests.support.command_line import Shell
from tests.support.cookies import cookie_name
from tests.support.form_client import FormClient
from tests.support.secret_search import found, of_bytes, of_codes, of_text, of_token
from tests.support.server import serving
from xpressbot.foundation.clock import SystemClock
from xpressbot.foundation.times import SECOND
from xpressbot.foundation.tokens import Token

PASSWORD = "canary-lantern-orchid-thunder"
NEW_PASSWORD = "canary-copper-willow-kettle"
WRONG_PASSWORD = "canary-wrong-pebble-harbour"
EMAIL = "canary@example.com"
SHOWS_THE_KEY_AGAIN = "/account/2fa/confirm"
"""After a wrong first code the set-up page comes again, with the key that it is there to show."""


class UseCaseBrowser:
    """A browser that remembers all it was given, each address it was at, and each page of an error."""

    def __init__(self, url: str) -> None:
        self.client = FormClient(base_url=url, headers={"Origin": url, "Sec-Fetch-Site": "same-origin"}, follow_redirects=False)
        self.tokens: dict[str, Token] = {}
        self.addresses: list[str] = []
        self.error_pages: list[bytes] = []

    def get(self, path: str) -> httpx.Response:
        return self._note(self.client.get(path))

    def post(self, path: str, **fields: str) -> httpx.Response:
        return self._note(self.client.post(path, data=fields))

    def sign_in(self, password: str = PASSWORD) -> httpx.Response:
        return self.post("/sign-in", email=EMAIL, password=password, next="/")

    def _note(self, response: httpx.Response) -> httpx.Response:
        self.addresses += [str(response.request.url), response.headers.get("location", "")]
        if response.status_code >= 400 and response.request.url.path != SHOWS_THE_KEY_AGAIN:
            self.error_pages.append(response.content)
        for name, value in response.cookies.items():
            if (token := Token.parse(value)) is not None:
                self.tokens[f"{name} {len(self.tokens)}"] = token
        return response


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path, {"XPRESSBOT_LOG_LEVEL": "DEBUG"})


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_no_secret_leaves_through_logs_files_addresses_or_error_pages(shell: Shell, log_format: str) -> None:
    """But for links: the welcome link, printed at the start, and mailed ones, in files for their owner alone. Each is opened once."""
    shell = shell.with_settings(XPRESSBOT_LOG_FORMAT=log_format)
    with serving(shell) as server:
        (welcome,) = server.welcome_tokens
        visitor = UseCaseBrowser(server.url)
        seeds, codes = _guide(visitor, welcome, shell)
        mailed = _mailed_links(visitor, shell)
        database = _database_files(shell)
        visitor.client.close()
        server.stop()
        logs = server.logs
    database += _database_files(shell)

    needles = of_text("password", PASSWORD) | of_text("wrong password", WRONG_PASSWORD) | of_text("new", NEW_PASSWORD) | of_codes(codes)
    for number, seed in enumerate(seeds):
        needles |= of_bytes(f"seed {number}", seed)
    for name, token in visitor.tokens.items():
        needles |= of_token(name, token)
    kinds = ("session", "sign-in", "device", "link")
    assert {name.split()[0] for name in visitor.tokens} == {cookie_name(kind, server.url) for kind in kinds}
    assert (len(seeds), len(codes)) == (2, 20)

    link = f"/welcome?token={welcome}".encode()
    assert (logs.count(link), sum(address.endswith(link.decode()) for address in visitor.addresses)) == (1, 1)
    assert [visitor.addresses.count(f"{server.url}{path}") for path in mailed] == [1, 1]
    addresses = "\n".join(visitor.addresses).encode().replace(link, b"")
    for path in mailed:
        addresses = addresses.replace(path.encode(), b"")
    assert found(logs.replace(link, b""), needles) == []
    assert found(database, needles) == []
    assert found(addresses, needles) == []
    assert found(b"".join(visitor.error_pages), needles) == []

    assert re.search(rb"http\.failed", logs), "the provoked fault was not logged"
    assert b"/account/2fa/recovery-codes" in addresses
    assert EMAIL.encode() in database


def _guide(visitor: UseCaseBrowser, welcome: str, shell: Shell) -> tuple[list[bytes], list[str]]:
    """From the welcome link through enabling, codes, step-up, wrong tries and a fault of ours to signing in again."""
    clock = SystemClock()
    assert visitor.get(f"/welcome?token={welcome}").headers["location"] == "/welcome"
    assert visitor.post("/welcome", name="Canary", email=EMAIL, password="canary").status_code == 422
    assert visitor.post("/welcome", name="Canary", email=EMAIL, password=PASSWORD).headers["location"] == "/"
    assert visitor.post("/account/2fa/start").headers["location"] == "/account/2fa/setup"
    given_up = AuthenticatorApp(otpauth_uri(visitor.get("/account/2fa/setup").text), clock)
    visitor.post("/account/2fa/start-over")
    phone = AuthenticatorApp(otpauth_uri(visitor.get("/account/2fa/setup").text), clock)
    assert visitor.post("/account/2fa/confirm", code="000000").status_code == 401
    assert visitor.post("/account/2fa/confirm", code="00000").status_code == 422
    assert visitor.post("/account/2fa/confirm", code=phone.code(steps=-1)).status_code == 303
    codes = shown_codes(visitor.get("/account/2fa/recovery-codes").text)
    visitor.post("/account/2fa/recovery-codes/download")
    visitor.post("/account/2fa/recovery-codes/continue")
    visitor.post("/account/2fa/recovery-codes/regenerate")
    newer = shown_codes(visitor.get("/account/2fa/recovery-codes").text)
    visitor.post("/account/2fa/recovery-codes/continue")
    visitor.get("/account/confirm-identity?next=/account/2fa/recovery-codes")
    assert visitor.post("/account/confirm-identity", password=WRONG_PASSWORD, code=newer[0]).status_code == 401
    assert visitor.post("/account/confirm-identity", password=PASSWORD, code=newer[1]).status_code == 303
    visitor.post("/account/2fa/recovery-codes/reveal")
    visitor.get("/account/2fa/recovery-codes")
    visitor.post("/sign-out")
    assert visitor.sign_in(WRONG_PASSWORD).status_code == 401
    assert visitor.post("/sign-in", email="nobody@example.com", password=WRONG_PASSWORD).status_code == 401
    assert visitor.sign_in().headers["location"] == "/sign-in/code"
    assert visitor.post("/sign-in/code", code="000000").status_code == 401
    assert visitor.post("/sign-in/recovery-code", code=codes[0]).status_code == 401
    assert visitor.post("/sign-in/code", code=phone.code(steps=1)).headers["location"] == "/"
    _damage_secret(shell)
    visitor.post("/sign-out")
    visitor.sign_in()
    assert visitor.post("/sign-in/code", code=phone.code(steps=1)).status_code == 500
    assert visitor.post("/sign-in/recovery-code", code=newer[2]).headers["location"] == "/"
    visitor.get("/account?password=" + "x" * 10)
    visitor.get("/nowhere")
    visitor.post("/account/2fa/disable")
    return [_seed(given_up), _seed(phone)], codes + newer


def _mailed_links(visitor: UseCaseBrowser, shell: Shell) -> tuple[str, str]:
    """Confirm the address by a mailed link, then set a new password by another; their paths."""
    assert visitor.post("/account/email", email=EMAIL).status_code == 200
    confirmation = _mailed(visitor, shell, "email")
    assert visitor.get(confirmation).headers["location"] == "/link/email"
    visitor.get("/link/email")
    assert visitor.post("/link/email").status_code == 200
    assert visitor.post("/forgot-password", email=EMAIL).status_code == 200
    password = _mailed(visitor, shell, "password")
    assert {file.stat().st_mode & 0o777 for file in _data(shell).glob("mail/*.eml")} == {0o600}
    assert visitor.get(password).headers["location"] == "/link/password"
    visitor.get("/link/password")
    assert visitor.post("/link/password", password=NEW_PASSWORD).status_code == 200
    return confirmation, password


def _mailed(visitor: UseCaseBrowser, shell: Shell, kind: str) -> str:
    """The path of a link whose mail has come."""
    pattern, until = re.compile(rb"/link/" + kind.encode() + rb"\?token=\S+"), SystemClock().now() + 30 * SECOND
    found: list[bytes] = []
    while not found and SystemClock().now() < until:
        visitor.client.get("/healthz")
        found = [one for file in _data(shell).glob("mail/*.eml") for one in pattern.findall(_unfolded(file))]
    (path,) = found
    return path.decode()


def _unfolded(file: Path) -> bytes:
    mail = message_from_bytes(file.read_bytes(), policy=default)
    assert isinstance(mail, EmailMessage)
    content = mail.get_content()
    assert isinstance(content, str)
    return content.encode()


def _data(shell: Shell) -> Path:
    return shell.directory / "var" / "data"


def _database_files(shell: Shell) -> bytes:
    return b"".join(path.read_bytes() for path in _data(shell).iterdir() if path.is_file())


def _seed(phone: AuthenticatorApp) -> bytes:
    secret = parse_qs(urlsplit(phone.uri).query)["secret"][0]
    return base64.b32decode(secret)


def _damage_secret(shell: Shell) -> None:
    """Turn a bit of the encrypted secret, so that the next code meets a fault of ours."""
    connection = sqlite3.connect(shell.directory / "var" / "data" / "xpressbot.sqlite3", timeout=60)
    ((secret,),) = connection.execute("SELECT secret FROM totp_authenticator").fetchall()
    connection.execute("UPDATE totp_authenticator SET secret = ?", (secret[:-1] + bytes([secret[-1] ^ 1]),))
    connection.commit()
    connection.close()
