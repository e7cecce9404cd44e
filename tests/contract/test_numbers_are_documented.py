"""The tables of throttling and of parameters against the constants (ASVS 6.1.1)."""

import importlib
import inspect
import pkgutil
import re
from types import ModuleType

import pytest

from tests.contract.documents import read, table
from xpressbot import entrypoints
from xpressbot.entrypoints import http
from xpressbot.foundation import database, diagnosis
from xpressbot.foundation.times import DAY, HOUR, MINUTE, SECOND
from xpressbot.identity import adapters, application, domain
from xpressbot.identity.expiry import removal as expiry
from xpressbot.identity.expiry import rules as retention
from xpressbot.identity.expiry.rules import Transient
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.throttling.rules import Bucket, Policy

MILLISECOND = SECOND // 1000
UNITS = {"µs": SECOND // 10**6, "ms": MILLISECOND, "s": SECOND, "min": MINUTE, "h": HOUR, "days": DAY, "MiB": 1024**2, "GiB": 1024**3}
POLICIES = {name: value for name, value in vars(throttle).items() if isinstance(value, Policy)}
COLUMNS = {
    "Free tries": "free",
    "First wait": "first_delay",
    "Longest wait": "longest_delay",
    "Count starts anew after": "window",
    "Alarm at": "alarm_at",
    "Suspended at": "suspend_at",
    "Forgotten after its last try": "forgotten_after",
}
UNITS_OF_TIME = "instant"
SWEPT = {
    Transient.SESSION: "sessions",
    Transient.PENDING_SIGN_IN: "pending sign-ins",
    Transient.LINK: "links",
    Transient.ENROLMENT: "unfinished set-ups of 2FA",
    Transient.DEVICE: "known browsers",
    Transient.NETWORK_COUNT: "counts of networks",
    Transient.PASSWORD_COUNT: "counts of passwords",
    Transient.STRANGER_COUNT: "strangers' counts of passwords",
    Transient.LINK_COUNT: "counts of links",
}
"""The kinds as the table of what is kept how long calls them."""
PARAMETERS = table("docs/parameters.md", "What")


def test_the_throttling_table_has_every_policy_with_its_numbers() -> None:
    """Each policy of throttle.py is one row, and each of its fields one column."""
    documented = {
        row["Policy"]: {field: _value(row[column]) for column, field in COLUMNS.items()} for row in table("docs/operations.md", "Policy")
    }
    assert {name: {field: getattr(policy, field) for field in COLUMNS.values()} for name, policy in POLICIES.items()} == documented
    assert set(COLUMNS.values()) == set(Policy.__dataclass_fields__)


def test_the_table_of_waits_is_what_the_policies_give() -> None:
    """Each wait in the table is the one that the code computes, from the last free try to the longest wait of both."""
    rows = table("docs/operations.md", "Tries in a row")
    for row in rows:
        tries = int(row["Tries in a row"])
        waits = [_value("0" if row[column] == "none" else row[column]) for column in ("Password", "Second factor")]
        assert [throttle.PASSWORD.delay_after(tries), throttle.SECOND_FACTOR.delay_after(tries)] == waits, tries
    assert throttle.SECOND_FACTOR.free - 1 == int(rows[0]["Tries in a row"])
    assert throttle.SECOND_FACTOR.delay_after(int(rows[-1]["Tries in a row"])) == throttle.SECOND_FACTOR.longest_delay


def test_the_table_of_buckets_names_policies_that_exist() -> None:
    """Each bucket of throttle.py has a row, under its own policy."""
    makers = [
        maker for maker in vars(throttle).values() if inspect.isfunction(maker) and inspect.signature(maker).return_annotation is Bucket
    ]
    assert [maker("x").policy for maker in makers] == [POLICIES[row["Policy"]] for row in table("docs/operations.md", "Bucket")]


@pytest.mark.parametrize("row", PARAMETERS, ids=lambda row: row["Constant"])
def test_a_parameter_in_the_table_has_the_value_of_the_code(row: dict[str, str]) -> None:
    """The number in the second column is the constant in the third."""
    name = row["Constant"]
    expected = _value(row["Value"])
    actual = _constant(name)
    assert (actual * SECOND if name.endswith("_SECONDS") else actual) == expected


def test_every_number_of_the_domain_is_in_the_table() -> None:
    """A constant that is added to a rule is added to the table, or is one of the policies' own."""
    documented = {row["Constant"].partition("[")[0] for row in PARAMETERS}
    numbers = {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in _modules(domain)
        if not module.__name__.endswith(f".{UNITS_OF_TIME}")
        for name in re.findall(r"^([A-Z][A-Z0-9_]*): Final = ", _source(module), re.MULTILINE)
        if isinstance(getattr(module, name), int | dict)
    }
    assert set() == numbers - documented


def test_the_prose_repeats_numbers_of_the_throttling_truly() -> None:
    """Sentences that repeat a number do so in words that the code's numbers make."""
    from xpressbot.identity.factors.rules import ENROLMENT_TRIES
    from xpressbot.identity.sessions.rules.session import STEP_UP_TRIES

    text = read("docs/operations.md")
    assert f"gives {STEP_UP_TRIES} tries a session" in text
    assert f"gives {ENROLMENT_TRIES} tries, then the\n  secret is discarded" in text


def test_the_table_of_what_is_kept_repeats_the_retention_truly() -> None:
    """Each kind of rows that is swept has its row, with the time it is kept."""
    rows = {row["Rows"].partition(",")[0]: row["Removed"] for row in table("docs/operations.md", "Rows")}
    documented = {kind: _value(" ".join(rows[words].split()[:2])) for kind, words in SWEPT.items()}
    assert documented == {kind: -retention.cutoff(kind, 0).ended_by for kind in Transient}
    assert f"batches of {expiry.BATCH} rows, at most {expiry.BATCH * expiry.BATCHES_IN_A_ROUND:,} of a kind" in read("docs/operations.md")
    assert f"heard of for {expiry.LEASE_TERM // SECOND} s" in read("docs/operations.md")


def _value(text: str) -> int | None:
    if text == "-":
        return None
    number, _space, unit = text.partition(" ")
    return int(number) * UNITS.get(unit, 1)


def _constant(name: str) -> int:
    module_name, _dot, rest = name.partition(".")
    modules = {
        module.__name__.rpartition(".")[2]: module
        for package in (http, application, domain, adapters, database, diagnosis, entrypoints)
        for module in _modules(package)
    }
    constant, _bracket, key = rest.rstrip("]").partition("[")
    value = getattr(modules[module_name], constant)
    number: int = value[LinkKind[key]] if key else value
    return number


def _modules(package: ModuleType) -> list[ModuleType]:
    found = pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    return [importlib.import_module(info.name) for info in found if not info.ispkg]


def _source(module: ModuleType) -> str:
    from pathlib import Path

    assert module.__file__ is not None
    return Path(module.__file__).read_text("utf-8")
