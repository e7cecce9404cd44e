"""How many statements the requests of a dashboard send: what each costs in time, bench/ measures."""

import pytest

from tests.http.conftest import Protected, both_engines
from tests.support.installation import Installation
from tests.use_cases.instrumentation import statements

MOST = {
    "/api/v1/session": 1,
    "/sign-in": 1,
    "/account/history": 3,
    "/account/history?group=sign-in&from=2026-01-01&to=2027-01-01&before=3": 3,
    "/account": 6,
    "/account/sessions": 2,
    "/account/2fa/recovery-codes": 3,
    "/account/2fa/apps": 3,
    "/": 9,
}
"""Of a browser that is signed in with 2FA on. With SQLite the session is looked up beside the pool, and is not counted."""


@both_engines
@pytest.mark.parametrize("path", MOST)
def test_a_page_sends_no_more_statements_than_it_is_known_to_need(path: str, installation: Installation, protected: Protected) -> None:
    """None is sent twice for one page, or once for each row, unnoticed."""
    with statements(installation) as sent:
        response = protected.browser.get(path)
    assert response.status_code in {200, 303}
    assert len(sent) <= MOST[path], sent


@both_engines
def test_the_question_whether_a_process_lives_sends_no_statement(installation: Installation, protected: Protected) -> None:
    """It is answered without the database, also to a browser that is signed in."""
    with statements(installation) as sent:
        assert protected.browser.get("/healthz").status_code == 200
    assert sent == []
