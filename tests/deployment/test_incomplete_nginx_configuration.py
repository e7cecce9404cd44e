"""nginx with a line of deploy/nginx.conf left out: the operator is told which, and told so no more once it is there."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.doctor.report import Report, run_doctor
from tests.http.raw_requests import words
from tests.processes.conftest import environment_of
from tests.support.command_line import Shell
from tests.support.installation import make_settings
from tests.support.reverse_proxies import ReverseProxy, nginx, prepare
from tests.support.server import Server, serving

HOST_LINE = "    proxy_set_header Host $http_host;\n"
CLIENT_LINE = "    proxy_set_header X-Forwarded-For $remote_addr;\n"
ABOUT_PROXIES = {"client_not_named", "host_not_passed_on", "forwarded_by_unknown"}
_PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Place:
    """A server, and where nginx is to stand before it."""

    front: ReverseProxy
    server: Server
    shell: Shell

    def told(self, *problems: str) -> Report:
        """The doctor's report once it tells exactly these of the proxy: notes are written in the background."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            report = run_doctor(self.shell)
            if report.problems & ABOUT_PROXIES == set(problems):
                return report
            assert time.monotonic() < deadline, report.problems


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    front = prepare(tmp_path / "nginx")
    settings = make_settings(tmp_path, f"sqlite:///{tmp_path / 'xpressbot.sqlite3'}")
    shell = Shell(tmp_path, environment_of(settings) | front.settings)
    with serving(shell) as server:
        yield Place(front, server, shell)


def test_without_the_host_line_everybody_is_told_what_is_wrong(place: Place) -> None:
    """Page, log and doctor name the Host that came. With the line, the first visitor takes the note away."""
    with nginx(place.front, place.server.port, without=HOST_LINE), place.front.client() as browser:
        answer = browser.get("/sign-in")
    came = f"127.0.0.1:{place.server.port}"
    assert answer.status_code == 421
    assert f"Asked for: {came}." in words(answer.text)
    found = place.told("host_not_passed_on").about("host_not_passed_on")
    assert (found["facts"]["peer"], found["facts"]["host"]) == ("127.0.0.1", came)
    assert HOST_LINE.strip(" ;\n") in found["remedy"]
    assert f"event=http.foreign_host peer=127.0.0.1 host={came}" in place.server.logs.decode()

    with nginx(place.front, place.server.port), place.front.client() as browser:
        assert browser.get("/sign-in").status_code == 200
    place.told()


def test_without_the_clients_line_the_doctor_says_so_once_a_form_has_come(place: Place) -> None:
    """All people would share one limit of tries."""
    with nginx(place.front, place.server.port, without=CLIENT_LINE), place.front.client() as browser:
        assert browser.get("/sign-in").status_code == 200
        assert browser.post("/sign-in", data={"email": "nobody@example.com", "password": "wrong"}).status_code == 401
    found = place.told("client_not_named").about("client_not_named")
    assert found["facts"]["peer"] == "127.0.0.1"
    assert CLIENT_LINE.strip(" ;\n") in found["remedy"]
