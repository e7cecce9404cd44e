"""The documents on disk, and what filling their tables would make of them."""

from collections.abc import Sequence
from pathlib import Path

from docs.generate.markdown import Table, fill

ROOT = Path(__file__).parents[2]


def stale(tables: Sequence[Table]) -> dict[Path, str]:
    """The documents that filling would change, each with its text afterwards."""
    return {ROOT / name: text for name in _names(tables) if (text := _filled(name, tables)[0]) != _read(name)}


def complaints_of(tables: Sequence[Table]) -> list[str]:
    """What only a person can put right, each with its document."""
    return [f"{name}: {complaint}" for name in _names(tables) for complaint in _filled(name, tables)[1]]


def _names(tables: Sequence[Table]) -> list[str]:
    return sorted({table.document for table in tables})


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _filled(name: str, tables: Sequence[Table]) -> tuple[str, list[str]]:
    text = _read(name)
    complaints: list[str] = []
    for table in tables:
        if table.document == name:
            filled = fill(text, table)
            text, complaints = filled.text, complaints + filled.complaints
    return text, complaints
