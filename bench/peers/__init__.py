"""The systems we compare ourselves with: installed by name into a folder that can be thrown away, and seeded there."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.errors import BenchError
from bench.people import PASSWORD, Person

FOLDER = Path(__file__).parents[2] / ".bench"
"""Where they lie; it can be thrown away."""
_SOURCE = Path(__file__).parent
_STAMP = "installed"
_DATABASE = "people.sqlite3*"


class Peers:
    """The folder with the peers: an environment for those in Python, and one folder for each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.programs = folder / "python" / "bin"

    def folder(self, name: str) -> Path:
        """Where one peer lies."""
        return self._folder / name

    def is_installed(self, name: str) -> bool:
        """Whether this one is ready to be seeded."""
        return _is_stamped(self.folder(name), _wanted(name))

    def install(self, name: str) -> None:
        """Install one, if it is not there yet.

        Raises BenchError.
        """
        folder = self.folder(name)
        if self.is_installed(name):
            shutil.copytree(_SOURCE / name, folder, dirs_exist_ok=True)  # our own files may be newer
            return
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(_SOURCE / name, folder)
        if (folder / "package.json").exists():
            if shutil.which("npm") is None:
                raise BenchError("better-auth needs Node and npm. On Debian: apt-get install nodejs npm")
            _run(["npm", "install", "--silent", "--no-audit", "--no-fund"], folder)
        elif not _is_stamped(self._folder / "python", _wanted(name)):
            _run([sys.executable, "-m", "venv", "--clear", self._folder / "python"], folder)
            _run([self.programs / "pip", "install", "--quiet", "--disable-pip-version-check", "-r", _SOURCE / "requirements.txt"], folder)
            (self._folder / "python" / _STAMP).write_text(_wanted(name))
        (folder / _STAMP).write_text(_wanted(name))

    def seed(self, name: str, people: Iterable[Person]) -> None:
        """Give one a fresh database with these people."""
        folder = self.folder(name)
        for old in folder.glob(_DATABASE):
            old.unlink()
        known = [
            {"email": person.email, "password": PASSWORD, "secret": person.secret.decode(), "secret_text": person.secret_text}
            for person in people
        ]
        program: list[str | Path] = ["node", "seed.mjs"] if (folder / "seed.mjs").exists() else [self.programs / "python", "seed.py"]
        _run(program, folder, json.dumps(known), DJANGO_SETTINGS_MODULE="settings", NODE_ENV="production")


def _wanted(name: str) -> str:
    """The packages and versions that a peer is made of."""
    package = _SOURCE / name / "package.json"
    return (package if package.exists() else _SOURCE / "requirements.txt").read_text()


def _is_stamped(folder: Path, wanted: str) -> bool:
    stamp = folder / _STAMP
    return stamp.exists() and stamp.read_text() == wanted


def installed_versions(programs: Path, *names: str) -> Mapping[str, str]:
    """What an environment holds of these packages."""
    script = "import importlib.metadata, json, sys; print(json.dumps({n: importlib.metadata.version(n) for n in sys.argv[1:]}))"
    done = subprocess.run([programs / "python", "-c", script, *names], capture_output=True, text=True, check=True)
    versions: Mapping[str, str] = json.loads(done.stdout)
    return versions


def _run(command: Sequence[str | Path], folder: Path, given: str | None = None, **environment: str) -> None:
    arguments = [str(part) for part in command]
    done = subprocess.run(arguments, cwd=folder, input=given, env=os.environ | environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
