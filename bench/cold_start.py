"""How long a start takes until the first answer, and what a worker at rest holds.

Run: .venv/bin/python -m bench.cold_start

The database is up to date, as at every start but the first. The time is given beside that of importing the libraries
alone (FastAPI, SQLAlchemy, uvicorn, pydantic-settings) in the same run, which no start can beat.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROUNDS = 7
PORT = 8765
LIBRARIES = "import fastapi, sqlalchemy.dialects.sqlite, uvicorn, pydantic_settings, jinja2"


def main() -> None:
    """Measure in interleaved rounds, and print medians."""
    with tempfile.TemporaryDirectory() as directory:
        _start(directory)
        rounds = [(_seconds_of_imports(), *_start(directory)) for _round in range(ROUNDS)]
    imports, starts, memory = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"libraries alone      {imports:6.2f} s")
    print(f"start, first answer  {starts:6.2f} s   ({starts / imports:.2f} of the libraries alone)")
    print(f"worker at rest       {memory / 1024:6.1f} MB resident")


def _seconds_of_imports() -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", LIBRARIES], check=True)
    return time.perf_counter() - begun


def _start(directory: str) -> tuple[float, int]:
    begun = time.perf_counter()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XPRESSBOT_")}
    command = [sys.executable, "-m", "xpressbot", "serve", "--port", str(PORT)]
    process = subprocess.Popen(command, cwd=directory, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not _answers():
            time.sleep(0.01)
        seconds = time.perf_counter() - begun
        time.sleep(1)
        status = Path(f"/proc/{process.pid}/status").read_text()
        return seconds, int(re.search(r"VmRSS:\s+(\d+)", status)[1])
    finally:
        process.terminate()
        process.wait()


def _answers() -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=1):
            return True
    except OSError:
        return False


if __name__ == "__main__":
    main()
