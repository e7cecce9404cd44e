"""Backups are made while people sign in and enrol at two workers, and restored elsewhere with a copy of the key ring."""

import itertools
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from tests.processes.conftest import TwoWorkers, environment_of
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.browser import otpauth_uri
from tests.support.command_line import Shell
from tests.support.concurrent_requests import Form, own_network, send
from tests.support.cookies import cookie_name
from tests.support.event_chain import broken_at
from tests.support.form_client import FormClient
from tests.support.installation import PASSWORD, make_settings
from tests.support.people import Person, protected, shown_to
from tests.support.server import serving
from xpressbot.bootstrap import build
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.clock import SystemClock
from xpressbot.foundation.tokens import Token
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.registration.new_accounts import NewAccount
from xpressbot.identity.tables import ACCOUNT, AUTHENTICATOR, RECOVERY_CODE, SECURITY_EVENT

BACKUPS = 2
PEOPLE = 6
AT_ONCE = 4
"""Recovery codes in one gust of the storm; with each gust, a phone signs in and a newcomer enrols, while there are any left."""
GUEST = "guest@example.com"
"""Has no 2FA, and signs in with each gust."""


@dataclass
class Storm:
    """People who come one after the other, and how many recovery codes they have used up by now."""

    services: Services
    url: str
    codes: Iterator[tuple[Person, str]]
    phones: Iterator[Person]
    newcomers: Iterator[str]
    used: list[str] = field(default_factory=list)

    def blow(self) -> None:
        """One gust. Every answer must be the right one."""
        coming = list(itertools.islice(self.codes, AT_ONCE))
        phone = next(self.phones, None)
        people = [person for person, _code in coming] + ([] if phone is None else [phone])
        passwords = [Form("/sign-in", {"email": person.account.email, "password": PASSWORD}, address=own_network()) for person in people]
        tokens = [Token.parse(answer.cookies[cookie_name("sign-in", self.url)]) for answer in self._all_sent_to("/sign-in/code", passwords)]
        shown = [shown_to(self.services, person.account.id, person.account.email) for person in people]
        forms = [
            Form("/sign-in/recovery-code", {"code": code} | fields, token)
            for (_person, code), fields, token in zip(coming, shown, tokens, strict=False)
        ]
        if phone is not None:
            forms.append(Form("/sign-in/code", {"code": phone.phone.code()} | shown[-1], tokens[-1]))
        guest = Form("/sign-in", {"email": GUEST, "password": PASSWORD}, address=own_network())
        self._all_sent_to("/", [*forms, guest])
        self.used += [code for _person, code in coming]
        if (newcomer := next(self.newcomers, None)) is not None:
            enrol(self.url, newcomer)

    def _all_sent_to(self, path: str, forms: list[Form]) -> list[httpx.Response]:
        answers = send(self.url, forms)
        assert [(answer.status_code, answer.headers.get("location")) for answer in answers] == [(303, path)] * len(forms)
        return answers


def enrol(url: str, email: str) -> AuthenticatorApp:
    """Sign in with a password alone, and turn 2FA on."""
    with FormClient(base_url=url, headers={"Origin": url}) as browser:
        assert browser.post("/sign-in", data={"email": email, "password": PASSWORD}).headers["location"] == "/"
        assert browser.post("/account/2fa/start").headers["location"] == "/account/2fa/setup"
        phone = AuthenticatorApp(otpauth_uri(browser.get("/account/2fa/setup").text), SystemClock())
        confirmed = browser.post("/account/2fa/confirm", data={"code": phone.code()})
        assert confirmed.headers["location"] == "/account/2fa/recovery-codes"
        return phone


def sign_in(url: str, person: Person, path: str, code: str) -> httpx.Response:
    """With the password and then a code; the answer to the latter."""
    with FormClient(base_url=url, headers={"Origin": url}) as browser:
        passed = browser.post("/sign-in", data={"email": person.account.email, "password": PASSWORD})
        assert passed.headers["location"] == "/sign-in/code"
        return browser.post(path, data={"code": code})


@pytest.fixture
def two_workers(tmp_path: Path) -> Iterator[TwoWorkers]:
    """Two workers on SQLite."""
    settings = make_settings(tmp_path / "here", f"sqlite:///{tmp_path / 'here' / 'data' / 'xpressbot.sqlite3'}")
    services = build(settings, durable=False)
    with serving(Shell(tmp_path, environment_of(settings)), workers=2) as server:
        yield TwoWorkers(server, services)
    services.close()


