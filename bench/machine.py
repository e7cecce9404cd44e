"""What a run was made on: machine, versions, load."""

import os
import platform
import re
import sqlite3
import subprocess
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("starlette", "anyio", "uvicorn", "uvloop", "httptools", "sqlalchemy", "psycopg", "argon2-cffi", "cryptography")


def facts() -> Mapping[str, str]:
    """Of this machine and our own dependencies, as they are now."""
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    processor = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return {
        "Date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "Processor": f"{processor[1] if processor else platform.machine()}, {os.cpu_count()} cores",
        "Memory": f"{int(memory[1]) / 2**20:.0f} GiB" if memory else "unknown",
        "System": f"{platform.system()} {platform.release()}",
        "Load average at the start": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "Packages": ", ".join(f"{name} {version(name)}" for name in _PACKAGES),
    }


def node_version() -> str:
    """Node's own."""
    return subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip().removeprefix("v")


@contextmanager
def kept_to(cores: Collection[int]) -> Iterator[None]:
    """Have what is started meanwhile run on these cores only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def shared_out() -> tuple[list[int], list[int]]:
    """The cores of a server, and the one of its clients, as if they came from elsewhere. Where there is one core, both have it."""
    cores = sorted(os.sched_getaffinity(0))
    return cores[:-1] or cores, cores[-1:]
