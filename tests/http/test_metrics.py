"""GET /metrics counts what happened, and tells nothing of whom it happened to."""

import asyncio
import re
import threading
from collections.abc import Callable
from typing import Self

import httpx
import pytest
from sqlalchemy import text
from starlette.applications import Starlette

from tests.http.conftest import RE_ENROLMENT, Protected, Reset
from tests.http.raw_requests import SAME_ORIGIN
from tests.support import people
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.browser import Browser, otpauth_uri
from tests.support.chats import Chats
from tests.support.installation import PASSWORD, Installation
from tests.support.metrics_text import Figures, figure, parse, rises
from tests.support.shop_script import SHOP
from xpressbot.entrypoints.http.app import create_app
from xpressbot.entrypoints.telemetry.sign_in_metrics import Outcome, Step
from xpressbot.foundation.threads.worker_pools import PAGE_THREADS_WITH_SINGLE_WRITER, SIGN_IN_THREADS_BEYOND_HASHES

STEPS = "xpressbot_sign_in_steps_total"
CODES = "xpressbot_codes_refused_total"
THROTTLED = "xpressbot_throttled_total"
STEP_UPS = "xpressbot_step_ups_total"
RECEIVED = "xpressbot_chat_messages_received_total"
EVENTS_FAILED = "xpressbot_chat_events_failed_total"
REQUESTS = "xpressbot_http_request_seconds_count"
WRONG = "000000"


class PageMonitor:
    """What rises from one look to the next."""

    def __init__(self, installation: Installation) -> None:
        self._reader = Browser(create_app(installation.services), installation.clock, address="127.0.0.1", url="http://127.0.0.1:9090")
        self._before = self.figures()

    def figures(self) -> Figures:
        """What is told now."""
        return parse(self.exposition())

    def exposition(self) -> str:
        """The same, as it is sent."""
        response = self._reader.request("GET", "/metrics")
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        return response.text

    def anew(self) -> Self:
        """Look, and begin from here."""
        self._before = self.figures()
        return self

    def rises(self, *names: str) -> dict[tuple[str, ...], float]:
        """Since the last call of this or of anew."""
        before, self._before = self._before, self.figures()
        return rises(before, self._before, *names)

    def sign_in_rises(self) -> dict[tuple[str, ...], float]:
        """The same of everything that is counted of proofs."""
        return self.rises(STEPS, CODES, THROTTLED, STEP_UPS)


@pytest.fixture
def watch(installation: Installation) -> PageMonitor:
    return PageMonitor(installation)


def test_each_step_of_a_sign_in_is_counted_by_its_outcome(
    watch: PageMonitor, installation: Installation, protected: Protected, new_browser: Callable[..., Browser]
) -> None:
    """A wrong password, a right one, codes that are wrong, used and right, a recovery code, and a sign-in that had ended."""
    watch.anew()
    browser = new_browser()
    browser.sign_in(password="wrong")
    assert watch.sign_in_rises() == {(STEPS, "refused", "password"): 1}
    browser.sign_in()
    assert watch.sign_in_rises() == {(STEPS, "second_factor_required", "password"): 1}
    code = protected.phone.next_code()
    installation.clock.advance(seconds=30)
    browser.post("/sign-in/code", code=WRONG)
    assert watch.sign_in_rises() == {(STEPS, "refused", "totp"): 1, (CODES, "totp", "sign_in", "wrong_code"): 1}
    browser.post("/sign-in/code", code=code)
    assert watch.sign_in_rises() == {(STEPS, "signed_in", "totp"): 1}
    browser.sign_in()
    browser.post("/sign-in/code", code=code)
    browser.post("/sign-in/recovery-code", code="AAAA-AAAA-AAAA-AAAA")
    browser.post("/sign-in/recovery-code", code=protected.codes[0])
    assert watch.sign_in_rises() == {
        (STEPS, "second_factor_required", "password"): 1,
        (STEPS, "refused", "totp"): 1,
        (CODES, "totp", "sign_in", "code_already_used"): 1,
        (STEPS, "refused", "recovery_code"): 1,
        (CODES, "recovery_code", "sign_in", "wrong_code"): 1,
        (STEPS, "signed_in", "recovery_code"): 1,
    }
    new_browser().post("/sign-in/code", code=WRONG)
    assert watch.sign_in_rises() == {(STEPS, "starts_again", "totp"): 1}


