"""Each answer names its request, and the log tells of it under the same name."""

import re
from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import LogCapture
from structlog.typing import EventDict

from tests.support.browser import Browser


@pytest.fixture
def lines() -> Iterator[list[EventDict]]:
    """What is logged meanwhile."""
    before, capture = structlog.get_config(), LogCapture()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, capture], wrapper_class=structlog.BoundLogger)
    yield capture.entries
    structlog.configure(**before)


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/sign-in", {}),
        ("GET", "/api/v1/session", {}),
        ("GET", "/nowhere", {}),
        ("GET", "/static/style.css", {}),
        ("GET", "/sign-in", {"Host": "evil.example"}),
        ("POST", "/sign-in", {"Sec-Fetch-Site": "cross-site"}),
    ],
)
def test_an_answer_carries_the_id_of_its_log_lines(
    method: str, path: str, headers: dict[str, str], browser: Browser, lines: list[EventDict]
) -> None:
    """Once, for pages, programs, files and refusals; another for each request."""
    answers = [browser.request(method, path, headers=headers) for _time in range(2)]
    ids = [answer.headers.get_list("x-request-id") for answer in answers]
    assert all(re.fullmatch("[0-9a-f]{16}", name) for (name,) in ids)
    assert ids[0] != ids[1]
    assert [[line["request"]] for line in lines if line["event"] == "http.request"] == ids


def test_an_id_that_a_client_sends_is_not_taken(browser: Browser, lines: list[EventDict]) -> None:
    """It could make two requests one in the log, or one look like another client's."""
    claimed = "0123456789abcdef"
    answer = browser.request("GET", "/sign-in", headers={"X-Request-Id": claimed, "X-Correlation-Id": claimed})
    assert claimed not in answer.headers["x-request-id"]
    assert claimed not in str(lines)
