"""Every change of password, factor or status ends, in its own transaction, what was decided before it."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from tests.support.installation import CLIENT, Installation
from tests.use_cases.use_case_browser import ANNA, UseCaseBrowser
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.factors.rules import AuthenticatorState
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.factors.two_factor import InPlace
from xpressbot.identity.outcomes import Done, SessionRenewed
from xpressbot.identity.passwords.change import PasswordChanged
from xpressbot.identity.tables import ACCOUNT, AUTHENTICATOR, PENDING_SIGN_IN, SESSION


def disable_account(visitor: UseCaseBrowser) -> None:
    visitor.identity.administration.set_status(ANNA, AccountStatus.DISABLED)


def enable_account(visitor: UseCaseBrowser) -> None:
    disable_account(visitor)
    visitor.identity.administration.set_status(ANNA, AccountStatus.ACTIVE)


def turn_2fa_off(visitor: UseCaseBrowser) -> None:
    visitor.disable()


def move_2fa(visitor: UseCaseBrowser) -> None:
    visitor.enable()


def move_2fa_from_a_lost_phone(visitor: UseCaseBrowser) -> None:
    visitor.enable(lost=True)


def add_app(visitor: UseCaseBrowser) -> None:
    visitor.add_app("Work phone")


def remove_app(visitor: UseCaseBrowser) -> None:
    assert isinstance(visitor.remove(visitor.apps()["Tablet"]), SessionRenewed)


def reset_2fa(visitor: UseCaseBrowser) -> None:
    visitor.identity.two_factor_reset.reset(ANNA, "phone lost")


def replace_codes(visitor: UseCaseBrowser) -> None:
    visitor.regenerate()
    visitor.keep_codes()


def change_password(visitor: UseCaseBrowser) -> None:
    assert isinstance(visitor.change_password("copper-lantern-willow-harbour"), PasswordChanged)


def reset_password(visitor: UseCaseBrowser) -> None:
    token = visitor.identity.password_reset.issue(ANNA)
    assert isinstance(token, Token)
    assert visitor.identity.password_reset.set(token, "copper-lantern-willow-harbour", CLIENT) == Done()


LEAVING_THEIR_SESSION = [change_password, turn_2fa_off, move_2fa, move_2fa_from_a_lost_phone, add_app, remove_app, replace_codes]


@pytest.mark.parametrize(
    ("change", "left"), [(disable_account, 0), (reset_2fa, 0), (reset_password, 0), *((change, 1) for change in LEAVING_THEIR_SESSION)]
)
def test_no_row_of_an_ended_session_or_sign_in_is_left(
    installation: Installation,
    visitor: UseCaseBrowser,
    new_visitor: Callable[..., UseCaseBrowser],
    change: Callable[[UseCaseBrowser], None],
    left: int,
) -> None:
    """The version alone would void them; but for the session that made the change none is left, and no sign-in is open."""
    app = visitor.sign_in().enable()
    visitor.add_app("Tablet")
    new_visitor().sign_in(TotpCode(app.next_code()))
    new_visitor().begin()
    before = visitor.me.account.security_version
    change(visitor)
    of_this_version = select(ACCOUNT.c.security_version).where(ACCOUNT.c.id == PENDING_SIGN_IN.c.account_id).scalar_subquery()
    is_open = (
        PENDING_SIGN_IN.c.consumed_at.is_(None),
        PENDING_SIGN_IN.c.expires_at > installation.clock.now(),
        PENDING_SIGN_IN.c.security_version == of_this_version,
    )
    with installation.services.database.read() as connection:
        sessions, sign_ins = (
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (SESSION, PENDING_SIGN_IN.select().where(*is_open).subquery())
        )
    assert (sessions, sign_ins) == (left, 0)
    account = installation.services.identity.administration.summary(ANNA)
    assert account is not None
    assert account.account.security_version == before + 1


def test_another_accounts_sessions_and_sign_ins_go_on(installation: Installation, visitor: UseCaseBrowser) -> None:
    """Anna's change is no business of Berta's."""
    installation.add_account("berta@example.com", "Berta")
    berta, late = (UseCaseBrowser(installation, email="berta@example.com") for _ in range(2))
    app = berta.sign_in().enable()
    late.begin()
    visitor.sign_in().enable()
    assert berta.caller is not None
    installation.clock.advance(seconds=30)
    late.code(app.code())
    assert late.caller is not None


CHANGES = {"disabled": disable_account, "enabled again": enable_account, "2FA off": turn_2fa_off, "2FA moved": move_2fa}
CHANGES |= {"app added": add_app, "app removed": remove_app, "codes replaced": replace_codes, "2FA reset": reset_2fa}
CHANGES |= {"password changed": change_password, "password reset": reset_password}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_no_unfinished_enrolment_of_another_session_is_left(
    installation: Installation,
    visitor: UseCaseBrowser,
    new_visitor: Callable[..., UseCaseBrowser],
    change: Callable[[UseCaseBrowser], None],
) -> None:
    """A secret that was shown before the change goes with the session that it was shown in."""
    app = visitor.sign_in().enable()
    visitor.add_app("Tablet")
    other = new_visitor().sign_in(TotpCode(app.next_code()))
    other.start()
    assert len(unfinished(installation)) == 1
    change(visitor)
    assert unfinished(installation) == []


def test_turning_2fa_on_discards_what_other_sessions_have_begun(
    installation: Installation, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Of two browsers that set it up at once, the one that is first has it."""
    other = new_visitor().sign_in()
    other.start()
    visitor.sign_in().enable()
    assert unfinished(installation) == []
    assert other.caller is None


def test_a_session_that_replaces_its_codes_goes_on_with_its_own_enrolment(installation: Installation, visitor: UseCaseBrowser) -> None:
    """Its QR code may stand in another tab, already scanned."""
    visitor.sign_in().enable()
    app = visitor.start()
    replace_codes(visitor)
    assert unfinished(installation) == [visitor.me.session.id]
    assert isinstance(visitor.confirm_enrolment(app.code()), InPlace)


def test_renaming_an_app_voids_nothing(
    installation: Installation, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """It changes what is read, and not who can sign in: sessions, sign-ins, set-ups and the version stay."""
    app = visitor.sign_in().enable()
    other, late = new_visitor().sign_in(TotpCode(app.next_code())), new_visitor()
    other.start()
    late.begin()
    version = visitor.me.account.security_version
    assert visitor.rename(visitor.apps()[""], "Phone") == Done()
    assert (unfinished(installation), visitor.me.account.security_version) == ([other.me.session.id], version)
    late.code(app.next_code())
    assert late.caller is not None


def test_another_accounts_unfinished_enrolment_stays(installation: Installation, visitor: UseCaseBrowser) -> None:
    """Berta's set-up is no business of Anna's."""
    installation.add_account("berta@example.com", "Berta")
    berta = UseCaseBrowser(installation, email="berta@example.com").sign_in()
    app = berta.start()
    visitor.sign_in().enable()
    disable_account(visitor)
    assert isinstance(berta.confirm_enrolment(app.code()), InPlace)


def unfinished(installation: Installation) -> list[str]:
    """The sessions in which a set-up is open, on the version of the account as it is."""
    of_this_version = select(ACCOUNT.c.security_version).where(ACCOUNT.c.id == AUTHENTICATOR.c.account_id).scalar_subquery()
    pending = (AUTHENTICATOR.c.state == AuthenticatorState.PENDING.value, AUTHENTICATOR.c.security_version == of_this_version)
    with installation.services.database.read() as connection:
        return list(connection.execute(select(AUTHENTICATOR.c.begun_in).where(*pending)).scalars())
