"""deploy/xpressbot.service: systemd takes it, it is as closed as it can be, and the program runs within it."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.documents import ROOT
from tests.deployment import confine
from tests.deployment.confine import directives
from tests.support.command_line import Shell
from tests.support.form_client import FormClient
from tests.support.installation import PASSWORD
from tests.support.server import serving
from xpressbot.entrypoints.cli.installation import MOST_WORKERS
from xpressbot.entrypoints.cli.serve import GRACE_SECONDS
from xpressbot.foundation.settings import check_listener, load_settings

UNIT = (ROOT / "deploy/xpressbot.service").read_text("utf-8")
SETTINGS = (ROOT / "deploy/xpressbot.env").read_text("utf-8")
MOST_EXPOSED = "15"
"""In tenths of systemd's scale, which calls up to 2.0 "OK" and a service without any of it 9.6."""


@pytest.fixture
def unit(tmp_path: Path, installed: Path) -> Path:
    """The unit, with the program where it is installed here: systemd looks whether it is there."""
    file = tmp_path / "xpressbot.service"
    program, _space, _arguments = only("ExecStart").partition(" ")
    file.write_text(UNIT.replace(program, str(installed)))
    return file


@pytest.fixture
def settings() -> dict[str, str]:
    """What the service's environment file sets."""
    lines = [line for line in SETTINGS.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_systemd_finds_nothing_wrong_with_it(unit: Path) -> None:
    """Neither an unknown directive nor a value that is ignored."""
    answer = analyze("verify", "--man=no", str(unit))
    assert (answer.returncode, answer.stdout + answer.stderr) == (0, "")
    unit.write_text(unit.read_text().replace("ProtectSystem=strict", "ProtectSystem=sometimes"))
    assert "Failed to parse protect system value" in analyze("verify", "--man=no", str(unit)).stderr


def test_systemd_finds_it_well_closed(unit: Path) -> None:
    """The exposure that `systemd-analyze security` computes stays low."""
    judge = ("security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED}", str(unit))
    answer = analyze(*judge)
    assert answer.returncode == 0, answer.stdout
    unit.write_text(unit.read_text().replace("SystemCallFilter=", "#"))
    assert analyze(*judge).returncode != 0


def test_requests_are_given_their_time_before_anything_is_killed() -> None:
    """An operator who stops it waits longer than the program waits for its requests."""
    assert int(only("TimeoutStopSec")) > GRACE_SECONDS
    assert only("Restart") == "on-failure"


def test_its_settings_are_usable_as_they_are(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name is a setting, and the listener goes with them."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    loaded = load_settings()
    assert loaded.https
    check_listener(loaded, options()["--host"])
    assert only("EnvironmentFile") == "/etc/xpressbot.env"


def test_the_number_of_workers_stands_where_commands_see_it_too(settings: dict[str, str]) -> None:
    """The doctor runs with the settings of the service, not with the options of its unit."""
    assert "--workers" not in options()
    assert 1 < int(settings["WEB_CONCURRENCY"]) <= MOST_WORKERS


def test_data_and_keys_lie_apart_and_are_all_it_can_write_to(settings: dict[str, str]) -> None:
    """Two state directories, neither within the other; whatever else is there is read-only."""
    data, keys = Path(settings["XPRESSBOT_DATA_DIR"]), Path(settings["XPRESSBOT_KEY_FILE"]).parent
    assert {data, keys} == {Path("/var/lib", name) for name in only("StateDirectory").split()}
    assert not data.is_relative_to(keys)
    assert not keys.is_relative_to(data)
    assert (only("ProtectSystem"), directives(UNIT, "ReadWritePaths")) == ("strict", [])


def test_the_program_runs_under_its_system_call_filters(unit: Path, settings: dict[str, str], tmp_path: Path, installed: Path) -> None:
    """The unit's own command, with its workers: it starts, hashes passwords, encrypts a secret, draws a QR code and stops."""
    confined = (sys.executable, confine.__file__, str(unit), str(installed))
    shell = Shell(tmp_path, command=confined)
    with serving(shell, workers=int(settings["WEB_CONCURRENCY"]), arguments=("--host", options()["--host"])) as server:
        for process in (server.process.pid, *server.children()):
            assert filters_of(process) == filters_of("self") + 2
        with FormClient(base_url=server.url, headers={"Origin": server.url}) as browser:
            browser.get(f"/welcome?token={server.welcome_tokens[0]}")
            fields = {"name": "Anna", "email": "anna@example.com", "password": PASSWORD}
            assert browser.post("/welcome", data=fields).headers["location"] == "/"
            assert browser.post("/account/2fa/start").headers["location"] == "/account/2fa/setup"
            assert "<svg" in browser.get("/account/2fa/setup").text
            assert browser.post("/sign-out").status_code == 303
            assert browser.post("/sign-in", data=fields).headers["location"] == "/"
        assert server.stop() == 0


def test_the_confinement_is_one(tmp_path: Path) -> None:
    """What the unit forbids is refused in this harness: other system calls, and memory that is both written and run."""
    file = tmp_path / "xpressbot.service"
    file.write_text(UNIT)
    attempt = "import mmap, os\ntry: {}\nexcept PermissionError: print('refused')"
    for operation in ("os.chroot('/')", "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)"):
        command = [sys.executable, confine.__file__, str(file), sys.executable, "-c", attempt.format(operation)]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "refused\n", operation


def filters_of(process: int | str) -> int:
    """How many system call filters hold for a process."""
    (count,) = re.findall(r"^Seccomp_filters:\s+(\d+)", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
    return int(count)


def only(name: str) -> str:
    (value,) = directives(UNIT, name)
    return value


def options() -> dict[str, str]:
    """The options of the unit's command."""
    _program, command, *words = shlex.split(only("ExecStart"))
    assert command == "serve"
    return dict(zip(words[::2], words[1::2], strict=True))


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)