@pytest.fixture
def anna(two_workers: TwoWorkers) -> Person:
    """A person whom the storm leaves alone."""
    return protected(two_workers.services)


@pytest.fixture
def storm(two_workers: TwoWorkers, anna: Person) -> Storm:
    """The people take turns, so that no person signs in twice in one gust."""
    services = two_workers.services
    people = [protected(services, f"person{number}@example.com") for number in range(PEOPLE)]
    phones = [protected(services, f"phone{number}@example.com") for number in range(PEOPLE)]
    newcomers = [f"newcomer{number}@example.com" for number in range(PEOPLE)]
    for email in [*newcomers, GUEST]:
        services.identity.registration.create(NewAccount(email, "New", PASSWORD))
    codes = ((person, person.codes[turn]) for turn in range(10) for person in people)
    return Storm(two_workers.services, two_workers.server.url, codes, iter(phones), iter(newcomers))


def test_a_backup_made_in_a_storm_is_whole_and_lets_the_same_people_in(
    two_workers: TwoWorkers, anna: Person, storm: Storm, tmp_path: Path
) -> None:
    """No client is refused meanwhile; elsewhere the same unused code signs in, and a used code is used, as is what apps show just then."""
    shell = Shell(tmp_path, environment_of(two_workers.services.settings))
    assert sign_in(two_workers.server.url, anna, "/sign-in/recovery-code", anna.codes[0]).headers["location"] == "/"
    for number in range(BACKUPS):
        used_before = len(storm.used)
        with ThreadPoolExecutor(1) as threads:
            running = threads.submit(shell.run_fresh, "backup", str(tmp_path / f"{number}.sqlite3"))
            storm.blow()
            while not running.done():
                storm.blow()
        assert running.result().code == 0, running.result().err
        elsewhere = restored(shell, tmp_path / f"{number}.sqlite3", two_workers.services)
        assert_consistent(elsewhere, used_before + 1, len(storm.used) + 1)

    with serving(elsewhere) as server:
        used = sign_in(server.url, anna, "/sign-in/recovery-code", anna.codes[0])
        assert (used.status_code, "already used" in used.text) == (401, True)
        assert sign_in(server.url, anna, "/sign-in/recovery-code", anna.codes[1]).headers["location"] == "/"
        shown = sign_in(server.url, anna, "/sign-in/code", anna.phone.code())
        assert (shown.status_code, "already used" in shown.text) == (401, True)
        assert b"DecryptionError" not in server.logs


def restored(shell: Shell, backup: Path, original: Services) -> Shell:
    """Another place, with a copy of the key ring and what `xpressbot restore` makes of the backup."""
    place = backup.with_suffix("")
    (place / "keys").mkdir(parents=True)
    ring = shutil.copy(original.settings.key_file, place / "keys")
    there = Shell(place, {"XPRESSBOT_DATA_DIR": str(place / "data"), "XPRESSBOT_KEY_FILE": str(ring)})
    answer = there.run("restore", str(backup))
    assert answer.code == 0, answer.err
    assert "has the keys it needs" in answer.out
    return there


def assert_consistent(shell: Shell, least_used: int, most_used: int) -> None:
    """One moment: each code that is used up has its event, each authenticator its own, and every chain is whole."""
    services = build(make_settings(shell.directory, "", key_file=Path(shell.settings["XPRESSBOT_KEY_FILE"])))
    with services.database.read() as connection:
        accounts = connection.execute(select(ACCOUNT.c.id)).scalars().all()
        used = connection.execute(select(func.count()).where(RECOVERY_CODE.c.used_at.is_not(None))).scalar_one()
        active = connection.execute(select(func.count()).where(AUTHENTICATOR.c.state == "active")).scalar_one()
        kinds = connection.execute(select(SECURITY_EVENT.c.kind)).scalars().all()
    assert least_used <= used <= most_used
    assert kinds.count(EventKind.SIGNED_IN_WITH_BACKUP) == used
    assert kinds.count(EventKind.TWO_FACTOR_ENABLED) == active
    assert len(accounts) == 3 * PEOPLE + 2
    assert [account for account in accounts if broken_at(services, account) is not None] == []
    services.close()
