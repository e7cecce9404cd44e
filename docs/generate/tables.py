"""The tables that are generated, each from the closed list or the constants that it tells of."""

from collections.abc import Sequence
from dataclasses import fields
from enum import Enum

from docs.generate.constants import duration, parameters, written
from docs.generate.log_lines import log_lines
from docs.generate.markdown import Cells, Table
from docs.generate.running import running_tables
from xpressbot.bootstrap import DEFAULT_SYSTEM, doctor_checks
from xpressbot.chat import retention as retention_of_chat
from xpressbot.diagnostics.check import COMMON_PROBLEMS
from xpressbot.foundation.crypto.encryption import Encryption, KeyedDigests
from xpressbot.foundation.crypto.key_ring import EMPTY_KEY_RING
from xpressbot.foundation.entropy import SystemEntropy
from xpressbot.foundation.settings import PREFIX, Settings
from xpressbot.identity.audit.rules.event import EventKind, NoticeRule
from xpressbot.identity.factors.recovery_codes.kind import check_bucket
from xpressbot.identity.factors.registry import all_kinds
from xpressbot.identity.throttling import rules as throttling
from xpressbot.identity.throttling.rules import Policy
from xpressbot.identity.use_cases import expiring_rows

_KINDS = all_kinds(Encryption(EMPTY_KEY_RING, SystemEntropy(), lambda: EMPTY_KEY_RING), KeyedDigests(EMPTY_KEY_RING), DEFAULT_SYSTEM)
_OPERATIONS = "docs/operations.md"
_COLUMNS = {
    "free": "Free tries",
    "first_delay": "First wait",
    "longest_delay": "Longest wait",
    "window": "Count starts anew after",
    "alarm_at": "Alarm at",
    "suspend_at": "Suspended at",
    "forgotten_after": "Forgotten after its last try",
}
"""The fields of a policy, and what their columns are called."""
_COUNTS = {"free", "alarm_at", "suspend_at"}
_POLICIES = {name: value for name, value in vars(throttling).items() if isinstance(value, Policy)}


def all_tables() -> Sequence[Table]:
    """Every generated table of every document."""
    return [
        _parameters(),
        Table("docs/settings.md", "settings", ["Setting"], _settings(), "What it does"),
        Table("README.md", "settings", ["Setting"], _defaults(), "What it is for", in_order=False, is_selection=True),
        Table("docs/security-events.md", "security events", ["Event"], _events(), "Recorded when"),
        Table("docs/doctor.md", "checks", ["Check"], {(_code(check.name),): {} for check in doctor_checks()}, "What is looked at"),
        Table("docs/doctor.md", "problems", ["Problem"], _problems(), "Meaning"),
        Table(_OPERATIONS, "policies", ["Policy"], {(_code(name),): _policy(policy) for name, policy in _POLICIES.items()}),
        Table(_OPERATIONS, "waits", ["Tries in a row"], _waits()),
        Table(_OPERATIONS, "buckets", ["Bucket"], _buckets(), "Counts together"),
        Table(_OPERATIONS, "retention", ["Rows"], _retention(), "After"),
        Table(_OPERATIONS, "log lines", ["Event"], log_lines(), "Meaning", in_order=False),
        *running_tables(),
    ]


def _parameters() -> Table:
    return Table(
        "docs/parameters.md",
        "parameters",
        ["Constant"],
        {(_code(path),): {} for path in parameters()},
        "What",
        may_be_split=True,
        rewritten=lambda row: {"Value": written(row["Constant"].strip("`"), row["Value"])},
    )


def _settings() -> dict[tuple[str, ...], Cells]:
    rows: dict[tuple[str, ...], Cells] = {}
    for name, field in Settings.model_fields.items():
        cells = {"Default": _default(field.default)}
        choices = [True, False] if field.annotation is bool else getattr(field.annotation, "__args__", ())
        if choices and all(isinstance(choice, bool | str) for choice in choices):
            cells["Values"] = ", ".join(map(_default, choices))
        rows[(_code(f"{PREFIX}{name.upper()}"),)] = cells
    return rows


def _defaults() -> dict[tuple[str, ...], Cells]:
    return {key: {"Default": cells["Default"]} for key, cells in _settings().items()}


def _default(value: object) -> str:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool):
        value = str(value).lower()
    return "(empty)" if value in ("", (), None) else _code(str(value))


def _events() -> dict[tuple[str, ...], Cells]:
    return {(_code(kind.value),): {"Details": ", ".join(kind.details), "Notice": _notice(kind.notice)} for kind in EventKind}


def _notice(rule: NoticeRule | None) -> str:
    if rule is None:
        return ""
    if rule.is_first:
        return "yes, first"
    return "yes, merged" if rule.is_merged else "yes"


def _problems() -> dict[tuple[str, ...], Cells]:
    problems = [*COMMON_PROBLEMS, *(problem for check in doctor_checks() for problem in check.problems)]
    return {(_code(problem.code),): {"Severity": problem.severity.value} for problem in problems}


def _policy(policy: Policy) -> Cells:
    cells = {}
    for field in fields(policy):
        value = getattr(policy, field.name)
        number = str(value) if field.name in _COUNTS else duration(value or 0)
        cells[_COLUMNS[field.name]] = "-" if value is None else number
    return cells


def _waits() -> dict[tuple[str, ...], Cells]:
    """From the last free try to the longest wait of both."""
    rows: dict[tuple[str, ...], Cells] = {}
    tries = throttling.SECOND_FACTOR.free - 1
    while not rows or throttling.SECOND_FACTOR.delay_after(tries - 1) < throttling.SECOND_FACTOR.longest_delay:
        waits = {"Password": throttling.PASSWORD, "Second factor": throttling.SECOND_FACTOR}
        rows[(str(tries),)] = {name: duration(wait) if (wait := policy.delay_after(tries)) else "none" for name, policy in waits.items()}
        tries += 1
    return rows


def _buckets() -> dict[tuple[str, ...], Cells]:
    """What each package keeps counts of; the tries of one session and of one set-up, which end with it, are told apart from them."""
    buckets = [throttling.known_browser(""), throttling.stranger(""), throttling.network(""), throttling.link_forms("")]
    buckets += [throttling.new_passwords(""), throttling.password_requests(""), throttling.email_links(""), throttling.exports("")]
    buckets += [throttling.invitations(""), throttling.reset_requests("")]
    buckets += [*(kind.bucket("") for kind in _KINDS), check_bucket("")]
    names = {id(policy): name for name, policy in _POLICIES.items()}
    return {(_code(bucket.name),): {"Policy": _code(names[id(bucket.policy)])} for bucket in buckets}


def _retention() -> dict[tuple[str, ...], Cells]:
    of_chat = retention_of_chat.expiring_rows(Settings.model_fields["keep_conversations_days"].default)
    return {(_code(rows.name),): {"Kept for": duration(rows.kept)} for rows in [*expiring_rows(_KINDS), *of_chat]}


def _code(text: str) -> str:
    return f"`{text}`"