def test_the_first_accounts_sign_in_is_counted_as_one_by_a_link(watch: PageMonitor, installation: Installation, browser: Browser) -> None:
    """As is an invited person's."""
    browser.get(f"/welcome?token={people.welcome_link(installation.services).text}")
    fields = {"name": "Anna", "email": "anna@example.com", "password": PASSWORD}
    assert browser.post("/welcome", fields).headers["location"] == "/"
    assert watch.sign_in_rises() == {(STEPS, "signed_in", "link"): 1}
    browser.get(f"/link/invite?token={people.invitation(installation.services).text}")
    assert browser.post("/link/invite", name="Berta", password=PASSWORD).headers["location"] == "/"
    assert watch.sign_in_rises() == {(STEPS, "signed_in", "link"): 1}


def test_a_sign_in_after_a_reset_is_counted_with_its_set_up(watch: PageMonitor, reset: Reset, must_enrol: Browser) -> None:
    """The password leads to the set-up, whose first code signs in; a wrong one is a code refused at a set-up."""
    watch.anew()
    must_enrol.sign_in()
    must_enrol.get(f"{RE_ENROLMENT}?token={reset.link.text}")
    must_enrol.post("/account/2fa/start")
    app = AuthenticatorApp(otpauth_uri(must_enrol.get("/account/2fa/setup").text), must_enrol.clock)
    must_enrol.post("/account/2fa/confirm", code=WRONG)
    assert must_enrol.post("/account/2fa/confirm", code=app.code()).status_code == 303
    assert watch.sign_in_rises() == {
        (STEPS, "enrolment_required", "password"): 1,
        (CODES, "totp", "set_up", "wrong_code"): 1,
        (STEPS, "signed_in", "set_up"): 1,
    }


def test_a_step_up_is_counted_by_its_outcome_and_the_code_that_came_with_it(
    watch: PageMonitor, installation: Installation, protected: Protected
) -> None:
    """Right, wrong password, wrong code, and the try that ends the session."""
    installation.clock.advance(minutes=6)
    watch.anew()

    def confirm(password: str, code: str) -> None:
        protected.browser.post("/account/confirm-identity", password=password, code=code)

    confirm(PASSWORD, protected.phone.code())
    assert watch.sign_in_rises() == {(STEP_UPS, "confirmed"): 1}
    confirm("wrong", protected.phone.code())
    assert watch.sign_in_rises() == {(STEP_UPS, "refused"): 1}
    for _try in range(4):
        confirm(PASSWORD, WRONG)
    assert watch.sign_in_rises() == {
        (STEP_UPS, "refused"): 3,
        (CODES, "totp", "step_up", "wrong_code"): 3,
        (STEP_UPS, "session_ended"): 1,
    }


def test_a_throttled_try_is_counted_by_the_kind_of_its_bucket(
    watch: PageMonitor, installation: Installation, protected: Protected, pending: Browser, new_browser: Callable[..., Browser]
) -> None:
    """Strangers' passwords, a known browser's, codes, recovery codes, checks of saved codes, an address, and a link."""
    watch.anew()

    def counted() -> dict[tuple[str, ...], float]:
        return watch.rises(THROTTLED)

    for _try in range(6):
        pending.post("/sign-in/code", code=WRONG)
    assert counted() == {(THROTTLED, "totp"): 1}
    for _try in range(6):
        pending.post("/sign-in/recovery-code", code="AAAA-AAAA-AAAA-AAAA")
    assert counted() == {(THROTTLED, "recovery_code"): 1}
    for _try in range(6):
        protected.browser.post("/account/2fa/recovery-codes/check", code="AAAA-AAAA-AAAA-AAAA")
    assert counted() == {(THROTTLED, "recovery_code_check"): 1}
    for _try in range(6):
        new_browser(address="192.0.2.8").sign_in(password="wrong")
    assert counted() == {(THROTTLED, "stranger"): 1}
    for _try in range(6):
        protected.browser.sign_in(password="wrong")
    assert counted() == {(THROTTLED, "known_browser"): 1}
    for number in range(31):
        new_browser(address="192.0.2.9").sign_in(f"nobody{number}@example.com")
    assert counted() == {(THROTTLED, "network"): 1}
    invited = new_browser()
    invited.get(f"/link/invite?token={people.invitation(installation.services).text}")
    for _try in range(11):
        invited.post("/link/invite", name="Berta", password="passwordpassword")
    assert watch.rises(THROTTLED, STEPS) == {(THROTTLED, "link"): 1, (STEPS, "throttled", "link"): 1}


