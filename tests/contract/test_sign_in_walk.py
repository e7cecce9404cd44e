"""docs/sign-in.md against the statements that the engine sees."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.contract.documents import table
from tests.support.browser import Browser
from tests.support.engine_events import listening
from tests.support.installation import Installation


def test_the_walk_lists_every_statement_of_a_sign_in_in_order(
    installation: Installation, browser: Browser, new_browser: Callable[..., Browser]
) -> None:
    """Password and code in a new browser send the statements of the two tables, no more and no fewer."""
    installation.add_account()
    browser.sign_in()
    phone = browser.enable_2fa()
    browser.post("/account/2fa/recovery-codes/continue")
    code = phone.next_code()
    stranger = new_browser()

    with _statements(installation) as password_step:
        assert stranger.sign_in().headers["location"] == "/sign-in/code"
    stranger.form_for("/sign-in/code")
    with _statements(installation) as code_step:
        assert stranger.post("/sign-in/code", code=code).headers["location"] == "/"

    assert _documented("P") == password_step
    assert _documented("C") == code_step


def _documented(letter: str) -> list[tuple[str, str]]:
    rows = [row for row in table("docs/sign-in.md", "Step") if row["Step"].startswith(letter)]
    assert [f"{letter}{number}" for number in range(1, len(rows) + 1)] == [row["Step"] for row in rows]
    return [(row["Statement"], row["Table"]) for row in rows]


@contextmanager
def _statements(installation: Installation) -> Iterator[list[tuple[str, str]]]:
    seen: list[tuple[str, str]] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        found = re.match(
            r"\s*(SELECT)\b.*?\bFROM (\w+)|\s*(INSERT) INTO (\w+)|\s*(UPDATE) (\w+)|\s*(DELETE) FROM (\w+)", statement, re.DOTALL
        )
        if found is not None:
            verb, name = (group for group in found.groups() if group is not None)
            seen.append((verb, name))
        else:
            assert statement.startswith("BEGIN"), statement

    with listening(installation.services.database, "before_cursor_execute", note):
        yield seen
