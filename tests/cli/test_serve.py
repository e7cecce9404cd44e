"""xpressbot serve: the first start's link, what the start says, and how it stops."""

import signal
import socket

import httpx
import pytest

from tests.support.command_line import Answer, Shell
from tests.support.form_client import FormClient
from tests.support.installation import PASSWORD
from tests.support.server import Server, resident_kib, serving
from xpressbot.entrypoints.http.server.listening import bound_sockets

MISCONFIGURED = 2


def test_two_workers_print_one_link_that_makes_the_owner(shell: Shell) -> None:
    """The parent prints it, workers never do; it is gone with its use, and the next start prints none.

    The environment says how many they are, unless the option does.
    """
    shell = shell.with_settings(WEB_CONCURRENCY="2")
    with serving(shell, workers=None) as server:
        assert len(server.children()) >= 2
        (token,) = server.welcome_tokens
        said = server.stdout.read_text()
        assert said.startswith(f"Made the database {shell.directory}/")
        assert f"http://localhost:{server.port}/welcome?token={token}" in said
        with FormClient(base_url=server.url, headers={"Origin": server.url}) as browser:
            assert browser.get(f"/welcome?token={token}").status_code == 303
            fields = {"name": "Anna", "email": "anna@example.com", "password": PASSWORD}
            assert browser.post("/welcome", data=fields).headers["location"] == "/"
            assert browser.get("/api/v1/session").json()["account"]["email"] == "anna@example.com"
            assert browser.get(f"/welcome?token={token}").status_code == 404
        assert _ending(server) == 0

    with serving(shell, workers=1) as again:
        assert again.children() == []
        assert again.welcome_tokens == []
        assert "no account yet" not in again.stdout.read_text()
        print(f"\nup-to-date start to first answer: {again.seconds_to_first_answer:.2f} s")  # noqa: T201  # judged in bench/
        print(f"resident at rest: {resident_kib(again.process.pid) / 1024:.0f} MiB")  # noqa: T201
        assert _ending(again) in {0, -signal.SIGTERM}


def test_each_start_of_an_unclaimed_installation_prints_a_link_of_its_own(shell: Shell) -> None:
    """Both keep their hour: a restart does not spoil the link that a person has just been sent."""
    open_to_all = shell.with_settings(XPRESSBOT_ALLOW_PLAIN_HTTP="true")
    with serving(open_to_all, arguments=("--host", "0.0.0.0")) as server:
        (first,) = server.welcome_tokens
        _assert_a_taken_port_is_told(shell, server)
        assert _ending(server, signal.SIGINT) in {0, -signal.SIGINT}
    with serving(shell) as server:
        (second,) = server.welcome_tokens
        assert first != second
        assert [httpx.get(f"{server.url}/welcome?token={token}").status_code for token in (first, second, "x" * 43)] == [303, 303, 410]


def test_a_single_worker_serves_every_language(shell: Shell) -> None:
    """As several do, each of which builds the application by itself."""
    with serving(shell, workers=1) as server:
        pages = {tag: httpx.get(f"{server.url}/sign-in", headers={"Accept-Language": tag}) for tag in ("en", "es", "hi")}
    assert {tag: page.headers["content-language"] for tag, page in pages.items()} == {tag: tag for tag in pages}


def _assert_a_taken_port_is_told(shell: Shell, server: Server) -> None:
    answer = shell.run_fresh("serve", "--port", str(server.port))
    said = f"Nothing can listen on 127.0.0.1, port {server.port}: address already in use. Name another --host or --port.\n"
    assert answer == Answer(MISCONFIGURED, "", said)
    assert httpx.get(f"{server.url}/healthz").text == "ok"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_listener_that_cannot_be_had_is_told_before_anything_is_made(workers: str, shell: Shell) -> None:
    """A taken port, another machine's address, a name that no machine has: a sentence, and no link for the owner."""
    open_to_all = shell.with_settings(XPRESSBOT_ALLOW_PLAIN_HTTP="true", WEB_CONCURRENCY=workers)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        asked = [
            ("127.0.0.1", port),
            ("localhost", port),
            ("0.0.0.0", port),
            ("192.0.2.7", "8000"),
            ("none.invalid", "8000"),
            ("a..b", "8000"),
        ]
        for host, number in asked:
            answer = open_to_all.run("serve", "--host", host, "--port", number)
            assert (answer.code, answer.out, answer.err.count("\n")) == (MISCONFIGURED, "", 1)
            assert answer.err.startswith(f"Nothing can listen on {host}, port {number}: ")
    assert {path.name for path in shell.directory.iterdir()} == {"stdin", "stdout", "stderr"}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_name_of_this_machine_is_listened_on_by_all_its_addresses(workers: int, shell: Shell) -> None:
    """As many as it has: browsers take whichever comes first."""
    with serving(shell, workers=workers, arguments=("--host", "localhost")) as server:
        addresses = {str(address[0]) for *_kind, address in socket.getaddrinfo("localhost", server.port, type=socket.SOCK_STREAM)}
        for address in addresses:
            host = f"[{address}]" if ":" in address else address
            assert httpx.get(f"http://{host}:{server.port}/healthz").text == "ok"
        assert _ending(server) == 0


def test_without_a_host_every_kind_of_address_is_listened_on() -> None:
    """IPv4 and IPv6 each by a socket of its own, as far as this machine has them: neither is in the other's way."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    taken = bound_sockets("", port)
    try:
        for found in taken:
            found.listen()
        assert {found.family for found in taken} == {family for family in (socket.AF_INET, socket.AF_INET6) if _has(family)}
    finally:
        for found in taken:
            found.close()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_port_is_taken_again_at_once(workers: int, shell: Shell) -> None:
    """Connections of the server before, which the system still keeps, are in no one's way."""
    with serving(shell, workers=workers) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as idle:
            assert _ending(server) == 0
            assert idle.recv(1) == b""
        with serving(shell, workers=workers, port=server.port) as again:
            assert httpx.get(f"{again.url}/healthz").text == "ok"


def _ending(server: Server, sent: signal.Signals = signal.SIGTERM) -> int:
    """The exit code after an orderly end; uvicorn lets the signal itself end a server of one process."""
    code = server.stop(sent)
    log = server.logs.decode()
    assert "Traceback" not in log
    assert "Application shutdown complete" in log
    return code


def _has(family: socket.AddressFamily) -> bool:
    """Whether this machine can listen on addresses of a kind."""
    try:
        with socket.socket(family) as tried:
            tried.bind(("", 0))
    except OSError:
        return False
    return True
