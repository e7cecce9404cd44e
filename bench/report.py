"""RESULTS.md: bars first, then the chapters with what they come from.

A chapter stays as it was found until it is measured again: a run of some replaces these, and each says when and how it
was made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from bench.plots import drawn
from bench.workloads import Bar, Chapter, Table

PUBLISHED = Path(__file__).parent
"""The folder with the results that we quote."""
_PLOTS = "plots"
_CHAPTERS = "chapters"
_INTRODUCTION = """Medians of interleaved rounds (A B C A B C). What stands in one chapter was found in one run on one machine. What is
measured, and how to repeat it, is said in [the bench's README](README.md). Ratios travel from machine to machine; the
numbers they come from do not."""


@dataclass(frozen=True)
class Found:
    """A chapter, and under which circumstances it was made."""

    chapter: Chapter
    command: str
    facts: dict[str, str]


_FILE = TypeAdapter(Found)


def write_results(folder: Path, order: Sequence[str], found: Mapping[str, Found]) -> None:
    """Write what was found into a folder, in the place of what was found there before, and RESULTS.md anew.

    A chapter that could not be measured, or not beside everybody, takes no better one's place. One with a bar that is missed does.
    """
    for part in (_PLOTS, _CHAPTERS):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for name, chapter in found.items():
        file = folder / _CHAPTERS / f"{name}.json"
        if file.exists() and _worth(chapter) < _worth(_FILE.validate_json(file.read_bytes())):
            continue
        file.write_bytes(_FILE.dump_json(chapter, indent=1) + b"\n")
        for plot in chapter.chapter.plots:
            (folder / _PLOTS / f"{plot.name}.svg").write_text(drawn(plot), "utf-8")
    files = [folder / _CHAPTERS / f"{name}.json" for name in order]
    (folder / "RESULTS.md").write_text(rendered([_FILE.validate_json(file.read_bytes()) for file in files if file.exists()]), "utf-8")


def _worth(found: Found) -> tuple[bool, bool]:
    """Whether all of it was measured, and whether anything was."""
    return found.chapter.complete, bool(found.chapter.tables)


def rendered(chapters: Sequence[Found]) -> str:
    """The whole document."""
    parts = ["# Results", _INTRODUCTION, "## Bars", _table(_bars([bar for found in chapters for bar in found.chapter.bars]))]
    for found in chapters:
        chapter = found.chapter
        parts += [f"## {chapter.title}", chapter.text]
        for caption, table in chapter.tables:
            parts += [f"### {caption}"] if caption else []
            parts.append(_table(table))
        parts += [f"![{plot.title}]({_PLOTS}/{plot.name}.svg)" for plot in chapter.plots]
        facts = ". ".join(f"{name}: {value}" for name, value in found.facts.items())
        parts.append(f"<sub>Made by `{found.command}`. {facts}.</sub>")
    return "\n\n".join(parts) + "\n"


def _bars(bars: Sequence[Bar]) -> Table:
    rows = [
        [
            bar.name,
            bar.demanded,
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
