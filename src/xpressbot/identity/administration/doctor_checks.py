"""What the doctor checks of accounts, whatever their factors: encrypted secrets, suspended factors, and what tells of a wrong clock."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

from xpressbot.diagnostics.check import NOT_CHECKED, Check, CheckRun, Finding, Problem, Severity
from xpressbot.diagnostics.database_checks import CLOCK, CLOCK_TOLERANCE, SCHEMA
from xpressbot.diagnostics.key_checks import KEY_RING
from xpressbot.foundation.crypto.key_ring import EMPTY_KEY_RING, KeyRing
from xpressbot.foundation.database.engine import Database
from xpressbot.foundation.times import SECOND
from xpressbot.identity.administration.installation_queries import InstallationQueries

SECRETS_DO_NOT_OPEN: Final = Problem("secrets_do_not_open", Severity.ERROR)
CLOCK_SET_BACK: Final = Problem("clock_set_back", Severity.ERROR)
ENROLMENTS_EXPIRED: Final = Problem("enrolments_expired", Severity.NOTE)
SECOND_FACTOR_SUSPENDED: Final = Problem("second_factor_suspended", Severity.WARNING)

ENCRYPTED_SECRETS_CHECK: Final = "encrypted_secrets"
"""Its facts `tried` and `stored` say how many secrets were looked at."""


class QueriesOf(Protocol):
    """Makes the reads over all accounts of a database, with the keys that are at hand."""

    def __call__(self, database: Database, ring: KeyRing) -> InstallationQueries: ...


class AccountChecks(NamedTuple):
    """The checks by name, since the report has them in several places."""

    encrypted_secrets: Check
    clock: Check
    enrolments: Check
    second_factors: Check


def account_checks(queries_of: QueriesOf) -> AccountChecks:
    """Make the checks."""

    def asking(look: Callable[[CheckRun, InstallationQueries], Sequence[Finding]]) -> Callable[[CheckRun], Sequence[Finding]]:
        return lambda run: look(run, queries_of(run.database, run.key_ring or EMPTY_KEY_RING))

    needs = (SCHEMA,)
    return AccountChecks(
        Check(ENCRYPTED_SECRETS_CHECK, asking(_check_secrets), problems=(SECRETS_DO_NOT_OPEN,), needs=needs),
        Check(CLOCK.name, asking(_check_times), problems=(CLOCK_SET_BACK,), needs=needs),
        Check("enrolments", asking(_check_enrolments), problems=(ENROLMENTS_EXPIRED,), needs=needs),
        Check("second_factors", asking(_check_second_factors), problems=(SECOND_FACTOR_SUSPENDED,), needs=needs),
    )


def _check_secrets(run: CheckRun, queries: InstallationQueries) -> Sequence[Finding]:
    """Whether what is encrypted can be decrypted with the ring that was read, whatever else is wrong with that ring."""
    if run.key_ring is None:
        return [Finding(ENCRYPTED_SECRETS_CHECK, NOT_CHECKED, {"because": KEY_RING.name})]
    secrets = queries.try_secrets(every=run.thorough)
    facts = {"stored": secrets.stored, "tried": secrets.tried, "closed": secrets.closed, "rows": list(secrets.rows)}
    return [Finding(ENCRYPTED_SECRETS_CHECK, SECRETS_DO_NOT_OPEN if secrets.closed else None, facts)]


def _check_times(run: CheckRun, queries: InstallationQueries) -> Sequence[Finding]:
    """Whether records tell that this machine's clock was set back, or was ahead before."""
    newest = queries.newest_moment(every=run.thorough)
    behind = newest - run.now()
    if behind <= CLOCK_TOLERANCE:
        return []
    return [Finding(CLOCK.name, CLOCK_SET_BACK, {"seconds": behind // SECOND, "newest": newest})]


def _check_enrolments(_run: CheckRun, queries: InstallationQueries) -> Sequence[Finding]:
    count = queries.expired_enrolments()
    return [Finding("enrolments", ENROLMENTS_EXPIRED, {"count": count})] if count else []


def _check_second_factors(run: CheckRun, queries: InstallationQueries) -> Sequence[Finding]:
    accounts = [{"email": email, "method": method} for email, method in queries.suspended(every=run.thorough)]
    return [Finding("second_factors", SECOND_FACTOR_SUSPENDED, {"accounts": accounts})] if accounts else []
