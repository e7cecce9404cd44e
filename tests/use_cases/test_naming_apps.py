"""The names of authenticator apps: each of its own, however it is written."""

from collections.abc import Callable

import pytest

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import Installation
from tests.use_cases.instrumentation import events, kinds
from tests.use_cases.use_case_browser import UseCaseBrowser
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors.authenticators import NameRefusal
from xpressbot.identity.factors.protection import AuthenticatorRefusal
from xpressbot.identity.factors.rules import MAX_NAME_LENGTH
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.outcomes import Denied, Done

NAME_TAKEN = Denied(NameRefusal.NAME_TAKEN)
GONE = Denied(AuthenticatorRefusal.NO_SUCH_AUTHENTICATOR)


@pytest.fixture
def apps(app: AuthenticatorApp, visitor: UseCaseBrowser) -> dict[str, str]:
    """Anna's first app, which has no name yet, and her tablet."""
    visitor.add_app("Tablet")
    return visitor.apps()


@pytest.mark.parametrize("name", ["Tablet", "tablet", "TABLET", "\uff34ablet", "Tab\u200dlet", "\u200eTablet"])
def test_a_name_that_another_app_has_is_refused(apps: dict[str, str], visitor: UseCaseBrowser, name: str) -> None:
    """However it is capitalised, and whatever is in it that no reader sees."""
    assert visitor.add(name) == visitor.rename(apps[""], name) == NAME_TAKEN
    assert visitor.identity.two_factor.view(visitor.me) is None
    assert visitor.apps() == apps


def test_renaming_is_an_event_and_ends_nothing(
    installation: Installation,
    anna: Account,
    app: AuthenticatorApp,
    apps: dict[str, str],
    visitor: UseCaseBrowser,
    new_visitor: Callable[..., UseCaseBrowser],
) -> None:
    """No session is signed out, an old proof is enough, and the codes go on."""
    other = new_visitor().sign_in(TotpCode(app.next_code()))
    visitor.clock.advance(minutes=6)
    version = visitor.me.account.security_version
    assert visitor.rename(apps[""], "My phone") == Done()
    assert visitor.apps() == {"My phone": apps[""], "Tablet": apps["Tablet"]}
    event = events(installation, anna.id)[-1]
    assert (event.kind, event.details["name"], event.details["before"]) == (EventKind.AUTHENTICATOR_RENAMED, "My phone", "")
    assert (other.caller is None, visitor.me.account.security_version) == (False, version)
    new_visitor().sign_in(TotpCode(app.next_code()))


def test_an_app_may_have_its_own_name_written_otherwise(
    installation: Installation, anna: Account, apps: dict[str, str], visitor: UseCaseBrowser
) -> None:
    """It is in no one's way; and the very same name is no change."""
    assert visitor.rename(apps["Tablet"], "TABLET") == Done()
    assert visitor.rename(apps["Tablet"], "TABLET") == Done()
    assert visitor.apps()["TABLET"] == apps["Tablet"]
    assert kinds(installation, anna.id).count(EventKind.AUTHENTICATOR_RENAMED) == 1


@pytest.mark.parametrize("app_id", ["", "0" * 32, "x" * 10_000, "\x00", "' OR 1=1 --"])
def test_an_app_that_is_none_of_theirs_gets_no_name(apps: dict[str, str], visitor: UseCaseBrowser, app_id: str) -> None:
    """Whatever is said to be its id."""
    assert visitor.rename(app_id, "Mine") == GONE
    assert visitor.apps() == apps


def test_no_account_names_another_accounts_app(installation: Installation, apps: dict[str, str], visitor: UseCaseBrowser) -> None:
    """Knowing its id is not enough (ASVS 8.2.2)."""
    berta = account_of_berta(installation)
    assert visitor.rename(berta.apps()[""], "Mine") == GONE
    assert list(berta.apps()) == [""]
    assert berta.add("Tablet") == Done()


def test_a_removed_app_gets_no_name_and_its_own_is_free_again(apps: dict[str, str], visitor: UseCaseBrowser) -> None:
    """Only apps in use count."""
    visitor.remove(apps["Tablet"])
    assert visitor.rename(apps["Tablet"], "Old tablet") == GONE
    assert visitor.rename(apps[""], "Tablet") == Done()


def test_an_app_whose_name_was_taken_while_it_was_added_gets_a_number(apps: dict[str, str], visitor: UseCaseBrowser) -> None:
    """Another tab may give the name away between the QR code and the first code."""
    work = visitor.start_adding("Work")
    visitor.rename(apps["Tablet"], "work")
    visitor.confirm_enrolment(work.code())
    assert list(visitor.apps()) == ["", "work", "Work 2"]


def test_a_numbered_name_is_no_longer_than_any_other(apps: dict[str, str], visitor: UseCaseBrowser) -> None:
    """It can be saved again as it stands."""
    name = "x" * MAX_NAME_LENGTH
    app = visitor.start_adding(name)
    visitor.rename(apps["Tablet"], name)
    visitor.confirm_enrolment(app.code())
    assert list(visitor.apps()) == ["", name, f"{name[:-2]} 2"]


def test_a_new_phone_takes_over_the_name_as_it_is_by_then(apps: dict[str, str], visitor: UseCaseBrowser) -> None:
    """The old one may be renamed, and its name given to another, while the new one is being set up."""
    phone = visitor.start(replaces=apps["Tablet"])
    visitor.rename(apps["Tablet"], "Old tablet")
    visitor.rename(apps[""], "Tablet")
    visitor.confirm_enrolment(phone.code())
    assert list(visitor.apps()) == ["Tablet", "Old tablet"]


def account_of_berta(installation: Installation) -> UseCaseBrowser:
    """Berta, with 2FA on."""
    installation.add_account("berta@example.com", "Berta")
    berta = UseCaseBrowser(installation, email="berta@example.com").sign_in()
    berta.enable()
    return berta
