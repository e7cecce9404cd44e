"""A client that knows one right password cannot keep everybody else from signing in (ASVS 6.1.1, 15.2.2)."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from tests.support.command_line import Shell
from tests.support.concurrent_requests import Form, ask
from tests.support.installation import PASSWORD
from tests.support.server import Server, serving

CONNECTIONS = 80
"""More than the threads for sign-ins and the line before them take."""
STORMS = 3
PATIENCE_SECONDS = 120
ANNA, BERTA = "anna@example.com", "berta@example.com"
HASHED = "47104"
"""KiB, as by default: with the tests' cheapest hash the queue would move too fast to fill."""


@pytest.fixture
def server(tmp_path: Path, database_url: str) -> Iterator[Server]:
    """One worker that takes networks from this machine's word, with accounts for Anna and Berta."""
    settings = {"XPRESSBOT_DATABASE_URL": database_url, "XPRESSBOT_TRUSTED_PROXIES": "127.0.0.1/32", "XPRESSBOT_ARGON2_MEMORY_KIB": HASHED}
    shell = Shell(tmp_path, settings)
    for email in (ANNA, BERTA):
        created = shell.run("accounts", "create", "--email", email, "--name", "Person", stdin=f"{PASSWORD}\n")
        assert created.code == 0, created.err
    with serving(shell) as server:
        yield server


def password_of(email: str, address: str) -> Form:
    return Form("/sign-in", {"email": email, "password": PASSWORD}, address=address)


async def storm(server: Server) -> tuple[Sequence[httpx.Response], httpx.Response]:
    """What Anna's connections are answered, and Berta, who comes when the first of them has been."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        crowd = [asyncio.create_task(ask(server.url, password_of(ANNA, "203.0.113.9"))) for _connection in range(CONNECTIONS)]
        await asyncio.wait(crowd, return_when=asyncio.FIRST_COMPLETED)
        berta = await ask(server.url, password_of(BERTA, "198.51.100.7"))
        return await asyncio.gather(*crowd), berta


def test_while_eighty_connections_send_one_right_password_another_person_signs_in(server: Server) -> None:
    """Time and again, and is told nothing of a busy server. Of the crowd, those who are not let in are told why."""
    for _time in range(STORMS):
        crowd, berta = asyncio.run(storm(server))
        assert (berta.status_code, berta.headers.get("location")) == (303, "/")
        assert {answer.status_code for answer in crowd} == {303, 429}
