"""What the proxies write down: who asked for which page, and no one-time link, whatever goes wrong."""

from pathlib import Path

import httpx
import pytest

from tests.support.command_line import Shell
from tests.support.installation import PASSWORD
from tests.support.reverse_proxies import FRONTS, HOST, ReverseProxy, Run, prepare
from tests.support.server import serving

SECRET = "this-is-the-token-of-a-one-time-link"


@pytest.fixture(params=FRONTS.values(), ids=list(FRONTS))
def run(request: pytest.FixtureRequest) -> Run:
    run: Run = request.param
    return run


@pytest.fixture
def front(tmp_path: Path) -> ReverseProxy:
    return prepare(tmp_path / "front")


def test_a_one_time_link_is_in_no_log(run: Run, front: ReverseProxy, tmp_path: Path) -> None:
    """Opened, opened by http, opened a second time, opened while the application is away; its cookie is not noted either."""
    with serving(Shell(tmp_path, front.settings)) as server, run(front, server.port), front.client() as browser:
        (token,) = server.welcome_tokens
        assert _by_http(front, f"/welcome?token={token}").headers["location"].endswith(f"/welcome?token={token}")
        assert browser.get(f"/welcome?token={token}").headers["location"] == "/welcome"
        (link,) = browser.cookies.values()
        fields = {"name": "Anna", "email": "anna@example.com", "password": PASSWORD}
        assert browser.post("/welcome", data=fields, headers={"Referer": f"{front.url}/welcome?token={token}"}).status_code == 303
        assert browser.get(f"/welcome?token={token}").status_code == 404
        cookies = list(browser.cookies.values())
        server.stop()
        for path in (f"/welcome?token={token}", f"/link/reset?token={SECRET}", f"{front.url}//welcome?token={token}"):
            assert browser.get(path).status_code == 502, path
        assert browser.get("/account").status_code == 502

    logs = front.logs
    assert "python-httpx" in logs or run is not FRONTS["nginx"]
    assert [path for path in ("/welcome", "/link/reset", "/account") if path not in logs] == []
    assert [secret for secret in (token, link, SECRET, PASSWORD, *cookies) if secret in logs] == []


def test_a_start_finds_nothing_to_complain_of(run: Run, front: ReverseProxy) -> None:
    """A directive that the proxy ignores or knows under another name would be reported."""
    with run(front, 9):
        pass
    complaints = ("[warn]", "[error]", "[emerg]", '"level":"error"', "nnecessary", "deprecated", "not formatted")
    assert [complaint for complaint in complaints if complaint in front.logs] == []


def _by_http(front: ReverseProxy, path: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{front.http_port}{path}", headers={"Host": HOST})
