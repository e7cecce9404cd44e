"""The command line: python -m bench full | quick | profile."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from bench.errors import BenchError
from bench.peers import FOLDER, Peers
from bench.profiling import Subject, profile
from bench.report import PUBLISHED
from bench.run import CHAPTERS, PEERS, run
from bench.stage import FULL, QUICK, Effort

app = typer.Typer(help="Measure what is claimed about performance.", no_args_is_help=True, add_completion=False)


@app.command()
def full(
    only: Annotated[str, typer.Option(help=f"Some chapters, with commas between them: {', '.join(CHAPTERS)}.")] = ",".join(CHAPTERS),
    rounds: Annotated[int, typer.Option(min=1, max=99, help="Rounds of everything.")] = FULL.rounds,
    people: Annotated[int, typer.Option(min=10, max=5000, help="Sign-ins in each round of each system.")] = FULL.people,
    largest: Annotated[int, typer.Option(min=1000, help="The largest installation that is measured.")] = FULL.sizes[-1],
    results: Annotated[Path, typer.Option(help="The folder that gets RESULTS.md and the plots.")] = PUBLISHED,
) -> None:
    """Everything. Takes hours with a million accounts."""
    chapters = only.split(",")
    if unknown := sorted(set(chapters) - set(CHAPTERS)):
        raise typer.BadParameter(f"no such chapter: {', '.join(unknown)}")
    sizes = tuple(size for size in FULL.sizes if size <= largest)
    _run_or_exit(replace(FULL, rounds=rounds, people=people, sizes=sizes), chapters, list(PEERS), results)


@app.command()
def quick(results: Annotated[Path, typer.Option(help="The folder that gets RESULTS.md and the plots.")] = FOLDER) -> None:
    """M1 to M6, M9 and M10 in about three minutes, beside one peer if one is installed already. What is published stays as it is."""
    peers = Peers(FOLDER / "peers")
    installed = [name for name in PEERS if peers.is_installed(name)][:1]
    _run_or_exit(QUICK, ["peers", "page", "password_step", "memory_and_start", "hash_storm", "conversation"], installed, results)


@app.command("profile")
def profile_command(
    subject: Annotated[Subject, typer.Argument(help="What the server is asked meanwhile.")],
    lines: Annotated[int, typer.Option(min=1, help="How many lines to print.")] = 15,
) -> None:
    """Where the server's time goes: the functions with most time of their own, by py-spy."""
    profile(subject, lines)


def _run_or_exit(effort: Effort, chapters: list[str], peers: list[str], results: Path) -> None:
    command = ["python", "-m", "bench", *sys.argv[1:]]
    if not run(effort, chapters, peers, command, results):
        raise typer.Exit(1)


if __name__ == "__main__":
    try:
        app()
    except BenchError as error:
        sys.exit(str(error))
