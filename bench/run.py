"""Which chapters a run has, and what becomes of one that cannot be measured."""

import os
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console

from bench.errors import BenchError
from bench.machine import facts
from bench.peers import FOLDER, Peers
from bench.report import Found, write_results
from bench.stage import Effort, Stage
from bench.workloads import Chapter
from bench.workloads.conversation import conversation
from bench.workloads.growth import growth
from bench.workloads.hash_storm import hash_storm
from bench.workloads.killed_node import killed_node
from bench.workloads.memory_and_start import memory_and_start
from bench.workloads.outage import outage
from bench.workloads.page import page
from bench.workloads.password_step import password_step
from bench.workloads.peers import beside_the_peers, peer_systems
from bench.workloads.processes import processes

PEERS = ("better_auth", "django_allauth", "flask_security")
CHAPTERS = (
    "peers",
    "page",
    "password_step",
    "memory_and_start",
    "hash_storm",
    "growth",
    "processes",
    "killed_node",
    "outage",
    "conversation",
)


def run(effort: Effort, chapters: list[str], peer_names: list[str], command: list[str], results: Path) -> bool:
    """Measure these chapters and write the results into a folder; whether all of them could be measured."""
    console, found = Console(), {}
    peers = Peers(FOLDER / "peers")
    with Stage.built(effort) as stage:
        ways = _ways(stage, peers, peer_names)
        for name in chapters:
            machine = facts()
            stage.versions.clear()
            try:
                chapter = ways[name]()
            except BenchError as error:
                stage.progress.console.print(f"{name}: {error}", style="red", markup=False)
                chapter = Chapter(name.replace("_", " ").capitalize(), f"Not measured: {str(error).splitlines()[0]}", complete=False)
            measured = {"Measured": ", ".join(f"{system} {version}" for system, version in stage.versions.items())}
            found[name] = Found(chapter, shlex.join(command), {**machine, **measured})
            write_results(results, CHAPTERS, found)
    for each in found.values():
        for bar in each.chapter.bars:
            mark = "[green]met   [/]" if bar.met else "[red]missed[/]"
            console.print(f"{mark} {bar.name}: {bar.found:.2f} {bar.unit} ({bar.demanded})")
    console.print(f"Written: {os.path.relpath(results / 'RESULTS.md')}")
    return all(each.chapter.complete for each in found.values())


def _ways(stage: Stage, peers: Peers, names: list[str]) -> Mapping[str, Callable[[], Chapter]]:
    def weighed() -> Chapter:
        # Asked when it begins: an earlier chapter may just have installed them.
        missing = [name for name in names if not peers.is_installed(name)]
        return memory_and_start(stage, [peer_systems(peers)[name]() for name in names if name not in missing], missing)

    return {
        "peers": lambda: beside_the_peers(stage, peers, names),
        "page": lambda: page(stage, peers, names),
        "password_step": lambda: password_step(stage),
        "memory_and_start": weighed,
        "hash_storm": lambda: hash_storm(stage),
        "growth": lambda: growth(stage),
        "processes": lambda: processes(stage),
        "killed_node": lambda: killed_node(stage),
        "outage": lambda: outage(stage),
        "conversation": lambda: conversation(stage),
    }
