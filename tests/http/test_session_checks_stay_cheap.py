"""What every request of a dashboard pays for, counted: calls repeat exactly where times do not."""

import asyncio
import cProfile
from collections.abc import Callable

from fastapi import FastAPI

from tests.http.sending import SESSION_COOKIE
from tests.support.browser import Browser

MOST_CALLS = 300
"""Somewhat more than it takes, without the log line, which tests keep quiet. docs/performance.md tells where they go."""


def test_a_session_check_takes_few_calls(app: FastAPI, signed_in: Browser) -> None:
    """All functions that Python calls for it, in all libraries, up to the answer's last byte."""
    cookie = f"{SESSION_COOKIE}={signed_in.cookies[SESSION_COOKIE]}".encode()
    assert asyncio.run(_status(app, cookie, lambda: None)) == 200  # what is made at first use
    profile = cProfile.Profile(builtins=False)
    assert asyncio.run(_status(app, cookie, profile.enable)) == 200
    profile.disable()
    calls = sum(entry.callcount for entry in profile.getstats())
    assert 100 < calls < MOST_CALLS


async def _status(app: FastAPI, cookie: bytes, begin: Callable[[], None]) -> int:
    sent = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/api/v1/session",
        "raw_path": b"/api/v1/session",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8000"), (b"cookie", cookie)],
        "client": ("192.0.2.7", 50000),
        "server": ("127.0.0.1", 8000),
    }
    begin()
    await app(scope, receive, send)
    status = sent[0]["status"]
    assert isinstance(status, int)
    return status