def test_counters_of_every_outcome_begin_at_zero(watch: PageMonitor) -> None:
    """So that the first of a kind is a rise, which an alert can see."""
    figures = watch.figures()
    assert {figure(figures, STEPS, step=step, outcome=outcome) for step in Step for outcome in Outcome} == {0}
    buckets = ("totp", "recovery_code", "recovery_code_check", "stranger", "known_browser", "network", "link", "step_up", "enrolment")
    assert {figure(figures, THROTTLED, bucket=name) for name in buckets} == {0}
    assert {figure(figures, "xpressbot_http_failures_total", cause=cause) for cause in ("internal", "database", "busy")} == {0}


def test_requests_are_told_apart_by_route_method_and_class_of_status(watch: PageMonitor, signed_in: Browser) -> None:
    """A route stands for all of its paths; what no route answers is one, and so are methods that no route takes."""
    signed_in.form_for("/account")
    watch.anew()
    signed_in.get("/api/v1/session")
    signed_in.get("/api/v1/session")
    signed_in.post("/account/2fa/start")
    signed_in.request("HEAD", "/sign-in")
    for name in ("style.css", "page.js"):
        signed_in.get(f"/static/{name}")
    for path in ("/nowhere/1", "/nowhere/2", "/static/nothing"):
        signed_in.get(path)
    signed_in.request("BREW", "/account")
    signed_in.request("GET", "/sign-in", headers={"Host": "evil.example"})
    assert watch.rises(REQUESTS) == {
        (REQUESTS, "GET", "/metrics", "2xx"): 1,
        (REQUESTS, "GET", "/api/v1/session", "2xx"): 2,
        (REQUESTS, "POST", "/account/2fa/start", "3xx"): 1,
        (REQUESTS, "HEAD", "/sign-in", "3xx"): 1,
        (REQUESTS, "GET", "/static/{name}", "2xx"): 2,
        (REQUESTS, "GET", "/static/{name}", "4xx"): 1,
        (REQUESTS, "GET", "none", "4xx"): 2,
        (REQUESTS, "other", "/account", "4xx"): 1,
        (REQUESTS, "GET", "/sign-in", "4xx"): 1,
    }


def test_what_clients_invent_takes_no_memory(watch: PageMonitor, browser: Browser) -> None:
    """A hundred paths and methods later as much is told as before."""
    browser.get("/nowhere/first")
    browser.request("M0", "/account")
    before = set(watch.figures())
    for number in range(100):
        browser.get(f"/nowhere/{number}")
        browser.request(f"M{number}", "/account")
    assert set(watch.figures()) == before


@pytest.mark.parametrize(("table", "status", "cause"), [("session", 503, "database"), (None, 500, "internal")])
def test_a_request_that_could_not_be_answered_is_counted_by_its_cause(
    table: str | None, status: int, cause: str, watch: PageMonitor, installation: Installation, signed_in: Browser
) -> None:
    """The database, or a fault of ours."""
    statement = f"ALTER TABLE {table} RENAME TO away" if table else "UPDATE session SET expires_at = 'never'"
    with installation.services.database.engine.begin() as connection:
        connection.execute(text(statement))
    assert signed_in.get("/account").status_code == status
    assert watch.rises("xpressbot_http_failures_total") == {("xpressbot_http_failures_total", cause): 1}


def test_hashes_and_units_of_work_are_timed(watch: PageMonitor, signed_in: Browser) -> None:
    """One hash for a password, one read for who is signed in, and the queue is empty again."""
    watch.anew()
    signed_in.get("/api/v1/session")
    read = "xpressbot_database_transaction_seconds_count"
    names = (read, "xpressbot_password_hash_seconds_count", "xpressbot_password_hash_wait_seconds_count")
    assert watch.rises(*names) == {(read, "read"): 1}
    signed_in.sign_in(password="wrong")
    assert watch.rises(*names) == {(read, "write"): 1, (names[1],): 1, (names[2],): 1}
    assert figure(watch.figures(), "xpressbot_password_hashes_waiting") == 0


