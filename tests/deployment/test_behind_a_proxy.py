"""`xpressbot serve` behind Debian's nginx and Caddy with TLS, set up by the files of deploy/."""

import contextlib
import itertools
import json
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import select

from tests.http.raw_requests import FORM
from tests.processes.conftest import environment_of
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.browser import otpauth_uri
from tests.support.command_line import Shell
from tests.support.cookies import cookie_name
from tests.support.installation import PASSWORD, make_settings
from tests.support.reverse_proxies import FRONTS, HOST, ReverseProxy, prepare
from tests.support.server import Server, serving
from xpressbot.bootstrap import build
from xpressbot.entrypoints.http.forms import MAX_BODY_BYTES
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.clock import SystemClock
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.registration.new_accounts import NewAccount
from xpressbot.identity.tables import SECURITY_EVENT
from xpressbot.identity.throttling.rules import ADDRESS

KINDS_OF_COOKIES = ("session", "sign-in", "device", "link")
_ADDRESSES = (f"127.0.1.{number}" for number in itertools.count(1))
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Behind:
    """A proxy, a services on the database of the server behind it, and the Set-Cookie lines of the owner's first steps."""

    front: ReverseProxy
    services: Services
    first_cookies: Sequence[str]

    def person(self) -> Account:
        """A new person."""
        account = self.services.identity.registration.create(NewAccount(f"person{next(_NUMBERS)}@example.com", "Person", PASSWORD))
        assert isinstance(account, Account)
        return account

    def address_on_record(self, account: Account) -> str:
        """Where the account's one sign-in came from."""
        with self.services.database.read() as connection:
            mine = (SECURITY_EVENT.c.subject == account.id, SECURITY_EVENT.c.kind == EventKind.SIGNED_IN.value)
            (details,) = connection.execute(select(SECURITY_EVENT.c.details).where(*mine)).scalars()
        address: str = json.loads(details)["address"]
        return address


@pytest.fixture(scope="module", params=FRONTS)
def behind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """One for all tests of this module; each comes from addresses of its own."""
    directory = tmp_path_factory.mktemp("behind")
    front = prepare(directory / request.param)
    settings = make_settings(directory, f"sqlite:///{directory / 'xpressbot.sqlite3'}")
    services = build(settings, durable=False)
    open_to_all = {"XPRESSBOT_METRICS_FROM": "0.0.0.0/0"}
    with (
        serving(Shell(directory, environment_of(settings) | front.settings | open_to_all)) as server,
        FRONTS[request.param](front, server.port),
    ):
        yield Behind(front, services, claim(front, server))
    services.close()


def claim(front: ReverseProxy, server: Server) -> Sequence[str]:
    """Make the owner's account; the Set-Cookie lines of that."""
    fields = {"name": "Anna", "email": "anna@example.com", "password": PASSWORD}
    with front.client() as browser:
        answers = [browser.get(f"/welcome?token={server.welcome_tokens[0]}"), browser.post("/welcome", data=fields)]
    assert [answer.headers["location"] for answer in answers] == ["/welcome", "/"]
    return [line for answer in answers for line in answer.headers.get_list("set-cookie")]


@pytest.fixture
def address() -> str:
    """An address of this machine from which no client has come yet."""
    return next(_ADDRESSES)


@pytest.fixture
def browser(behind: Behind, address: str) -> Iterator[httpx.Client]:
    with behind.front.client(address) as client:
        yield client


