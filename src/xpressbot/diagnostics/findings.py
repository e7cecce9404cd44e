"""What a doctor can find: closed lists of checks and problems. The words for them are an entrypoint's."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

T = TypeVar("T")

_LOG = structlog.get_logger("xpressbot.diagnostics")


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
    ENCODING = "encoding"
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
    HOST_HEADER = "host_header"
    ENROLMENTS = "enrolments"
    RECOVERY_CODES = "recovery_codes"
    SECOND_FACTORS = "second_factors"
    CONNECTIONS = "connections"
    DISK_SPACE = "disk_space"


class Problem(StrEnum):
    """What can be found, and how much each matters."""

    severity: Severity

    def __new__(cls, value: str, severity: Severity) -> Self:
        problem = str.__new__(cls, value)
        problem._value_ = value
        problem.severity = severity
        return problem

    NOT_CHECKED = "not_checked", Severity.SKIPPED
    CHECK_FAILED = "check_failed", Severity.ERROR
    SETTINGS_UNUSABLE = "settings_unusable", Severity.ERROR
    DATABASE_MISSING = "database_missing", Severity.ERROR
    DATABASE_UNREACHABLE = "database_unreachable", Severity.ERROR
    DATABASE_LOCKED = "database_locked", Severity.ERROR
    DATABASE_DAMAGED = "database_damaged", Severity.ERROR
    ENCODING_NOT_UNICODE = "encoding_not_unicode", Severity.ERROR
    SCHEMA_MISSING = "schema_missing", Severity.ERROR
    SCHEMA_OLDER = "schema_older", Severity.ERROR
    SCHEMA_MIGRATED_BY_START = "schema_migrated_by_start", Severity.WARNING
    SCHEMA_NEWER = "schema_newer", Severity.ERROR
    KEY_RING_NOT_MADE = "key_ring_not_made", Severity.NOTE
    KEY_RING_MISSING = "key_ring_missing", Severity.ERROR
    KEY_RING_UNREADABLE = "key_ring_unreadable", Severity.ERROR
    KEY_RING_DAMAGED = "key_ring_damaged", Severity.ERROR
    KEY_RING_FORMAT_UNKNOWN = "key_ring_format_unknown", Severity.ERROR
    KEY_MISSING = "key_missing", Severity.ERROR
    KEY_DOUBLED = "key_doubled", Severity.WARNING
    LOOKUP_KEY_DIFFERS = "lookup_key_differs", Severity.ERROR
    SECRETS_DO_NOT_OPEN = "secrets_do_not_open", Severity.ERROR
    KEYS_BESIDE_DATA = "keys_beside_data", Severity.WARNING
    KEY_RING_OPEN_TO_OTHERS = "key_ring_open_to_others", Severity.ERROR
    KEY_RING_MOUNTED_OPEN_TO_OTHERS = "key_ring_mounted_open_to_others", Severity.ERROR
    KEY_RING_READ_ONLY = "key_ring_read_only", Severity.NOTE
    KEY_DIRECTORY_WRITABLE = "key_directory_writable", Severity.ERROR
    DATA_DIRECTORY_WRITABLE = "data_directory_writable", Severity.ERROR
    DATA_OPEN_TO_OTHERS = "data_open_to_others", Severity.ERROR
    PARENT_DIRECTORY_WRITABLE = "parent_directory_writable", Severity.ERROR
    OWNERS_DIFFER = "owners_differ", Severity.ERROR
    CLOCK_DIFFERS = "clock_differs", Severity.WARNING
    CLOCK_FAR_OFF = "clock_far_off", Severity.ERROR
    CLOCK_SET_BACK = "clock_set_back", Severity.ERROR
    CODES_OF_THE_FUTURE = "codes_of_the_future", Severity.ERROR
    PHONES_AGREE = "phones_agree", Severity.WARNING
    PUBLIC_URL_PLAIN = "public_url_plain", Severity.WARNING
    PUBLIC_URL_UNREACHABLE = "public_url_unreachable", Severity.ERROR
    COOKIES_UNPROTECTED = "cookies_unprotected", Severity.WARNING
    PROXIES_UNNAMED = "proxies_unnamed", Severity.WARNING
    PROXIES_TOO_WIDE = "proxies_too_wide", Severity.ERROR
    FORWARDED_BY_UNKNOWN = "forwarded_by_unknown", Severity.WARNING
    CLIENT_NOT_NAMED = "client_not_named", Severity.WARNING
    HOST_NOT_PASSED_ON = "host_not_passed_on", Severity.WARNING
    ENROLMENTS_EXPIRED = "enrolments_expired", Severity.NOTE
    FEW_RECOVERY_CODES = "few_recovery_codes", Severity.WARNING
    SECOND_FACTOR_SUSPENDED = "second_factor_suspended", Severity.WARNING
    CONNECTIONS_TOO_FEW = "connections_too_few", Severity.ERROR
    CONNECTIONS_NEARLY_USED = "connections_nearly_used", Severity.WARNING
    DISK_LOW = "disk_low", Severity.WARNING
    DISK_FULL = "disk_full", Severity.ERROR


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says: one problem, or with none that all is well. The facts go into its words; none is a secret."""

    check: Check
    problem: Problem | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return Severity.OK if self.problem is None else self.problem.severity


def run(check: Check, work: Callable[[], tuple[T, Sequence[Finding]]]) -> tuple[T | None, Sequence[Finding]]:
    """What a check learns and finds: that all is well when it finds nothing, and that it failed when it raises."""
    try:
        learnt, findings = work()
    except (SQLAlchemyError, OSError) as error:
        _LOG.warning("diagnostics.not_possible", check=check.value, error=type(error).__name__)
        return None, [Finding(check, Problem.CHECK_FAILED, {"error": said_by(error)})]
    except Exception as error:  # noqa: BLE001  # one check's bug must hide neither the others nor the page they stand on
        _LOG.exception("diagnostics.failed", check=check.value)
        return None, [Finding(check, Problem.CHECK_FAILED, {"error": type(error).__name__})]
    return learnt, findings or [Finding(check)]


def said_by(error: Exception) -> str:
    """The first line of what a library said."""
    text = str(getattr(error, "orig", None) or error)
    return text.strip().partition("\n")[0] or type(error).__name__
