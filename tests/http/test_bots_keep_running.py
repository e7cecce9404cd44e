"""What the pages that enable, disable, require and reset 2FA say of the bots: they belong to no account (FAQ 12 of the guide)."""

from collections.abc import Callable

import pytest

from tests.http.conftest import Protected
from tests.http.raw_requests import SESSION_COOKIE, words
from tests.support.browser import Browser
from tests.support.installation import Installation
from tests.support.people import protected as protected_person
from tests.support.stored_chats import published_bot, web_channel
from xpressbot.identity.accounts.rules.roles import Role


@pytest.fixture
def running(installation: Installation) -> None:
    """Two bots that answer, one that is published and has no channel, and one whose channel is off."""
    services = installation.services
    for name in ("One", "Two"):
        web_channel(services, name, published_bot(services, name))
    published_bot(services, "Three")


@pytest.mark.usefixtures("running")
def test_enabling_and_disabling_say_how_many_bots_keep_running(signed_in: Browser) -> None:
    signed_in.post("/account/2fa/start", lost="no")
    assert "2 bots keep running" in words(signed_in.get("/account/2fa/setup").text)
    signed_in.enable_2fa()
    assert "2 bots keep running" in words(signed_in.get("/account/2fa/disable").text)


@pytest.mark.usefixtures("running")
def test_requiring_and_resetting_say_so_too(protected: Protected, installation: Installation, new_browser: Callable[..., Browser]) -> None:
    member = protected_person(installation.services, "berta@example.com", role=Role.AGENT)
    assert "2 bots keep running" in words(protected.browser.get("/team/policy?policy=asked").text)
    assert "2 bots keep running" in words(protected.browser.get(f"/team/members/{member.account.id}/reset").text)
    agent = new_browser()
    agent.cookies.set(SESSION_COOKIE, member.caller.token.text)
    assert "2 bots keep running" in words(agent.get("/account/2fa/disable").text)


def test_without_a_bot_the_sentence_names_no_number(protected: Protected) -> None:
    assert "Bots and channels are never touched" in words(protected.browser.get("/account/2fa/disable").text)
