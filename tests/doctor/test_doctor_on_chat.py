"""What the operator should know of chat: messages that nobody handles, those whose handling failed, and scripts that cannot be read."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from tests.doctor.conftest import sqlite_only
from tests.doctor.report import run_doctor
from tests.doctor.test_installation_card import renewed_card
from tests.support.browser import Browser
from tests.support.chats import Chats
from tests.support.command_line import Shell
from tests.support.installation import Installation
from tests.support.shop_script import SHOP
from xpressbot.bootstrap import build_doctor
from xpressbot.chat.doctor_checks import FAILED_WITHIN, MOST_REFERENCES, MOST_SCRIPTS, UNHANDLED_AFTER
from xpressbot.chat.scripts.writing import written
from xpressbot.chat.tables import CHAT_EVENT
from xpressbot.diagnostics.check import ConnectionDemand, Finding
from xpressbot.foundation.times import SECOND

OF_ANOTHER_FORMAT = '{"format": "xpressbot-script/2", "steps": []}'


@pytest.fixture
def shop(installation: Installation) -> Chats:
    """A channel with the shop's bot."""
    return Chats(installation.services, SHOP)


def test_messages_that_nobody_handles_are_counted_after_a_minute(shell: Shell, shop: Chats, installation: Installation) -> None:
    """An error with the time of the oldest: until a process runs again, nobody answers."""
    now = installation.clock.now()
    installation.clock.set(now - UNHANDLED_AFTER + 30 * SECOND)
    shop.store(shop.event("hours"))
    assert run_doctor(shell).problems == set()
    installation.clock.set(now - UNHANDLED_AFTER - SECOND)
    shop.store(shop.event("hours", "berta"), shop.event("hours", "carl"))
    report = run_doctor(shell)
    assert (report.code, report.problems) == (2, {"events_pending"})
    assert report.about("events_pending")["facts"] == {"count": 2, "since": now - UNHANDLED_AFTER - SECOND}
    installation.clock.set(now)
    shop.services.chat.sweeping.next_round()
    assert run_doctor(shell).problems == set()


def test_messages_that_failed_are_told_with_the_references_of_their_log_lines(
    shell: Shell, shop: Chats, installation: Installation
) -> None:
    """Those of the last 24 hours, the newest first."""
    now = installation.clock.now()
    shop.forget_versions()
    for age in (FAILED_WITHIN + SECOND, 2 * SECOND, SECOND):
        installation.clock.set(now - age)
        assert shop.write("hours", contact=str(age)) == []
    with shop.transactions.reading() as tx:
        references = tx.select(select(CHAT_EVENT.c.reference).order_by(CHAT_EVENT.c.received_at)).scalars().all()
    assert len(set(references)) == 3
    report = run_doctor(shell)
    found = report.about("events_failed")
    assert (found["severity"], found["facts"]) == ("warning", {"count": 2, "references": [references[2], references[1]]})
    assert f"{references[2]}, {references[1]}." in found["what"]


def test_of_many_that_failed_all_are_counted_and_some_told(shell: Shell, shop: Chats) -> None:
    """A report has an end, and its words are shorter still."""
    shop.forget_versions()
    for number in range(MOST_REFERENCES + 1):
        shop.write("hours", contact=str(number))
    found = run_doctor(shell).about("events_failed")
    assert (found["facts"]["count"], len(found["facts"]["references"])) == (MOST_REFERENCES + 1, MOST_REFERENCES)
    assert re.search(f"references (\\w+, ){{2}}\\w+ and {MOST_REFERENCES - 3} more", found["what"])


def test_published_bots_whose_script_cannot_be_read_are_named(shell: Shell, shop: Chats) -> None:
    """Cut off, of another format, or not there. Archived bots answer nobody, and those that were never published neither."""
    assert run_doctor(shell).problems == set()
    for name, document in (("newer", OF_ANOTHER_FORMAT), ("cut off", written(SHOP)[:100]), ("archived", "{"), ("unpublished", "{")):
        bot_id = shop.add_bot(replace(SHOP, name=name))
        shop.publish(bot_id, document)
        if name == "archived":
            shop.archive(bot_id)
        if name == "unpublished":
            shop.unpublish(bot_id)
    report = run_doctor(shell)
    assert (report.code, report.problems) == (2, {"scripts_unreadable"})
    assert report.about("scripts_unreadable")["facts"] == {"read": 3, "bots": ["cut off", "newer"]}
    assert "cut off, newer" in report.about("scripts_unreadable")["what"]
    shop.forget_versions()
    assert run_doctor(shell).about("scripts_unreadable")["facts"]["bots"] == ["Shop", "cut off", "newer"]


def test_a_bounded_run_reads_the_scripts_that_were_published_last(shop: Chats, installation: Installation) -> None:
    """The dashboard's checks run once a minute in each worker."""
    shop.publish(shop.add_bot(replace(SHOP, name="old")), OF_ANOTHER_FORMAT)
    installation.clock.advance(seconds=1)
    for number in range(MOST_SCRIPTS):
        shop.add_bot(replace(SHOP, name=str(number)))

    def found(*, thorough: bool) -> Finding:
        services = installation.services
        findings = build_doctor().run(services.settings, services.database, ConnectionDemand(1, 1), thorough=thorough)
        (finding,) = [finding for finding in findings if finding.check == "scripts"]
        return finding

    assert found(thorough=False).facts == {"read": MOST_SCRIPTS, "bots": []}
    assert found(thorough=True).facts == {"read": MOST_SCRIPTS + 2, "bots": ["old"]}


@sqlite_only
def test_the_owners_dashboard_shows_them_like_other_findings(shop: Chats, installation: Installation, browser: Browser) -> None:
    """With their remedies."""
    installation.add_account()
    browser.sign_in()
    installation.clock.advance(hours=-1)
    shop.store(shop.event("hours"))
    installation.clock.advance(hours=1)
    said = renewed_card(browser, installation)
    assert "Error: Conversations Messages that no process has handled: 1, the oldest since " in said
    assert "If the service does not run, start it: it answers them by itself." in said
