"""The program as an operator has it: a wheel of this tree, installed where the tree is not to be seen."""

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.contract.documents import ROOT

BESIDE_PYTHON = Path(sys.executable).parent


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the tree as it is, without a network."""
    directory = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory), cwd=ROOT)
    (wheel,) = directory.iterdir()
    return wheel


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The xpressbot program of an environment of its own. It shares the libraries of this one, but not its .pth files."""
    environment = tmp_path_factory.mktemp("installed")
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    _run(str(BESIDE_PYTHON / "uv"), "pip", "install", "--offline", "--no-deps", "--python", str(python), str(wheel), cwd=environment)
    (libraries,) = environment.glob("lib/python*/site-packages")
    (libraries / "shared.pth").write_text(sysconfig.get_path("purelib"))
    return environment / "bin" / "xpressbot"


def _run(*command: str, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
