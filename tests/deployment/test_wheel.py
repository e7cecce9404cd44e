"""The wheel holds all that the program needs, and runs from any directory."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.contract.documents import ROOT
from tests.support.command_line import Shell
from tests.support.form_client import FormClient
from tests.support.installation import PASSWORD
from tests.support.server import serving
from xpressbot import __version__
from xpressbot.bootstrap import SCHEMA

SOURCE = ROOT / "src"
EVERY_MODULE = """
import pkgutil, sys, xpressbot
for module in pkgutil.walk_packages(xpressbot.__path__, "xpressbot."):
    if not module.name.endswith(".__main__"):
        __import__(module.name)
print(*(module.__file__ for name, module in sys.modules.items() if name.split(".")[0] == "xpressbot"), sep="\\n")
"""


@pytest.fixture
def shell(tmp_path: Path, installed: Path) -> Shell:
    """An empty directory, and the installed program."""
    return Shell(tmp_path, command=(str(installed),))


def test_the_wheel_has_every_file_of_the_package(wheel: Path) -> None:
    """Templates, static files and migrations among them, and nothing beside the package."""
    files = {path.relative_to(SOURCE).as_posix() for path in (SOURCE / "xpressbot").rglob("*") if path.is_file()}
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packed == {file for file in files if "__pycache__" not in file}


def test_make_wheel_leaves_one_wheel(tmp_path: Path) -> None:
    """What an earlier version left behind is gone, so that dist/xpressbot-*.whl names one file."""
    for name in ("Makefile", "pyproject.toml", "README.md", "LICENSE", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(SOURCE, tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "xpressbot-0.0.1-py3-none-any.whl").write_text("an old one")
    (tmp_path / "dist" / "notes.txt").write_text("a file of its own")
    environment = Path(sys.executable).parents[1]
    command = ["make", "wheel", f"VENV={environment}", f"--old-file={environment / 'installed'}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    left = sorted(path.name for path in (tmp_path / "dist").iterdir())
    assert left == ["notes.txt", f"xpressbot-{__version__}-py3-none-any.whl"]


def test_nothing_of_the_tree_is_imported(shell: Shell, installed: Path) -> None:
    """Each module of the package is found in the environment that it was installed to."""
    python = str(installed.with_name("python"))
    answer = subprocess.run(
        [python, "-c", EVERY_MODULE], cwd=shell.directory, env=shell.environment, capture_output=True, text=True, check=True
    )
    imported = answer.stdout.splitlines()
    assert len(imported) > 80
    assert [file for file in imported if not file.startswith(str(installed.parents[1]))] == []


def test_the_installed_program_tells_its_version(shell: Shell, wheel: Path) -> None:
    """The wheel's own, and the one in the code."""
    answer = shell.run_fresh("--version")
    assert (answer.code, answer.out) == (0, f"{__version__}\n")
    assert wheel.name.startswith(f"xpressbot-{__version__}-")


def test_the_installed_program_serves_from_an_empty_directory(shell: Shell) -> None:
    """The database is migrated, pages come in each language with their styles and scripts, and an account is made and used."""
    with serving(shell, workers=2) as server, FormClient(base_url=server.url, headers={"Origin": server.url}) as browser:
        for language in ("es", "hi"):
            assert browser.get("/sign-in", headers={"Accept-Language": language}).headers["content-language"] == language
        (token,) = server.welcome_tokens
        assert browser.get(f"/welcome?token={token}").headers["location"] == "/welcome"
        fields = {"name": "Anna", "email": "anna@example.com", "password": PASSWORD}
        assert browser.post("/welcome", data=fields).headers["location"] == "/"
        assert browser.post("/account/2fa/start").headers["location"] == "/account/2fa/setup"
        for path in ("/", "/account", "/account/2fa/setup"):
            page = browser.get(path)
            assert page.status_code == 200
            parts = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text))
            assert {part.partition("?")[0] for part in parts} >= {"/static/style.css", "/static/page.js"}
            assert [browser.get(part).status_code for part in parts] == [200] * len(parts)
    assert sorted(path.name for path in (shell.directory / "var").iterdir()) == ["data", "keys"]
    assert shell.run_fresh("db", "upgrade").out.endswith(f"The database is at schema {SCHEMA.head}.\n")
