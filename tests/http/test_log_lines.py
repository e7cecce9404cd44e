"""Log lines: one to an event whatever a client sends (ASVS 16.4.1), and no secret in any (ASVS 16.2.5)."""

import asyncio
import errno
import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text
from starlette.applications import Starlette

from tests.http.conftest import RE_ENROLMENT, Protected, Reset
from tests.http.raw_requests import SAME_ORIGIN, SESSION_COOKIE
from tests.support import people
from tests.support.browser import Browser
from tests.support.databases import SqliteTemplate
from tests.support.installation import PASSWORD, Installation, install
from xpressbot.entrypoints.http.app import create_app
from xpressbot.foundation.logging import configure_logging

FORGED = '2026-01-01T00:00:00Z info http.request path=/forged status=200 {"event": "forged"}'
PATHS = {
    "line feed": f"/%0a{FORGED.replace(' ', '%20')}",
    "carriage return": f"/%0d{FORGED.replace(' ', '%20')}",
    "both": "/x%0d%0a%0d%0aforged",
    "escape sequences": "/%1b[2J%1b]0;owned%07",
    "other controls": "/%00%08%7f%c2%85%c2%9b31m",
    "line and paragraph separators": "/%e2%80%a8forged%e2%80%a9forged",
    "quotes and equals signs": "/%22%20status=200%20level=%22info",
    "direction marks": "/%e2%80%aeforged",
}


class Log(io.StringIO):
    """What was written to standard error since it was last taken, unless its disk is full."""

    is_full = False

    def write(self, text: str) -> int:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)

    def flush(self) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")

    def take(self) -> str:
        taken = self.getvalue()
        self.seek(0)
        self.truncate()
        return taken


