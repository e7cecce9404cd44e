"""A check from outside needs its definition, a line in the list of checks, and its words; and what the doctor makes of any check."""

from collections.abc import Callable, Sequence
from gettext import NullTranslations
from pathlib import Path

import pytest
from babel import Locale

from tests.doctor.conftest import sqlite_only
from tests.doctor.report import run_doctor
from tests.doctor.test_installation_card import renewed_card
from tests.support.browser import Browser
from tests.support.command_line import Shell
from tests.support.installation import install, make_settings
from tests.support.people import Person
from tests.support.settable_system import SettableClock
from xpressbot import bootstrap
from xpressbot.diagnostics.check import CHECK_FAILED, NOT_CHECKED, Check, CheckRun, ConnectionDemand, Finding, Problem, Severity
from xpressbot.diagnostics.doctor import Doctor
from xpressbot.entrypoints.http.app import create_app
from xpressbot.entrypoints.messages.findings import advice as words
from xpressbot.entrypoints.messages.findings.words import CheckWords, ProblemWords
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.read_only import open_for_reading

NO_BOTS = Problem("no_bots", Severity.WARNING)
BOTS = Check(
    "bots",
    lambda run: [Finding("bots", NO_BOTS, {"place": run.settings.public_url})],
    problems=(NO_BOTS,),
    needs=("schema",),
    fields=frozenset({"public_url"}),
)
OTHER = Problem("other", Severity.NOTE)
Made = Callable[..., list[tuple[str, Problem | None]]]


def register() -> None:
    """Add the check to the list, and its words to the words."""
    listed = bootstrap.doctor_checks

    def with_bots(system: System = bootstrap.DEFAULT_SYSTEM) -> Sequence[Check]:
        return (*listed(system), BOTS)

    bootstrap.doctor_checks = with_bots
    words.CHECKS["bots"] = CheckWords("Bots", "Some are there.")
    words.PROBLEMS["no_bots"] = ProblemWords("There is no bot at %(place)s.", "Make one.")


@pytest.fixture
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHECKS", "PROBLEMS"):
        monkeypatch.setattr(words, name, dict(getattr(words, name)))
    monkeypatch.setattr(bootstrap, "doctor_checks", bootstrap.doctor_checks)
    register()


@sqlite_only
def test_the_command_reports_a_check_from_outside(shell: Shell, anna: Person) -> None:
    """Last, as it was registered; what it needs and rests on is looked after."""
    outside = Shell(shell.directory, shell.settings, become=register)
    report = run_doctor(outside)
    assert (report.code, report.problems) == (1, {"no_bots"})
    assert report.findings[-1] == {
        "check": "bots",
        "severity": "warning",
        "problem": "no_bots",
        "what": "There is no bot at http://localhost:8000.",
        "remedy": "Make one.",
        "facts": {"place": "http://localhost:8000"},
    }
    for setting, because in (("XPRESSBOT_PUBLIC_URL", "Settings"), ("XPRESSBOT_DATABASE_URL", "Schema")):
        skipped = run_doctor(outside.with_settings(**{setting: "nonsense"})).findings[-1]
        assert (skipped["check"], skipped["problem"]) == ("bots", "not_checked")
        assert skipped["what"] == f"Not looked at before this is mended: {because}."


@sqlite_only
@pytest.mark.usefixtures("_registered")
def test_the_owners_page_shows_a_check_from_outside(tmp_path: Path, database_url: str) -> None:
    """Nothing of the page knows it."""
    installation = install(tmp_path, database_url)
    installation.add_account()
    owner = Browser(create_app(installation.services), installation.clock)
    owner.sign_in()
    said = renewed_card(owner, installation)
    installation.close()
    assert "Warning: Bots There is no bot at http://localhost:8000. Make one." in said


@pytest.fixture
def made_by(tmp_path: Path) -> Made:
    """What the doctor finds with these checks alone, of an installation that does not exist."""
    settings = make_settings(tmp_path, f"sqlite:///{tmp_path}/none.sqlite3")

    def made(*checks: Check, defaulted: frozenset[str] = frozenset()) -> list[tuple[str, Problem | None]]:
        doctor = Doctor(SettableClock(), checks)
        database = open_for_reading(settings.url)
        findings = doctor.run(settings, database, ConnectionDemand(1, 1), thorough=False, defaulted=defaulted)
        return [(finding.check, finding.problem) for finding in findings]

    return made


def well(name: str, needs: tuple[str, ...] = ()) -> Check:
    return Check(name, lambda _run: [], needs=needs)


def ill(name: str, needs: tuple[str, ...] = (), fields: frozenset[str] = frozenset()) -> Check:
    return Check(name, lambda _run: [Finding(name, OTHER)], problems=(OTHER,), needs=needs, fields=fields)


