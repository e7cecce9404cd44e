"""xpressbot doctor as a whole: what it says when all is well, how it ends, and that it changes nothing."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text, update

from tests.doctor.conftest import sqlite_only
from tests.doctor.report import run_doctor
from tests.support.command_line import Shell
from tests.support.installation import Installation
from tests.support.people import Person
from xpressbot.bootstrap import doctor_checks
from xpressbot.diagnostics import network_checks as network
from xpressbot.identity.tables import ACCOUNT, RECOVERY_CODE

CHECKS = list(dict.fromkeys(check.name for check in doctor_checks()))
ENTRY = ["check", "severity", "problem", "what", "remedy", "facts"]


def test_all_is_well_with_an_installation_that_is(shell: Shell, anna: Person) -> None:
    """Every check says so, in its order, with the number of secrets that were tried; the exit code is 0."""
    answer = shell.run("doctor", "--json")
    assert (answer.code, answer.err) == (0, "")
    said = json.loads(answer.out)
    assert (said["format"], said["worst"]) == (1, "ok")
    assert [finding["check"] for finding in said["findings"]] == CHECKS
    assert {finding["severity"] for finding in said["findings"]} == {"ok"}
    assert all(list(finding) == ENTRY for finding in said["findings"])
    (secrets,) = [finding["facts"] for finding in said["findings"] if finding["check"] == "encrypted_secrets"]
    assert secrets == {"stored": 11, "tried": 11, "closed": 0, "rows": []}
    assert anna.account.email not in answer.out


def test_people_read_a_line_for_each_check_and_one_for_each_remedy(shell: Shell, installation: Installation, anna: Person) -> None:
    """The words for what matters come first; warnings alone end with 1."""
    use_up(installation, but=2)
    answer = shell.run("doctor")
    assert (answer.code, answer.err) == (1, "")
    lines = answer.out.splitlines()
    assert len(lines) == len(CHECKS) + 1
    assert lines[0] == "OK           Settings: All are known and usable."
    (warning,) = [number for number, line in enumerate(lines) if line.startswith("Warning ")]
    assert lines[warning] == f"Warning      Recovery codes: Recovery codes run out (how many are left): {anna.account.email} (2)."
    assert lines[warning + 1].startswith(" " * 13 + "Ask these people to make a new set")


@sqlite_only
def test_what_does_not_apply_is_not_praised(shell: Shell, installation: Installation) -> None:
    """With nothing encrypted none was tried, and an embedded database has no connections to run out of."""
    said = {finding["check"]: finding["what"] for finding in run_doctor(shell).findings}
    assert said["encrypted_secrets"] == "Nothing is encrypted yet."
    assert said["connections"] == "SQLite has no such limit."


def test_an_error_ends_with_2_whatever_else_is_found(shell: Shell, installation: Installation, anna: Person) -> None:
    """An error and a warning: 2."""
    use_up(installation, but=0)
    installation.services.settings.key_file.chmod(0o640)
    report = run_doctor(shell)
    assert report.problems == {"few_recovery_codes", "key_ring_open_to_others"}
    assert report.code == 2


def test_names_do_not_draw_on_the_terminal(shell: Shell, installation: Installation, anna: Person) -> None:
    """Not even those that no form would have let in: what a terminal would obey is spelled out."""
    use_up(installation, but=0)
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).values(email="anna\x1b[2J\n\u202eOK@example.com [bold] %s :smile:"))
        connection.commit()
    said = shell.run("doctor").out
    assert r"anna\x1b[2J\n\u202eOK@example.com [bold] %s :smile: (0)" in said
    assert said.isprintable() or set(filter(lambda character: not character.isprintable(), said)) == {"\n"}
    assert shell.run("doctor", "--json").out.isascii()


def test_an_empty_directory_stays_empty(tmp_path: Path) -> None:
    """Nothing is made by looking: no key ring, no data directory, no database. That there is none is an error."""
    place = tmp_path / "elsewhere"
    place.mkdir()
    shell = Shell(place)
    report = run_doctor(shell)
    assert (report.code, report.problems) == (2, {"database_missing", "key_ring_not_made"})
    assert not (place / "var").exists()


@sqlite_only
def test_a_stopped_service_is_left_as_it_is(shell: Shell, installation: Installation, anna: Person) -> None:
    """Not a file comes, goes or changes, beside the database neither."""
    installation.close()
    before = tree(shell)
    assert run_doctor(shell).code == 0
    assert tree(shell) == before


@sqlite_only
def test_a_running_service_is_left_as_it_is(shell: Shell, installation: Installation, anna: Person) -> None:
    """What it has committed since its last checkpoint is seen, and stays where it is."""
    before = tree(shell)
    log = next(name for name in before if name.endswith("-wal"))
    assert len(before[log][1]) > 0
    assert run_doctor(shell).code == 0
    after = tree(shell)
    assert after.keys() == before.keys()
    unchanged = [name for name in before if not name.endswith("-shm")]  # readers mark their place there
    assert [after[name] for name in unchanged] == [before[name] for name in unchanged]


def test_a_check_that_breaks_hides_no_other(shell: Shell, anna: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in one is told as a finding and as a log line with its traceback; the others are made."""
    monkeypatch.setattr(network, "PROXIES", replace(network.PROXIES, find=None))  # type: ignore[arg-type]
    answer = shell.with_settings(XPRESSBOT_TRUSTED_PROXIES="127.0.0.1/32").run("doctor", "--json")
    findings = {finding["check"]: finding for finding in json.loads(answer.out)["findings"]}
    assert findings["proxies"]["problem"] == "check_failed"
    assert findings["proxies"]["facts"] == {"error": "TypeError"}
    assert {check for check, finding in findings.items() if finding["severity"] == "ok"} == set(CHECKS) - {"proxies"}
    assert answer.code == 2
    assert "event=diagnostics.failed" in answer.err
    assert "check=proxies" in answer.err


@sqlite_only
def test_a_check_that_the_database_refuses_tells_what_the_database_said(shell: Shell, installation: Installation, anna: Person) -> None:
    """It is a finding of each check that asked for it, and no line in the log: the program is right."""
    with installation.services.database.write() as connection:
        connection.execute(text("DROP TABLE observation"))
        connection.commit()
    report = run_doctor(shell)
    assert (report.code, report.problems) == (2, {"check_failed"})
    failed = {finding["check"]: finding["facts"] for finding in report.findings if finding["problem"] == "check_failed"}
    assert failed == {check: {"error": "no such table: observation"} for check in ("forwarded_headers", "host_header")}


def use_up(installation: Installation, *, but: int) -> None:
    """Spend the recovery codes of everybody, except the last few of each."""
    with installation.services.database.write() as connection:
        connection.execute(update(RECOVERY_CODE).where(RECOVERY_CODE.c.position > but).values(used_at=1))
        connection.commit()


def tree(shell: Shell) -> dict[str, tuple[int, bytes, int]]:
    """Everything below the shell's directory but what the shell itself writes: mode, content, time of the last change."""
    return {
        str(path.relative_to(shell.directory)): (path.stat().st_mode, path.read_bytes() if path.is_file() else b"", path.stat().st_mtime_ns)
        for path in shell.directory.rglob("*")
        if path.name not in {"stdin", "stdout", "stderr"}
    }