@pytest.fixture(params=[True, False], ids=["json", "console"])
def log(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """The product's own logging at its most talkative."""
    earlier, root, client = structlog.get_config(), logging.getLogger(), logging.getLogger("httpx")
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()  # or the runner's own would be closed
    client.setLevel(logging.WARNING)
    lines = Log()
    monkeypatch.setattr(sys, "stderr", lines)
    configure_logging(json_lines=request.param, level="DEBUG")
    yield lines
    structlog.configure(**earlier)
    client.setLevel(logging.NOTSET)
    root.handlers[:], root.level = handlers, level


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_whatever_stands_in_a_path_a_request_is_one_line(path: str, log: Log, browser: Browser) -> None:
    """No character that ends a line, moves a terminal's cursor or turns the reading direction reaches the log."""
    assert browser.get(path).status_code == 404
    assert_one_plain_line(log.take())


@pytest.mark.parametrize(
    "agent", [b"evil\x1b[2J\x07", b"evil\x80\x85\x9b31m", "evil\u2028\u202e".encode(), b'a=b "status"=200', b"e" * 5000]
)
def test_what_a_browser_calls_itself_forges_no_line(agent: bytes, log: Log, browser: Browser) -> None:
    """A refused sign-in is two lines: why, and the request."""
    headers = {"User-Agent": agent, "Sec-Fetch-Site": "same-origin"}
    browser.request("POST", "/sign-in", headers=headers, data={"email": "nobody@example.com", "password": "wrong"})
    lines = log.take().splitlines()
    assert len(lines) == 2
    for line in lines:
        assert_one_plain_line(line)


def test_what_was_typed_as_an_address_is_not_logged(log: Log, installation: Installation, browser: Browser) -> None:
    """It may be a password typed into the wrong field; accounts are named by id."""
    account = installation.add_account()
    log.take()
    browser.sign_in("my-secret-passphrase@example.com", "wrong")
    browser.sign_in(account.email, "wrong")
    output = log.take()
    assert "my-secret-passphrase" not in output
    assert account.email not in output
    assert account.id in output


def test_a_query_string_is_not_logged(log: Log, installation: Installation, browser: Browser) -> None:
    """The welcome link's token stays out of the log (ASVS 14.2.1)."""
    token = people.welcome_link(installation.services)
    assert browser.get(f"/welcome?token={token.text}").status_code == 303
    assert browser.get(f"/welcome?token={'A' * 43}").status_code == 410
    output = log.take()
    assert "/welcome" in output
    assert "token" not in output
    assert token.text not in output


def test_a_forwarded_header_that_is_not_trusted_is_logged_without_its_text(log: Log, installation: Installation, browser: Browser) -> None:
    """Once, however many bring one; and a note of it that could not be written is a line too."""
    with installation.services.database.write() as connection:
        connection.execute(text("DROP TABLE observation"))
        connection.commit()
    log.take()
    for _request in range(3):
        browser.request("GET", "/healthz", headers={"X-Real-IP": "evil\x1b[2J"})
    lines = [line for line in log.take().splitlines() if "http.request" not in line]
    assert ["http.forwarded_header_not_trusted" in line or "http.observation_lost" in line for line in lines] == [True, True]
    assert "192.0.2.7" in lines[0]
    assert "x-real-ip" in lines[0]
    assert "OperationalError" in lines[1]
    for line in lines:
        assert_one_plain_line(line)
        assert "evil" not in line


@pytest.mark.parametrize(
    ("path", "headers", "event", "said"),
    [
        ("/", {"Host": b"xpressbot\x85\x9b31m:8000"}, "http.foreign_host", "xpressbot"),
        ("/healthz", {"X-Forwarded-For": b"_hidden\x85\x9b31m", "Host": b"x"}, "http.client_not_named", "_hidden"),
    ],
)
def test_what_a_proxy_does_that_no_operator_meant_is_one_plain_line(
    path: str, headers: dict[str, bytes], event: str, said: str, log: Log, tmp_path: Path, sqlite_template: SqliteTemplate
) -> None:
    """With the peer and what it said, once a minute."""
    proxied = install(tmp_path, sqlite_template.fresh(tmp_path), trusted_proxies="10.0.0.0/8")
    browser = Browser(create_app(proxied.services), proxied.clock, address="10.0.0.1")
    log.take()
    for _request in range(3):
        browser.request("GET", path, headers={"X-Forwarded-For": b"192.0.2.7"} | headers)
    proxied.close()
    (line,) = [line for line in log.take().splitlines() if "http.request" not in line]
    assert_one_plain_line(line)
    assert [part for part in (event, "10.0.0.1", said) if part not in line] == []


def test_no_link_of_a_reset_or_an_invitation_is_logged(log: Log, installation: Installation, reset: Reset, browser: Browser) -> None:
    """Opened, pasted, used, used again: the path alone stands in the log; the operator's reason does not."""
    invitation = people.invitation(installation.services)
    browser.cookies.clear()
    for path, token in ((RE_ENROLMENT, reset.link), ("/link/invite", invitation)):
        browser.get(f"{path}?token={token.text}")
        browser.get(f"{path}?token={'A' * 43}")
    browser.post("/link/invite", name="Berta", password=PASSWORD)
    browser.get(f"/link/invite?token={invitation.text}")
    browser.post("/sign-out")
    browser.sign_in()
    browser.post(RE_ENROLMENT, link=f"http://127.0.0.1:8000{RE_ENROLMENT}?token={reset.link.text}")
    browser.enable_2fa()
    browser.get(f"{RE_ENROLMENT}?token={reset.link.text}")
    output = log.take()
    assert RE_ENROLMENT in output
    assert "/link/invite" in output
    for secret in (reset.link.text, invitation.text, "token", "codes lost"):
        assert secret not in output


def test_a_failure_is_logged_on_one_line_and_without_the_secrets_at_hand(
    log: Log, installation: Installation, protected: Protected, pending: Browser
) -> None:
    """A traceback says where it broke, and shows no password, code, token or encrypted row that was in a variable."""
    log.take()
    code, token = protected.phone.next_code(), protected.browser.cookies[SESSION_COOKIE]
    canary = b"\x01canary-of-an-encrypted-row"
    with installation.services.database.engine.begin() as connection:
        connection.execute(text("UPDATE totp_authenticator SET secret = :secret"), {"secret": canary})
    assert pending.post("/sign-in/code", code=code).status_code == 500
    installation.clock.advance(minutes=6)
    protected.browser.post("/account/confirm-identity", password=PASSWORD, code=protected.codes[0])
    assert protected.browser.post("/account/confirm-identity", password=PASSWORD, code=code).status_code == 500
    failures = [line for line in log.take().splitlines() if "http.failed" in line]
    assert len(failures) == 2
    for line in failures:
        assert_one_plain_line(line)
        assert "DecryptionError" in line
        assert "encryption" in line
        for secret in (PASSWORD, code, token, *protected.codes, "canary-of-an-encrypted-row", protected.codes[0].replace("-", "")):
            assert secret not in line


def test_a_database_failure_logs_no_values(log: Log, installation: Installation, protected: Protected, pending: Browser) -> None:
    """Neither the statement's parameters nor what the person sent."""
    log.take()
    code = protected.phone.next_code()
    with installation.services.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE known_browser RENAME COLUMN last_sign_in_at TO away"))
    assert pending.post("/sign-in/code", code=code).status_code in {500, 503}
    output = log.take()
    assert code not in output.replace(":", " ").split()
    assert "anna@example.com" not in output


def test_where_no_line_can_be_written_people_sign_in_all_the_same(log: Log, protected: Protected, pending: Browser) -> None:
    """A full disk may hold nothing but the log. Once there is room, lines are written again."""
    log.take()
    log.is_full = True
    assert pending.post("/sign-in/code", code="000000").status_code == 401
    assert pending.post("/sign-in/code", code=protected.phone.next_code()).status_code == 303
    logging.getLogger("uvicorn.error").warning("lost as well")
    log.is_full = False
    assert pending.get("/healthz").status_code == 200
    assert_one_plain_line(log.take())


def assert_one_plain_line(output: str) -> None:
    """One line for every reader of lines, with nothing in it that a terminal would obey."""
    assert len(output.splitlines()) == 1
    assert [character for character in output.rstrip("\n") if not character.isprintable()] == []
    if output.startswith("{"):
        assert json.loads(output)["event"].startswith(("http.", "sign_in."))
    else:
        assert re.fullmatch(r'timestamp=\S+ level=\w+ event=(?:http|sign_in)\.\w+( \w+=("(\\.|[^"\\])*"|[^\s"=]*))*', output.rstrip("\n"))


@pytest.mark.parametrize("sent", [b"", b"email=anna%40example.com&password=vio"], ids=["before the body", "in the middle of it"])
def test_a_browser_that_goes_away_while_it_sends_a_form_is_no_failure(sent: bytes, log: Log, app: Starlette) -> None:
    """No client is there to be answered, nothing broke, and no alarm is raised."""
    answered = asyncio.run(gone_away_after(app, sent))
    output = log.take()
    assert answered == []
    assert "http.failed" not in output
    gone, request = output.splitlines()
    assert "http.client_gone" in gone
    assert "http.request" in request
    for line in (gone, request):
        assert_one_plain_line(line)
        assert "/sign-in" in line
        assert "error" not in line


async def gone_away_after(app: Starlette, sent: bytes) -> list[object]:
    """A POST whose connection ends before its body does: what the application sends to it."""
    messages = iter([{"type": "http.request", "body": sent, "more_body": True}] if sent else [])
    answered: list[object] = []

    async def receive() -> dict[str, object]:
        return next(messages, {"type": "http.disconnect"})

    async def send(message: object) -> None:
        answered.append(message)

    headers = {"Host": "127.0.0.1:8000", "Content-Type": "application/x-www-form-urlencoded", "Content-Length": "100", **SAME_ORIGIN}
    await app(
        {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/sign-in",
            "raw_path": b"/sign-in",
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("192.0.2.7", 50000),
            "server": ("127.0.0.1", 8000),
        },
        receive,
        send,
    )
    return answered