def test_a_check_cannot_need_one_that_is_not_made_before_it(made_by: Made) -> None:
    """The order of the checks is the program's own, and a wrong one is a bug that shows at the start."""
    with pytest.raises(ValueError, match="the check schema needs database before it"):
        made_by(well("schema", needs=("database",)), well("database"))
    assert made_by(well("database"), well("schema", needs=("database",))) == [("database", None), ("schema", None)]


def test_a_check_is_not_made_without_what_it_needs_or_rests_on(made_by: Made) -> None:
    """Neither where another found something, nor where that one was not made itself."""
    first, second, third = ill("first"), well("second", needs=("first",)), well("third", needs=("second",))
    assert made_by(first, second, third) == [("first", OTHER), ("second", NOT_CHECKED), ("third", NOT_CHECKED)]
    rests = ill("fourth", fields=frozenset({"public_url"}))
    assert made_by(rests, defaulted=frozenset({"public_url"})) == [("fourth", NOT_CHECKED)]
    assert made_by(rests, defaulted=frozenset({"log_level"})) == [("fourth", OTHER)]


def raise_a_bug(_run: CheckRun) -> Sequence[Finding]:
    raise RuntimeError("a bug")


@pytest.mark.parametrize(
    "broken",
    [
        raise_a_bug,
        lambda _run: [Finding("broken", OTHER)],
        lambda _run: [Finding("another", None)],
        lambda run: [Finding("broken", None if run.is_well("another") else OTHER)],
    ],
    ids=["raises", "finds what it does not declare", "speaks for another", "asks for what was not made"],
)
def test_a_check_with_a_bug_has_failed_and_the_others_are_made(made_by: Made, broken: Callable[[CheckRun], Sequence[Finding]]) -> None:
    """What was not declared may have no words."""
    assert made_by(Check("broken", broken), ill("last")) == [("broken", CHECK_FAILED), ("last", OTHER)]


def test_two_checks_of_one_name_are_one_line_in_the_place_of_the_first(made_by: Made) -> None:
    """That all is well is said once and only where nothing is wrong; that one was not made, only where both were not."""
    assert made_by(well("clock"), ill("other"), well("clock")) == [("clock", None), ("other", OTHER)]
    assert made_by(well("clock"), ill("clock")) == made_by(ill("clock"), well("clock")) == [("clock", OTHER)]
    assert made_by(ill("clock"), ill("clock")) == [("clock", OTHER)] * 2
    assert made_by(ill("base"), well("clock"), ill("clock", needs=("base",))) == [("base", OTHER), ("clock", None)]
    assert made_by(ill("base"), ill("clock"), ill("clock", needs=("base",))) == [("base", OTHER), ("clock", OTHER)]
    skipped = [ill("clock", needs=("base",)), ill("clock", needs=("base",))]
    assert made_by(ill("base"), *skipped) == [("base", OTHER), ("clock", NOT_CHECKED)]
    assert made_by(well("clock"), ill("clock"), well("last", needs=("clock",)))[-1] == ("last", NOT_CHECKED)


def test_a_later_check_knows_what_the_earlier_ones_found(made_by: Made) -> None:
    """A problem, and whether a check is well."""

    def ask(run: CheckRun) -> Sequence[Finding]:
        known = (run.is_well("first"), run.is_well("second"), run.has_found(OTHER), run.has_found(NO_BOTS))
        return [] if known == (True, False, True, False) else [Finding("third", NO_BOTS)]

    assert made_by(well("first"), ill("second"), Check("third", ask, problems=(NO_BOTS,)))[-1] == ("third", None)


class Bracketing(NullTranslations):
    """Answers each text in brackets."""

    def gettext(self, message: str) -> str:
        return f"[{message}]"


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (
            Finding("disk_space", Problem("disk_low", Severity.WARNING), {"directory": "/data", "free": 5 * 1024**2}),
            (
                "[Warning]",
                "[Disk space]",
                "[The disk of /data has [5 MiB] left.]",
                "[Make room before it is full: then all sign-ins fail.]",
            ),
        ),
        (
            Finding("schema", NOT_CHECKED, {"because": "database"}),
            ("[Not checked]", "[Schema]", "[Not looked at before this is mended: [Database].]", ""),
        ),
        (Finding("proxies", None, {"networks": []}), ("[OK]", "[Proxies]", "[None is named, and none is needed.]", "")),
    ],
    ids=lambda value: value.check if isinstance(value, Finding) else "",
)
def test_findings_are_said_in_the_language_of_the_texts_they_are_shown_with(finding: Finding, said: Sequence[str]) -> None:
    """Titles, sentences, remedies and the values within them are looked up when a finding is shown."""
    shown = words.advice(Texts(Locale("en"), Bracketing()), finding)
    assert (shown.severity, shown.title, shown.what, shown.remedy) == said
