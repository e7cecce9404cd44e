"""A walk through all pages: each in its notable states, each form filled in badly, each error. A module for each area."""

from pathlib import Path

from tests.support.every_page import account, bots, customers, editor, errors, inbox, sign_in, team, two_factor
from tests.support.every_page.walk import OWNER, Page, Walk
from xpressbot.entrypoints.messages.translation import Texts

__all__ = ["OWNER", "Page", "every_page"]


def every_page(place: Path, database_url: str, texts: Texts) -> list[Page]:
    """Walk through a fresh installation in one language."""
    walk = Walk(place, database_url, texts)
    try:
        owner = account.first_run(walk)
        sign_in.password_step(walk)
        phone, codes = two_factor.setting_up(walk, owner)
        two_factor.protected(walk, owner, codes)
        two_factor.several_apps(walk, owner)
        sign_in.second_factors(walk, phone, codes)
        sign_in.links(walk)
        account.forms_of_others(walk)
        account.sessions(walk)
        two_factor.turning_off(walk)
        account.passwords(walk)
        account.addresses(walk)
        team.resets(walk)
        team.roster(walk)
        team.members(walk)
        bots.every_state(walk)
        editor.every_step(walk)
        customers.every_channel(walk)
        inbox.every_conversation(walk)
        team.policy(walk)  # the last in which people sign in: 2FA is required in the end
        errors.every_error(walk)
    finally:
        walk.installation.close()
    return walk.pages