def test_what_waits_for_a_thread_is_told(installation: Installation, app: Starlette) -> None:
    """Three more than there are threads to sign in: three wait. Pages and figures answer meanwhile."""
    pools, release = installation.services.pools, threading.Event()
    threads = pools.hash_threads + SIGN_IN_THREADS_BEYOND_HASHES

    async def crowded() -> Figures:
        crowd = [asyncio.create_task(pools.sign_in.run(release.wait)) for _one in range(threads + 3)]
        await asyncio.sleep(0)
        transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=SAME_ORIGIN) as client:
            response = await client.get("/metrics")
        release.set()
        await asyncio.gather(*crowd)
        return parse(response.text)

    figures = asyncio.run(crowded())
    assert figure(figures, "xpressbot_pool_tasks", pool="sign_in", state="running") == threads
    assert figure(figures, "xpressbot_pool_tasks", pool="sign_in", state="waiting") == 3
    assert figure(figures, "xpressbot_pool_tasks", pool="page", state="running") == 0
    assert figure(figures, "xpressbot_pool_threads", pool="page") == PAGE_THREADS_WITH_SINGLE_WRITER
    of_forms, of_slow_forms, of_mail, of_jobs, of_chat, which_writes = 1, 1, 1, 1, 1, 1
    most = PAGE_THREADS_WITH_SINGLE_WRITER + of_forms + of_slow_forms + threads + of_mail + of_jobs + of_chat + which_writes
    assert figure(figures, "xpressbot_database_connections_most") == most
    assert figure(figures, "xpressbot_workers") == 1


def test_connections_in_use_are_told(watch: PageMonitor, installation: Installation) -> None:
    """One that is held, to read or to write, and none afterwards."""
    for hold in (installation.services.database.read, installation.services.database.write):
        with hold():
            assert figure(watch.figures(), "xpressbot_database_connections", state="in_use") == 1
    assert figure(watch.figures(), "xpressbot_database_connections", state="in_use") == 0
    assert figure(watch.figures(), "xpressbot_database_connections", state="idle") >= 1


def test_figures_name_no_account(watch: PageMonitor, protected: Protected, pending: Browser) -> None:
    """No address, name, id, token or network of those who came, nor what they asked for."""
    pending.post("/sign-in/code", code=WRONG)
    pending.get("/nowhere-canary")
    told = watch.exposition()
    account = protected.browser.me()["account"]
    for text_of_account in (account["email"], account["id"], account["name"], "192.0.2.7", "canary", "Firefox"):
        assert text_of_account not in told
    labels = {value for _name, pairs in watch.figures() for label, value in pairs if label != "le"}
    assert [value for value in labels if not re.fullmatch(r"[a-zA-Z0-9_/{}.-]+", value)] == []


def test_each_application_counts_for_itself(watch: PageMonitor, installation: Installation, https_installation: Installation) -> None:
    """Two in one process share no figure."""
    installation.add_account()
    Browser(create_app(installation.services), installation.clock).sign_in()
    assert watch.sign_in_rises() == {(STEPS, "signed_in", "password"): 1}
    assert PageMonitor(https_installation).figures()[STEPS, frozenset({("step", "password"), ("outcome", "signed_in")})] == 0


def test_messages_of_customers_are_counted_and_what_waits_is_told(watch: PageMonitor, installation: Installation) -> None:
    """Each message once, each failed event, and for how long the oldest has waited."""
    chats = Chats(installation.services, SHOP)
    watch.anew()
    event = chats.event("hours")
    chats.store(event, event)
    chats.store(event)
    installation.clock.advance(seconds=7)
    installation.services.telemetry.chat.note(chats.services.chat.sweeping.backlog())
    figures = watch.figures()
    assert figure(figures, "xpressbot_chat_lanes_waiting") == 1
    assert figure(figures, "xpressbot_chat_oldest_event_seconds") == 7
    chats.publish(chats.bot_id or "", "no script")
    chats.write("hours")
    installation.services.telemetry.chat.note(chats.services.chat.sweeping.backlog())
    assert watch.rises(RECEIVED, EVENTS_FAILED) == {(RECEIVED,): 2, (EVENTS_FAILED,): 1}
    assert figure(watch.figures(), "xpressbot_chat_oldest_event_seconds") == 0
