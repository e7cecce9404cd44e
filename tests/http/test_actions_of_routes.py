"""Each form of a signed-in person names the action of its use case (identity/accounts/rules/actions.py)."""

import pytest

from tests.http.conftest import Protected
from tests.http.raw_requests import rows
from tests.support import people
from tests.support.installation import PASSWORD, Installation
from xpressbot.entrypoints.http.factors.registry import FACTOR_PAGES, FACTORS
from xpressbot.entrypoints.http.page_paths import path_with
from xpressbot.entrypoints.http.pages import all_pages
from xpressbot.entrypoints.http.routing import LockedPage, SignedInPage
from xpressbot.identity.accounts.rules.actions import ACTIONS, Action, Permission
from xpressbot.identity.sessions.gate import Gate

ALL_PAGES = all_pages(FACTORS, FACTOR_PAGES)
NOBODY = "0" * 32
PAGES = [page for page in ALL_PAGES if isinstance(page, SignedInPage)]
FORMS = [page for page in PAGES if page.method == "POST" and ACTIONS[page.action].permission not in {Permission.BOTS, Permission.INBOX}]
"""Forms of chat are let in by the same table, and ask no gate (docs/adr/0021)."""


@pytest.mark.parametrize("page", FORMS, ids=lambda page: page.path)
def test_the_use_case_asks_the_gate_for_the_action_that_the_route_names(
    page: SignedInPage, protected: Protected, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate is the program's own; only what it is asked for is written down."""
    browser = protected.browser
    (app,) = browser.apps().values()
    if page.action in {Action.RESTART_ENROLMENT, Action.CONFIRM_ENROLMENT}:
        assert browser.post("/account/2fa/start", lost="no").status_code == 303
    fields = {
        "session": "nobody's",
        "app": app,
        "name": "Tablet",
        "email": "anna.berg@example.net",
        "code": protected.phone.next_code(),
        "password": PASSWORD,
        "lost": "no",
        "shown": "" if page.path.startswith("/team/") else "1-1",
        "policy": "asked",
        "before": "optional",
        "days": "3",
        "reason": "Phone and codes lost",
        "role": "agent",
    }
    people.invitation(installation.services)
    ids = {"invitation": rows(installation, "invitation")[0]["id"], "member": NOBODY}
    if page.action is Action.CHECK_BACKUP:
        fields["code"] = protected.codes[0]
    asked = set()
    for method in ("run", "run_on_member", "charge"):
        original = getattr(Gate, method)

        def noted(gate: Gate, caller: object, action: Action, *rest: object, original: object = original, **named: object) -> object:
            asked.add(action)
            assert callable(original)
            return original(gate, caller, action, *rest, **named)

        monkeypatch.setattr(Gate, method, noted)
    assert browser.post(path_with(page.path, ids), fields).status_code < 500
    assert asked == {page.action}


def test_pages_that_are_only_looked_at_write_nothing_and_the_others_do() -> None:
    """GET is for actions without writes, POST for those with."""
    assert {page.method == "POST" for page in PAGES if ACTIONS[page.action].writes} == {True}
    assert {page.method == "GET" for page in PAGES if not ACTIONS[page.action].writes} == {True}


def test_every_action_has_a_route() -> None:
    """None is left over in the table."""
    of_locked_sessions = {page.action for page in ALL_PAGES if isinstance(page, LockedPage)} - {None}
    assert of_locked_sessions == {Action.UNLOCK}
    assert {page.action for page in PAGES} | of_locked_sessions == set(Action)
