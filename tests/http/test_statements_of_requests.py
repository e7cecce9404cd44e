"""How many statements the requests of a dashboard send: what each costs in time, bench/ measures."""

import pytest

from tests.http.conftest import Protected, both_engines
from tests.support.browser import Browser
from tests.support.customers import fields_of, post, send
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
    "/team/record": 4,
    "/team/record?member=anna@example.com&from=2026-01-01&to=2027-01-01&before=3": 5,
    "/team": 6,
    "/inbox": 3,
    "/bots/record": 2,
    "/": 12,
}
"""Of the owner's browser, signed in with 2FA on. First steps are two of the dashboard's, and nobody else's. With SQLite the session is
looked up beside the pool, and is not counted."""


@both_engines
@pytest.mark.parametrize("path", MOST)
def test_a_page_sends_no_more_statements_than_it_is_known_to_need(path: str, installation: Installation, protected: Protected) -> None:
    """None is sent twice for one page, or once for each row, unnoticed."""
    with statements(installation) as sent:
        response = protected.browser.get(path)
    assert response.status_code in {200, 303}
    assert len(sent) <= MOST[path], sent


@both_engines
def test_a_wrong_code_sends_few_statements(installation: Installation, protected: Protected, pending: Browser) -> None:
    """BEGIN, SET and COMMIT not counted. What else the page offers is looked up only where there is another primary kind."""
    form = pending.filled("/sign-in/code", {"code": protected.phone.code(steps=40)})
    with statements(installation) as sent:
        assert pending.get("/sign-in/code").status_code == 200
    assert len(sent) <= 1, sent
    with statements(installation) as sent:
        assert pending.post("/sign-in/code", form).status_code == 401
    assert len([statement for statement in sent if not statement.startswith("SET")]) <= 10, sent


@both_engines
def test_a_customers_message_sends_few_statements(path: str, browser: Browser, installation: Installation) -> None:
    """From the second one on, the bot's answer included. BEGIN and COMMIT not counted."""
    send(browser, path, "hours")
    fields = fields_of(browser.get(path)) | {"text": "menu", "after": "2"}
    with statements(installation) as sent:
        assert post(browser, path, fields, Accept="application/json").json()["is_handled"]
    assert len(sent) <= 12, sent


@both_engines
def test_the_question_whether_a_process_lives_sends_no_statement(installation: Installation, protected: Protected) -> None:
    """It is answered without the database, also to a browser that is signed in."""
    with statements(installation) as sent:
        assert protected.browser.get("/healthz").status_code == 200
    assert sent == []
