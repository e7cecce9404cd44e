"""People in a fresh installation, and an installation behind https."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog
from starlette.applications import Starlette

from tests.conftest import ENGINES
from tests.support import people
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.bots import make_bot
from tests.support.browser import Browser
from tests.support.chats import Chats
from tests.support.customers import BAKERY, channel_of
from tests.support.databases import SqliteTemplate, fresh_database
from tests.support.installation import Installation, install
from tests.support.restaurant import a_script
from xpressbot.chat.bots.store import Bot
from xpressbot.chat.channels.store import Channel
from xpressbot.entrypoints.http.app import create_app
from xpressbot.foundation.tokens import Token

both_engines = pytest.mark.parametrize("database_url", ENGINES, indirect=True)
PUBLIC_URL = "https://bots.example.com"
RE_ENROLMENT = "/link/re-enrolment"


@dataclass(frozen=True)
class Protected:
    """Anna with 2FA on: her browser, her phone, her recovery codes."""

    browser: Browser
    phone: AuthenticatorApp
    codes: list[str]


@dataclass(frozen=True)
class Reset:
    """Anna after an operator's reset: what she still has of before, and the link that she was given."""

    link: Token
    phone: AuthenticatorApp
    codes: list[str]


# Not for the session: other packages read what is logged.
@pytest.fixture(scope="package", autouse=True)
def _quiet_log() -> Iterator[None]:
    """Without the product's own logging, structlog draws each traceback with all its variables, which takes a second."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.fixture
def loud_log() -> Iterator[None]:
    """Lines from INFO on, for a test that captures them; afterwards the log is as quiet as before."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    yield
    structlog.configure(**before)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """SQLite, for speed; both engines where a test is marked with `both_engines`."""
    return fresh_database(request, getattr(request, "param", "sqlite"), tmp_path)


@pytest.fixture
def signed_in(installation: Installation, browser: Browser) -> Browser:
    """Anna's browser, signed in; 2FA is off."""
    installation.add_account()
    assert browser.sign_in().headers["location"] == "/"
    return browser


@pytest.fixture
def protected(signed_in: Browser) -> Protected:
    """Anna, who has just enabled 2FA and saved her codes."""
    phone = signed_in.enable_2fa()
    codes = signed_in.recovery_codes()
    assert signed_in.post("/account/2fa/recovery-codes/continue").headers["location"] == "/account"
    return Protected(signed_in, phone, codes)


@pytest.fixture
def pending(protected: Protected, new_browser: Callable[..., Browser]) -> Browser:
    """Another browser of Anna's, in which only the password was proven."""
    browser = new_browser()
    assert browser.sign_in().headers["location"] == "/sign-in/code"
    return browser


@pytest.fixture
def reset(installation: Installation, protected: Protected) -> Reset:
    """The operator has just reset Anna's 2FA. All her browsers are signed out by it."""
    return Reset(people.reset(installation.services), protected.phone, protected.codes)


@pytest.fixture
def must_enrol(reset: Reset, new_browser: Callable[..., Browser]) -> Browser:
    """Another browser of Anna's after it, in which the password was proven. It has not seen the link."""
    browser = new_browser()
    assert browser.sign_in().headers["location"] == RE_ENROLMENT
    return browser


@pytest.fixture
def https_installation(tmp_path: Path, sqlite_template: SqliteTemplate) -> Iterator[Installation]:
    """An installation whose public URL is https."""
    directory = tmp_path / "https"
    directory.mkdir()
    installation = install(directory, sqlite_template.fresh(directory), public_url=PUBLIC_URL)
    yield installation
    installation.close()


@pytest.fixture
def https_app(https_installation: Installation) -> Starlette:
    return create_app(https_installation.services)


@pytest.fixture
def https_browser(https_app: Starlette, https_installation: Installation) -> Browser:
    """A browser that reaches it by its public URL."""
    return Browser(https_app, https_installation.clock, url=PUBLIC_URL)


@pytest.fixture
def chats(installation: Installation) -> Chats:
    """A bakery's web chat with its bot."""
    return Chats(installation.services, BAKERY)


@pytest.fixture
def channel(chats: Chats) -> Channel:
    """The bakery's."""
    return channel_of(chats)


@pytest.fixture
def path(channel: Channel) -> str:
    """Of the bakery's chat page."""
    return f"/chat/{channel.public_id}"


@pytest.fixture
def bot(installation: Installation, signed_in: Browser) -> Bot:
    """A restaurant's, and Anna in her browser."""
    return make_bot(installation.services, a_script())


@pytest.fixture
def topic_page(bot: Bot) -> str:
    """The path of the page of its first topic."""
    return f"/bots/{bot.id}/topics/hours"