def sign_in(browser: httpx.Client, email: str, password: str = PASSWORD, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return browser.post("/sign-in", data={"email": email, "password": password}, headers=named)


def test_cookies_are_secure_and_carry_the_host_prefix(behind: Behind, browser: httpx.Client) -> None:
    """All four, in a run of the guide: set, renewed and taken away."""
    lines = list(behind.first_cookies)
    browser.event_hooks = {"response": [lambda response: lines.extend(response.headers.get_list("set-cookie"))]}
    account = behind.person()
    assert sign_in(browser, account.email).headers["location"] == "/"
    assert browser.post("/account/2fa/start").headers["location"] == "/account/2fa/setup"
    phone = AuthenticatorApp(otpauth_uri(browser.get("/account/2fa/setup").text), SystemClock())
    assert browser.post("/account/2fa/confirm", data={"code": phone.code(steps=-1)}).status_code == 303
    assert browser.post("/account/2fa/recovery-codes/continue").headers["location"] == "/account"
    assert browser.post("/sign-out").status_code == 303
    assert sign_in(browser, account.email).headers["location"] == "/sign-in/code"
    assert browser.post("/sign-in/code", data={"code": phone.code()}).headers["location"] == "/"
    assert browser.get("/api/v1/session").json()["aal"] == 2

    seen = {morsel.key: morsel for line in lines for morsel in SimpleCookie(line).values()}
    assert set(seen) == {cookie_name(kind, behind.front.url) for kind in KINDS_OF_COOKIES}
    for morsel in seen.values():
        assert (morsel["secure"], morsel["httponly"], morsel["samesite"], morsel["path"], morsel["domain"]) == (True, True, "lax", "/", "")


@pytest.mark.parametrize("claim", [{}, {"X_Forwarded_For": "203.0.113.66"}, {"X_Forwarded_For": "127.0.0.1", "X_Real_IP": "203.0.113.66"}])
def test_the_address_on_record_is_the_clients(behind: Behind, browser: httpx.Client, address: str, claim: dict[str, str]) -> None:
    """Not the proxy's, and not what the client claims to be."""
    account = behind.person()
    assert sign_in(browser, account.email, **claim, Forwarded="for=203.0.113.66").headers["location"] == "/"
    assert behind.address_on_record(account) == address
    assert address in browser.get("/").text


def test_what_a_neighbour_of_the_proxy_claims_is_dropped(behind: Behind) -> None:
    """Were it only added to, a client at a trusted address could be anybody."""
    account = behind.person()
    with behind.front.client("127.0.0.1") as browser:
        assert sign_in(browser, account.email, X_Forwarded_For="203.0.113.66").headers["location"] == "/"
    assert behind.address_on_record(account) == "127.0.0.1"


@pytest.mark.parametrize("protocol", ["websocket", "foo"])
def test_no_body_is_taken_for_a_request(protocol: str, behind: Behind, browser: httpx.Client) -> None:
    """Its answer would be another client's. Asking for another protocol makes a parser end the request with its head."""
    account = behind.person()
    form = urlencode({"email": account.email, "password": PASSWORD}).encode()
    lines = [
        "POST /sign-in HTTP/1.1",
        f"Host: {HOST}:{behind.front.https_port}",
        f"Origin: {behind.front.url}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(form)}",
    ]
    smuggled = b"\r\n" * 20_000 + "\r\n".join([*lines, "", ""]).encode() + form
    with contextlib.suppress(httpx.HTTPError):
        browser.post("/sign-out", content=smuggled, headers={"Connection": "Upgrade", "Upgrade": protocol})
    assert browser.get("/healthz").status_code == 200
    with behind.services.database.read() as connection:
        kinds = connection.execute(select(SECURITY_EVENT.c.kind).where(SECURITY_EVENT.c.subject == account.id)).scalars().all()
    assert EventKind.SIGNED_IN.value not in kinds


def test_the_tries_of_clients_are_counted_apart(behind: Behind, browser: httpx.Client) -> None:
    """Thirty from one address, whatever it claims; then another address still has its own."""
    for number in range(ADDRESS.free):
        assert sign_in(browser, f"nobody{number}@example.com", X_Forwarded_For=f"203.0.113.{number}").status_code == 401
    refused = sign_in(browser, "nobody@example.com", X_Forwarded_For="203.0.113.99")
    assert refused.status_code == 429
    assert "from your network" in refused.text
    with behind.front.client(next(_ADDRESSES)) as other:
        assert sign_in(other, "nobody@example.com").status_code == 401


@pytest.mark.parametrize("fetch_site", ["cross-site", "same-site", None])
def test_forms_of_other_sites_are_refused(behind: Behind, browser: httpx.Client, fetch_site: str | None) -> None:
    """By Sec-Fetch-Site, and by Origin where the browser does not send that; a form of our own comes through by either."""
    account = behind.person()
    browser.headers.pop("Sec-Fetch-Site")
    if fetch_site is not None:
        assert sign_in(browser, account.email, Sec_Fetch_Site=fetch_site).status_code == 403
    else:
        for origin in ("https://evil.example", f"http://{HOST}:{behind.front.https_port}", f"https://{HOST}:1", "null"):
            assert sign_in(browser, account.email, Origin=origin).status_code == 403, origin
    assert sign_in(browser, account.email).headers["location"] == "/"


def test_answers_bring_the_applications_headers_once(browser: httpx.Client) -> None:
    """HSTS among them; nothing is doubled, and no page is compressed whose length could then tell of a secret in it."""
    page = browser.get("/sign-in", headers={"Accept-Encoding": "gzip, br"})
    assert page.headers.get_list("strict-transport-security") == ["max-age=2592000"]
    for name in ("content-security-policy", "x-frame-options", "referrer-policy", "cache-control"):
        assert len(page.headers.get_list(name)) == 1, name
    assert "content-encoding" not in page.headers
    assert not any(digit in page.headers["server"] for digit in "0123456789")


@pytest.mark.parametrize("host", ["evil.example", f"{HOST}.evil.example", "127.0.0.1", f"{HOST}:1"])
def test_another_host_is_misdirected(browser: httpx.Client, host: str) -> None:
    """No other name is answered, not even with the right name in the TLS handshake, or a forwarded one."""
    answer = browser.get("/sign-in", headers={"Host": host, "X-Forwarded-Host": HOST})
    assert answer.status_code == 421
    assert "Password" not in answer.text


@pytest.mark.parametrize("path", ["/metrics", "/metrics?x=1", "/%6detrics", "/METRICS"])
def test_metrics_are_not_passed_on(browser: httpx.Client, path: str) -> None:
    """Not even where the application would answer this client."""
    assert browser.get(path).status_code == 404


def test_http_leads_to_https(behind: Behind) -> None:
    """Path and query stay."""
    answer = httpx.get(f"http://127.0.0.1:{behind.front.http_port}/account?x=1", headers={"Host": HOST})
    assert answer.status_code in {301, 308}
    # Caddy takes its own https port for the one that people use.
    assert answer.headers["location"] in {f"{behind.front.url}/account?x=1", f"https://{HOST}/account?x=1"}


@pytest.mark.parametrize("length", [MAX_BODY_BYTES + 1, 200 * 1024, 4 * 1024 * 1024])
def test_a_form_that_is_too_long_is_refused(browser: httpx.Client, length: int) -> None:
    """A little over the application's limit by its own page, far over it at the proxy or by it; the next form is taken."""
    answer = browser.post("/sign-in", content=b"a=" + b"x" * (length - 2), headers={"Content-Type": FORM})
    assert answer.status_code == 413
    if length < 1024 * 1024:
        assert answer.headers["content-security-policy"]
    assert sign_in(browser, "nobody@example.com").status_code == 401


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_begins_at_1_2(behind: Behind, version: ssl.TLSVersion) -> None:
    """What is older gets no answer."""
    context = ssl.create_default_context(cafile=behind.front.certificate)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", behind.front.https_port)) as connection:
        if version < ssl.TLSVersion.TLSv1_2:
            with pytest.raises(ssl.SSLError, match=r"(?i)protocol.version"):
                context.wrap_socket(connection, server_hostname=HOST)
        else:
            with context.wrap_socket(connection, server_hostname=HOST) as secured:
                assert secured.version() == f"TLSv1.{version - ssl.TLSVersion.TLSv1}"
