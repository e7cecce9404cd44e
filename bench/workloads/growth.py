"""M7: M1 to M3 as an installation grows, on both engines."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

from tests.support.postgres import new_database, start_postgres
from tests.support.server import free_port

from bench.errors import BenchError
from bench.people import Crowd, spread
from bench.postgres import copy_database
from bench.seeding import CHEAPEST_HASH_KIB, Installation, seed
from bench.stage import Stage
from bench.systems.xpressbot import XpressBot
from bench.workloads import Bar, Chapter, Plot
from bench.workloads.rounds import WORKLOADS, Contestant, Seen, people_needed, side_by_side

_DEMAND = 1.3
_BYTES_AN_ACCOUNT = 14_000
_TEXT = """Each account has two sessions, ten recovery codes and ten security events. Each size is a database of its own, with a server
of its own; the sizes are measured in turn, 8 connections, people from all over the tables, whose sessions began a moment
before. The bar is the largest size's p50 against the smallest's."""

Copy = Callable[[Installation, int], Installation]


def growth(stage: Stage) -> Chapter:
    """Seed the smallest size; copy it and add to it for the next; measure all of them in turn."""
    sizes = _sizes_with_room(stage)
    if len(sizes) < 2:
        raise BenchError("Growth needs two sizes, and the room for them on the disk")
    seen = {"SQLite": _measure(stage, "SQLite", sizes, Installation(_folder(stage, "sqlite", sizes[0])), partial(_copy_file, stage))}
    with tempfile.TemporaryDirectory(prefix="xpressbot-postgres-") as directory, start_postgres(Path(directory)) as server:
        first = Installation(_folder(stage, "postgresql", sizes[0]), new_database(server, "people"))
        seen["PostgreSQL"] = _measure(stage, "PostgreSQL", sizes, first, _copy_postgres)
    ratios = {
        (engine, workload): found.p50(_label(sizes[-1]), workload) / found.p50(_label(sizes[0]), workload)
        for engine, found in seen.items()
        for workload in WORKLOADS
    }
    bars = [
        Bar(
            f"M7 {workload} on {engine}, p50 with {_label(sizes[-1])} against {_label(sizes[0])}",
            _DEMAND,
            found,
            at_least=False,
            unit="times",
        )
        for (engine, workload), found in ratios.items()
    ]
    tables = [
        (f"{engine}, {workload}: {what}", found.table(workload)) for engine, found in seen.items() for workload, what in WORKLOADS.items()
    ]
    return Chapter("M7: growth", _TEXT + _left_out(stage, sizes), bars, tables, [_plot(seen, sizes)])


def _measure(stage: Stage, engine: str, sizes: Sequence[int], first: Installation, copy: Copy) -> Seen:
    step = stage.step(f"M7 seeding {engine}", sizes[-1])
    grown = [seed(replace(first, argon2_memory_kib=CHEAPEST_HASH_KIB), range(sizes[0]), step.advance)]
    for before, size in pairwise(sizes):
        grown.append(seed(copy(grown[-1], size), range(before, size), step.advance))
    needed = people_needed(stage)
    contestants = [
        Contestant(XpressBot(installation, free_port(), name=_label(size)), Crowd(spread(min(needed, size), size)))
        for installation, size in zip(grown, sizes, strict=True)
    ]
    seen = side_by_side(stage, f"M7 {engine}", contestants)
    for installation in grown:
        shutil.rmtree(installation.directory)
    return seen


def _sizes_with_room(stage: Stage) -> list[int]:
    """The sizes for which there is room on the disk, the smallest large enough for everybody who takes part."""
    free = shutil.disk_usage(stage.folder).free / 2
    return [size for size in stage.effort.sizes if size * _BYTES_AN_ACCOUNT * 1.2 < free]


def _left_out(stage: Stage, sizes: Sequence[int]) -> str:
    left_out = [_label(size) for size in stage.effort.sizes if size not in sizes]
    return f" There was no room on the disk for {' and '.join(left_out)}." if left_out else ""


def _folder(stage: Stage, engine: str, size: int) -> Path:
    folder = stage.folder / f"{engine}_{size}"
    folder.mkdir()
    return folder


def _copy_file(stage: Stage, installation: Installation, size: int) -> Installation:
    folder = stage.folder / f"sqlite_{size}"
    shutil.copytree(installation.directory, folder)
    return replace(installation, directory=folder)


def _copy_postgres(installation: Installation, size: int) -> Installation:
    folder = installation.directory.with_name(f"postgresql_{size}")
    shutil.copytree(installation.directory, folder)
    return replace(installation, directory=folder, database_url=copy_database(installation.database_url, f"people_{size}"))


def _label(size: int) -> str:
    return f"{size:,} accounts"


def _plot(seen: dict[str, Seen], sizes: Sequence[int]) -> Plot:
    lines = {
        f"{workload} {engine}": [(float(size), found.p50(_label(size), workload)) for size in sizes]
        for engine, found in seen.items()
        for workload in WORKLOADS
    }
    return Plot("growth", "M1 to M3 as an installation grows", "accounts", "p50, ms", lines, logarithmic=True)
