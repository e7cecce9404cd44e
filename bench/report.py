"""RESULTS.md: ratios and bars first, then what they come from."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.plots import drawn
from bench.workloads import Bar, Chapter, Table

PUBLISHED = Path(__file__).parent
"""The folder with the results that we quote."""
_PLOTS = "plots"
_INTRODUCTION = """Medians of interleaved rounds (A B C A B C), all in one run on one machine. What is measured, and how to repeat it, is
said in [the bench's README](README.md). Ratios travel from machine to machine; the numbers they come from do not."""


def write_results(folder: Path, command: str, facts: Mapping[str, str], versions: Mapping[str, str], chapters: Sequence[Chapter]) -> None:
    """Write RESULTS.md and its plots into a folder, in the place of the last ones."""
    plots = folder / _PLOTS
    plots.mkdir(parents=True, exist_ok=True)
    for old in plots.glob("*.svg"):
        old.unlink()
    for chapter in chapters:
        for plot in chapter.plots:
            (plots / f"{plot.name}.svg").write_text(drawn(plot), "utf-8")
    (folder / "RESULTS.md").write_text(rendered(command, facts, versions, chapters), "utf-8")


def rendered(command: str, facts: Mapping[str, str], versions: Mapping[str, str], chapters: Sequence[Chapter]) -> str:
    """The whole document."""
    bars = [bar for chapter in chapters for bar in chapter.bars]
    parts = ["# Results", _INTRODUCTION, f"Made by `{command}`.", "## Bars", _table(_bars(bars))]
    for chapter in chapters:
        parts += [f"## {chapter.title}", chapter.text]
        for caption, table in chapter.tables:
            parts += [f"### {caption}"] if caption else []
            parts.append(_table(table))
        parts += [f"![{plot.title}]({_PLOTS}/{plot.name}.svg)" for plot in chapter.plots]
    named = {**facts, "Measured beside it": ", ".join(f"{name} {version}" for name, version in versions.items())}
    parts += ["## Machine and versions", _table(Table(["", ""], list(map(list, named.items()))))]
    return "\n\n".join(parts) + "\n"


def _bars(bars: Sequence[Bar]) -> Table:
    rows = [
        [
            bar.name,
            f"at {'least' if bar.at_least else 'most'} {bar.demand:g} {bar.unit}".rstrip(),
            f"**{_number(bar)}**",
            "met" if bar.met else "**missed**",
        ]
        for bar in bars
    ]
    return Table(["Bar", "Demand", "Found", ""], rows)


def _number(bar: Bar) -> str:
    return f"{bar.found:.2f}" if bar.unit in {"times", "s"} else f"{bar.found:.0f}"


def _table(table: Table) -> str:
    lines = [table.headings, ["---"] * len(table.headings), *table.rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
