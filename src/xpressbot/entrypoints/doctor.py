"""One examination of an installation: every check that can still be made is made, and nothing is changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from xpressbot.diagnostics import database_checks as databases
from xpressbot.diagnostics import file_checks as files
from xpressbot.diagnostics import network_checks as network
from xpressbot.diagnostics.database_checks import ConnectionDemand
from xpressbot.diagnostics.findings import Check, Finding, Problem, Severity, run
from xpressbot.diagnostics.observations import CLIENT_NOT_NAMED, FOREIGN_HOST, FORWARDED_HEADER, newest
from xpressbot.entrypoints.http.cookies import Cookie, Cookies
from xpressbot.foundation.clock import Clock
from xpressbot.foundation.crypto.key_ring import EMPTY_KEY_RING, KeyRing
from xpressbot.foundation.crypto.key_state import KeysNeeded, keys_needed
from xpressbot.foundation.database.engine import Database
from xpressbot.foundation.database.read_only import database_file
from xpressbot.foundation.settings import Settings
from xpressbot.identity.administration.installation_queries import InstallationQueries
from xpressbot.identity.factors.proof import clock_offset_seconds

T = TypeVar("T")

WORKERS_FIELD: Final = "workers"
"""Among the fields that gave way, the number of workers: it is no setting of ours, but a check rests on it."""

_FIELDS: Final[dict[Check, frozenset[str]]] = {
    Check.DATABASE: frozenset({"database_url", "data_dir"}),
    Check.KEY_RING: frozenset({"key_file"}),
    Check.KEYS_APART: frozenset({"key_file", "database_url", "data_dir"}),
    Check.FILE_MODES: frozenset({"key_file", "database_url", "data_dir"}),
    Check.PUBLIC_URL: frozenset({"public_url"}),
    Check.COOKIES: frozenset({"public_url"}),
    Check.PROXIES: frozenset({"public_url", "trusted_proxies"}),
    Check.FORWARDED_HEADERS: frozenset({"trusted_proxies"}),
    Check.HOST_HEADER: frozenset({"public_url"}),
    Check.CONNECTIONS: frozenset({WORKERS_FIELD}),
    Check.DISK_SPACE: frozenset({"key_file", "database_url", "data_dir"}),
}
"""The settings that a check rests on: without a usable value it would examine something else."""


class QueriesOf(Protocol):
    """Makes the reads over all accounts of a database, with the keys that are at hand."""

    def __call__(self, database: Database, ring: KeyRing) -> InstallationQueries: ...


@dataclass(frozen=True, slots=True)
class Subject:
    """What is examined. `complaint` is what is wrong with the settings, `defaulted` the fields whose values are defaults for that."""

    settings: Settings
    database: Database
    demand: ConnectionDemand
    defaulted: frozenset[str] = frozenset()
    complaint: str = ""


class Doctor:
    """Examines installations."""

    def __init__(self, clock: Clock, queries_of: QueriesOf) -> None:
        self._clock = clock
        self._queries_of = queries_of

    def examine(self, subject: Subject, *, thorough: bool) -> Sequence[Finding]:
        """The findings of all checks, in the order of the checks.

        thorough: read an embedded database from end to end, try every sealed secret, and look at every account, instead of
        a bounded number of them.
        """
        report = _Report(subject.defaulted)
        _examine_surroundings(report, subject)
        file = database_file(subject.settings.url)
        report.add(Check.DATABASE, lambda: databases.check_database(subject.database, file, thorough=thorough))
        report.add(Check.ENCODING, lambda: databases.check_encoding(subject.database), Check.DATABASE)
        report.add(Check.SCHEMA, lambda: databases.check_schema(subject.database), Check.DATABASE)
        ring = self._examine_key_ring(report, subject)
        queries = self._queries_of(subject.database, ring or EMPTY_KEY_RING)
        needs = (Check.SCHEMA,) if ring or report.says(Problem.KEY_RING_NOT_MADE) else (Check.SCHEMA, Check.KEY_RING)
        report.add(Check.SEALED_SECRETS, lambda: _about_secrets(queries, thorough=thorough), *needs)
        self._examine_database(report, subject, queries, thorough=thorough)
        return report.sorted()

    def _examine_key_ring(self, report: "_Report", subject: Subject) -> KeyRing | None:
        def check() -> tuple[KeyRing | None, Sequence[Finding]]:
            needed: KeysNeeded | None = None
            if report.is_well(Check.DATABASE) and not report.says(Problem.SCHEMA_MISSING):
                needed = keys_needed(subject.database)
            return files.check_key_ring(subject.settings.key_file, needed)

        return report.learn(Check.KEY_RING, check)

    def _examine_database(self, report: "_Report", subject: Subject, queries: InstallationQueries, *, thorough: bool) -> None:
        database, now = subject.database, self._clock.now

        def clock() -> Sequence[Finding]:
            if not report.is_well(Check.SCHEMA):
                return databases.check_clock(database, now, newest_record=0)
            findings = databases.check_clock(database, now, queries.newest_moment(every=thorough))
            return [*findings, *_about_codes_of_the_future(queries, thorough=thorough), *_about_phones(queries, thorough=thorough)]

        def forwarded() -> Sequence[Finding]:
            forwarded, not_named = newest(database, FORWARDED_HEADER), newest(database, CLIENT_NOT_NAMED)
            return network.check_forwarded_headers(subject.settings, forwarded, not_named, now())

        def host() -> Sequence[Finding]:
            return network.check_host_header(subject.settings, newest(database, FOREIGN_HOST), now())

        report.add(Check.CLOCK, clock, Check.DATABASE)
        report.add(Check.FORWARDED_HEADERS, forwarded, Check.SCHEMA)
        report.add(Check.HOST_HEADER, host, Check.SCHEMA)
        report.add(Check.ENROLMENTS, lambda: _about_enrolments(queries), Check.SCHEMA)
        report.add(Check.RECOVERY_CODES, lambda: _about_recovery_codes(queries, thorough=thorough), Check.SCHEMA)
        report.add(Check.SECOND_FACTORS, lambda: _about_second_factors(queries, thorough=thorough), Check.SCHEMA)
        report.add(Check.CONNECTIONS, lambda: databases.check_connections(database, subject.demand), Check.DATABASE)


class _Report:
    """Collects findings. A check whose ground is missing is skipped, and says which."""

    def __init__(self, defaulted: frozenset[str]) -> None:
        self._defaulted = defaulted
        self._findings: list[Finding] = []

    def add(self, check: Check, work: Callable[[], Sequence[Finding]], *needs: Check) -> None:
        self.learn(check, lambda: (None, work()), *needs)

    def learn(self, check: Check, work: Callable[[], tuple[T, Sequence[Finding]]], *needs: Check) -> T | None:
        """Add a check that tells something besides its findings; None where it could not be made."""
        missing = [need for need in needs if not self.is_well(need)]
        if _FIELDS.get(check, frozenset()) & self._defaulted:
            missing = [Check.SETTINGS]
        if missing:
            self._findings.append(Finding(check, Problem.NOT_CHECKED, {"because": missing[0].value}))
            return None
        learnt, findings = run(check, work)
        self._findings += findings
        return learnt

    def is_well(self, check: Check) -> bool:
        severities = {finding.severity for finding in self._findings if finding.check is check}
        if not severities:
            raise LookupError(f"{check} has not been looked at yet")
        return severities == {Severity.OK}

    def says(self, problem: Problem) -> bool:
        return any(finding.problem is problem for finding in self._findings)

    def sorted(self) -> Sequence[Finding]:
        return sorted(self._findings, key=lambda finding: list(Check).index(finding.check))


def _examine_surroundings(report: _Report, subject: Subject) -> None:
    settings = subject.settings
    file = database_file(settings.url)
    report.add(Check.SETTINGS, lambda: _about_settings(subject.complaint))
    report.add(Check.KEYS_APART, lambda: files.check_keys_apart(settings.key_file, file))
    report.add(Check.FILE_MODES, lambda: files.check_file_modes(settings.key_file, file))
    report.add(Check.PUBLIC_URL, lambda: network.check_public_url(settings))
    report.add(Check.COOKIES, lambda: _about_cookies(settings))
    report.add(Check.PROXIES, lambda: network.check_proxies(settings))
    report.add(Check.DISK_SPACE, lambda: files.check_disk_space(settings.key_file, file))


def _about_settings(complaint: str) -> Sequence[Finding]:
    return [Finding(Check.SETTINGS, Problem.SETTINGS_UNUSABLE, {"complaint": complaint})] if complaint else []


def _about_cookies(settings: Settings) -> Sequence[Finding]:
    cookies = Cookies(settings)
    facts = {"name": cookies.name(Cookie.SESSION), "secure": cookies.secure}
    return [Finding(Check.COOKIES, Problem.COOKIES_UNPROTECTED if settings.plain_http_warning else None, facts)]


def _about_secrets(queries: InstallationQueries, *, thorough: bool) -> Sequence[Finding]:
    secrets = queries.try_secrets(every=thorough)
    facts = {"stored": secrets.stored, "tried": secrets.tried, "closed": secrets.closed, "rows": list(secrets.rows)}
    return [Finding(Check.SEALED_SECRETS, Problem.SECRETS_DO_NOT_OPEN if secrets.closed else None, facts)]


def _about_codes_of_the_future(queries: InstallationQueries, *, thorough: bool) -> Sequence[Finding]:
    accounts = [{"email": email} for email in queries.ahead(every=thorough)]
    return [Finding(Check.CLOCK, Problem.CODES_OF_THE_FUTURE, {"accounts": accounts})] if accounts else []


def _about_phones(queries: InstallationQueries, *, thorough: bool) -> Sequence[Finding]:
    agreed = queries.common_offset(every=thorough)
    if agreed is None:
        return []
    seconds = clock_offset_seconds(agreed.offset)
    facts = {"phones": agreed.phones, "seconds": abs(seconds), "direction": "ahead" if seconds > 0 else "behind"}
    return [Finding(Check.CLOCK, Problem.PHONES_AGREE, facts)]


def _about_enrolments(queries: InstallationQueries) -> Sequence[Finding]:
    count = queries.expired_enrolments()
    return [Finding(Check.ENROLMENTS, Problem.ENROLMENTS_EXPIRED, {"count": count})] if count else []


def _about_recovery_codes(queries: InstallationQueries, *, thorough: bool) -> Sequence[Finding]:
    accounts = [{"email": email, "left": left} for email, left in queries.short_of_codes(every=thorough)]
    return [Finding(Check.RECOVERY_CODES, Problem.FEW_RECOVERY_CODES, {"accounts": accounts})] if accounts else []


def _about_second_factors(queries: InstallationQueries, *, thorough: bool) -> Sequence[Finding]:
    accounts = [{"email": email, "method": method.value} for email, method in queries.suspended(every=thorough)]
    return [Finding(Check.SECOND_FACTORS, Problem.SECOND_FACTOR_SUSPENDED, {"accounts": accounts})] if accounts else []
