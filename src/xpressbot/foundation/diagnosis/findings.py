"""What a doctor can find: closed lists of checks and problems. The words for them are an entrypoint's."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

_LOG = structlog.get_logger("xpressbot.diagnosis")


class Severity(StrEnum):
    """How much a finding matters. Only warnings and errors call for somebody."""

    OK = "ok"
    NOTE = "note"
    SKIPPED = "skipped"
    """Not looked at, because of an error that another check tells."""
    WARNING = "warning"
    ERROR = "error"


class Check(StrEnum):
    """What is looked at, in the order of the report."""

    SETTINGS = "settings"
    DATABASE = "database"
    SCHEMA = "schema"
    KEY_RING = "key_ring"
    SEALED_SECRETS = "sealed_secrets"
    KEYS_APART = "keys_apart"
    FILE_MODES = "file_modes"
    CLOCK = "clock"
    PUBLIC_URL = "public_url"
    COOKIES = "cookies"
    PROXIES = "proxies"
    FORWARDED_HEADERS = "forwarded_headers"
    ENROLMENTS = "enrolments"
    RECOVERY_CODES = "recovery_codes"
    SECOND_FACTORS = "second_factors"
    CONNECTIONS = "connections"
    DISK_SPACE = "disk_space"


class Problem(StrEnum):
    """What can be found."""

    NOT_CHECKED = "not_checked"
    CHECK_FAILED = "check_failed"
    SETTINGS_UNUSABLE = "settings_unusable"
    DATABASE_MISSING = "database_missing"
    DATABASE_UNREACHABLE = "database_unreachable"
    DATABASE_LOCKED = "database_locked"
    DATABASE_DAMAGED = "database_damaged"
    SCHEMA_MISSING = "schema_missing"
    SCHEMA_OLDER = "schema_older"
    SCHEMA_MIGRATED_BY_START = "schema_migrated_by_start"
    SCHEMA_NEWER = "schema_newer"
    KEY_RING_NOT_MADE = "key_ring_not_made"
    KEY_RING_MISSING = "key_ring_missing"
    KEY_RING_UNREADABLE = "key_ring_unreadable"
    KEY_RING_DAMAGED = "key_ring_damaged"
    KEY_RING_FORMAT_UNKNOWN = "key_ring_format_unknown"
    KEY_MISSING = "key_missing"
    KEY_DOUBLED = "key_doubled"
    LOOKUP_KEY_DIFFERS = "lookup_key_differs"
    SECRETS_DO_NOT_OPEN = "secrets_do_not_open"
    KEYS_BESIDE_DATA = "keys_beside_data"
    KEY_RING_OPEN_TO_OTHERS = "key_ring_open_to_others"
    KEY_DIRECTORY_WRITABLE = "key_directory_writable"
    DATA_OPEN_TO_OTHERS = "data_open_to_others"
    CLOCK_DIFFERS = "clock_differs"
    CLOCK_FAR_OFF = "clock_far_off"
    CLOCK_SET_BACK = "clock_set_back"
    PUBLIC_URL_PLAIN = "public_url_plain"
    PUBLIC_URL_UNREACHABLE = "public_url_unreachable"
    COOKIES_UNPROTECTED = "cookies_unprotected"
    PROXIES_UNNAMED = "proxies_unnamed"
    PROXIES_TOO_WIDE = "proxies_too_wide"
    FORWARDED_BY_UNKNOWN = "forwarded_by_unknown"
    ENROLMENTS_EXPIRED = "enrolments_expired"
    FEW_RECOVERY_CODES = "few_recovery_codes"
    SECOND_FACTOR_SUSPENDED = "second_factor_suspended"
    CONNECTIONS_TOO_FEW = "connections_too_few"
    CONNECTIONS_NEARLY_USED = "connections_nearly_used"
    DISK_LOW = "disk_low"
    DISK_FULL = "disk_full"


_LIGHTER_THAN_ERRORS: Final = {
    Problem.NOT_CHECKED: Severity.SKIPPED,
    Problem.KEY_RING_NOT_MADE: Severity.NOTE,
    Problem.ENROLMENTS_EXPIRED: Severity.NOTE,
    Problem.SCHEMA_MIGRATED_BY_START: Severity.WARNING,
    Problem.KEY_DOUBLED: Severity.WARNING,
    Problem.KEYS_BESIDE_DATA: Severity.WARNING,
    Problem.CLOCK_DIFFERS: Severity.WARNING,
    Problem.PUBLIC_URL_PLAIN: Severity.WARNING,
    Problem.COOKIES_UNPROTECTED: Severity.WARNING,
    Problem.PROXIES_UNNAMED: Severity.WARNING,
    Problem.FORWARDED_BY_UNKNOWN: Severity.WARNING,
    Problem.FEW_RECOVERY_CODES: Severity.WARNING,
    Problem.SECOND_FACTOR_SUSPENDED: Severity.WARNING,
    Problem.CONNECTIONS_NEARLY_USED: Severity.WARNING,
    Problem.DISK_LOW: Severity.WARNING,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says: one problem, or with none that all is well. The facts go into its words; none is a secret."""

    check: Check
    problem: Problem | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return Severity.OK if self.problem is None else _LIGHTER_THAN_ERRORS.get(self.problem, Severity.ERROR)


def run(check: Check, work: Callable[[], Sequence[Finding]]) -> Sequence[Finding]:
    """What a check finds: that all is well when it finds nothing, and that it failed when it raises."""
    try:
        return work() or [Finding(check)]
    except (SQLAlchemyError, OSError) as error:
        _LOG.warning("diagnosis.not_possible", check=check.value, error=type(error).__name__)
        return [Finding(check, Problem.CHECK_FAILED, {"error": said_by(error)})]
    except Exception as error:  # noqa: BLE001  # one check's bug must hide neither the others nor the page they stand on
        _LOG.exception("diagnosis.failed", check=check.value)
        return [Finding(check, Problem.CHECK_FAILED, {"error": type(error).__name__})]


def said_by(error: Exception) -> str:
    """The first line of what a library said."""
    text = str(getattr(error, "orig", None) or error)
    return text.strip().partition("\n")[0] or type(error).__name__
