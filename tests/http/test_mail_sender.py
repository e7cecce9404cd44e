"""The sender beside the pages: mails leave although no request asks, and a mail server that hangs keeps nobody waiting."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.http.raw_requests import rows
from tests.support.browser import Browser
from tests.support.databases import SqliteTemplate
from tests.support.engine_events import listening
from tests.support.installation import Installation, install
from tests.support.mail_server import Received, Script, free_port, mail_server, misbehaving_server
from xpressbot.entrypoints import mail_delivery
from xpressbot.entrypoints.http.app import create_app
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.mail import claims, delivery, smtp
from xpressbot.foundation.mail.outbox import MailState
from xpressbot.identity.accounts.rules.account import AccountStatus

_TIMEOUT_SECONDS = 60
ANNA, BERTA = "anna@example.com", "berta@example.com"


def installed(tmp_path: Path, template: SqliteTemplate, port: int) -> Installation:
    """Anna's installation, with a mail for Berta that waits."""
    url = f"smtp://localhost:{port}?starttls=no"
    installation = install(tmp_path, template.fresh(tmp_path), smtp_url=url, mail_from="bot@example.com")
    installation.add_account()
    installation.add_account(BERTA)
    installation.services.identity.administration.set_status(BERTA, AccountStatus.DISABLED)
    return installation


async def while_running(app: Starlette, until: Callable[[], object]) -> None:
    """Run the application until something has happened that another thread waits for."""
    async with app.router.lifespan_context(app):
        await asyncio.wait_for(asyncio.to_thread(until), _TIMEOUT_SECONDS)


def test_mails_leave_beside_the_pages(tmp_path: Path, sqlite_template: SqliteTemplate, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that comes later with the next poll, which nobody asks for."""
    monkeypatch.setattr(mail_delivery, "POLL_SECONDS", 0)
    port = free_port()
    installation = installed(tmp_path, sqlite_template, port)
    received, app = Received(), create_app(installation.services)

    def both_are_sent() -> None:
        received.wait_for(1)
        installation.services.identity.administration.set_status(ANNA, AccountStatus.DISABLED)
        received.wait_for(2)

    with mail_server(port, received=received):
        asyncio.run(while_running(app, both_are_sent))
    assert received.recipients == [BERTA, ANNA]


def test_after_a_full_round_the_next_begins_at_once(
    tmp_path: Path, sqlite_template: SqliteTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is due beyond one round does not wait for the next poll."""
    for module in (delivery, mail_delivery):
        monkeypatch.setattr(module, "MAILS_IN_A_ROUND", 1)
    monkeypatch.setattr(mail_delivery, "POLL_SECONDS", 3600)
    port = free_port()
    installation = installed(tmp_path, sqlite_template, port)
    installation.services.identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    received, app = Received(), create_app(installation.services)
    with mail_server(port, received=received):
        asyncio.run(while_running(app, lambda: received.wait_for(2)))
    assert sorted(received.recipients) == [ANNA, BERTA]


def test_the_sender_rests_between_full_rounds() -> None:
    """While it sends thousands of mails, pages get their turn; where nothing more is due, it looks again some seconds later."""
    full = delivery.MAILS_IN_A_ROUND
    waits = [mail_delivery.seconds_until_next_round(tried) for tried in (0, full - 1, full)]
    assert waits == [mail_delivery.POLL_SECONDS, mail_delivery.POLL_SECONDS, mail_delivery.REST_SECONDS]
    assert 0 < mail_delivery.REST_SECONDS < 1 < mail_delivery.POLL_SECONDS
    assert full <= 10


def test_a_mail_server_that_hangs_keeps_nobody_waiting(
    tmp_path: Path, sqlite_template: SqliteTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages, sign-ins and the jobs go on, and so does the end of the process; the mail is tried again."""
    monkeypatch.setattr(smtp, "STOP_SECONDS", 0)
    script = Script("220 here")
    with misbehaving_server(script) as port:
        installation = installed(tmp_path, sqlite_template, port)
        app = create_app(installation.services)
        browser = Browser(app, installation.clock)

        def sign_in_meanwhile() -> None:
            assert script.connected.wait(_TIMEOUT_SECONDS)
            assert installation.services.pools.mail.inside == 1
            assert browser.sign_in().headers["location"] == "/"
            assert browser.get("/").status_code == 200
            installation.services.background_check.renew()

        asyncio.run(while_running(app, sign_in_meanwhile))
    (mail,) = rows(installation, "outbox")
    assert (mail["state"], mail["last_failure"]) == ("waiting", "timed_out")


def test_nothing_but_a_look_is_done_where_no_mail_is_due(installation: Installation) -> None:
    """One statement that reads, and no transaction that writes."""
    statements: list[str] = []
    with listening(installation.services.database, "before_cursor_execute", lambda *details: statements.append(details[2])):
        assert installation.services.mail.next_round() == 0
    assert [statement.split()[0] for statement in statements] == ["SELECT"]


def test_dead_letters_leave_the_service_ready_and_are_named(installation: Installation, browser: Browser) -> None:
    """By /readyz and by the metrics."""
    installation.add_account()
    installation.services.identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    assert browser.get("/readyz").json()["mail"] == "ok"
    with Transactions(installation.services.database).writing() as tx:
        mail = claims.claim(tx, installation.clock.now(), installation.clock.now())
        assert mail is not None
        claims.end(tx, mail, MailState.DEAD, installation.clock.now(), "recipient_refused")
        tx.commit()
    response = browser.get("/readyz")
    assert (response.status_code, response.json()["mail"]) == (200, "dead_letters")
    installation.services.telemetry.mails.note(installation.services.mail.look())
    metrics = installation.services.telemetry.metrics.exposition().decode()
    assert 'xpressbot_outbox_mails{state="dead"} 1.0' in metrics
    assert 'xpressbot_outbox_mails{state="waiting"} 0.0' in metrics


def test_tries_are_counted_by_what_became_of_them(tmp_path: Path, sqlite_template: SqliteTemplate) -> None:
    """Sent, failed, and given up."""
    port = free_port()
    installation = installed(tmp_path, sqlite_template, port)
    installation.services.mail.next_round()
    installation.clock.advance(minutes=1)
    received = Received(replies={ANNA: "550 no"})
    installation.services.identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    with mail_server(port, received=received):
        installation.services.mail.next_round()
    metrics = installation.services.telemetry.metrics.exposition().decode()
    for outcome in ("sent", "failed", "dead"):
        assert f'xpressbot_mail_tries_total{{outcome="{outcome}"}} 1.0' in metrics
    installation.close()
