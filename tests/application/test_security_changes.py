"""Every change of password, factor or status ends, in its own transaction, what was decided before it."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from tests.application.visitor import ANNA, Visitor
from tests.support.installation import Installation
from xpressbot.identity.adapters.database.tables import PENDING_SIGN_IN, SESSION
from xpressbot.identity.application.second_factor import TotpCode
from xpressbot.identity.domain.account import AccountStatus


def disable_account(visitor: Visitor) -> None:
    visitor.identity.administration.set_status(ANNA, AccountStatus.DISABLED)


def turn_2fa_off(visitor: Visitor) -> None:
    visitor.disable()


def move_2fa(visitor: Visitor) -> None:
    visitor.enable()


def replace_codes(visitor: Visitor) -> None:
    visitor.regenerate()
    visitor.keep_codes()


@pytest.mark.parametrize(("change", "left"), [(disable_account, 0), (turn_2fa_off, 1), (move_2fa, 1), (replace_codes, 1)])
def test_no_row_of_an_ended_session_or_sign_in_is_left(
    installation: Installation, visitor: Visitor, new_visitor: Callable[..., Visitor], change: Callable[[Visitor], None], left: int
) -> None:
    """The version alone would void them; their rows are gone as well, but for the session that made the change."""
    app = visitor.sign_in().enable()
    new_visitor().sign_in(TotpCode(app.next_code()))
    new_visitor().begin()
    before = visitor.me.account.security_version
    change(visitor)
    with installation.house.database.read() as connection:
        sessions, sign_ins = (
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (SESSION, PENDING_SIGN_IN.select().where(PENDING_SIGN_IN.c.consumed_at.is_(None)).subquery())
        )
    assert (sessions, sign_ins) == (left, 0)
    account = installation.house.identity.administration.summary(ANNA)
    assert account is not None
    assert account.account.security_version == before + 1


def test_another_accounts_sessions_and_sign_ins_go_on(installation: Installation, visitor: Visitor) -> None:
    """Anna's change is no business of Berta's."""
    installation.add_account("berta@example.com", "Berta")
    berta, late = (Visitor(installation, email="berta@example.com") for _ in range(2))
    app = berta.sign_in().enable()
    late.begin()
    visitor.sign_in().enable()
    assert berta.caller is not None
    installation.clock.advance(seconds=30)
    late.code(app.code())
    assert late.caller is not None
