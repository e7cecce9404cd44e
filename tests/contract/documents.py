"""The documents of the repository, and how to read a table or a code span out of them."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_OURS = frozenset({".bench", ".git", ".venv", "var", "dist", "build", "node_modules", "__pycache__"})

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")


def documents() -> list[Path]:
    """All Markdown files."""
    return [path for path in files() if path.suffix == ".md"]


def files() -> list[Path]:
    """All files of the repository, what tools leave behind aside."""
    return sorted(_walk(ROOT))


def read(name: str) -> str:
    """A document's text."""
    return (ROOT / name).read_text(encoding="utf-8")


def name_of(path: Path) -> str:
    """A file's path inside the repository."""
    return path.relative_to(ROOT).as_posix()


def table(name: str, first_heading: str) -> list[dict[str, str]]:
    """The rows of all tables of a document whose first column has this heading, by heading. Code marks are dropped."""
    rows: list[dict[str, str]] = []
    headings: list[str] | None = None
    for line in read(name).splitlines():
        if not line.startswith("|"):
            headings = None
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])]
        if headings is None:
            headings = cells
        elif headings[0] == first_heading and not set(cells[0]) <= set("-:"):
            rows.append({heading: cell.replace("`", "") for heading, cell in zip(headings, cells, strict=True)})
    return rows


def code_spans(name: str) -> list[str]:
    """Inline code, outside of code blocks."""
    return _SPAN.findall(_FENCE.sub("", read(name)))


def code_lines(name: str) -> list[str]:
    """Lines of code blocks, and inline code."""
    blocks = [line.strip() for block in _FENCE.findall(read(name)) for line in block.splitlines()]
    return [*blocks, *code_spans(name)]


def prose(name: str) -> str:
    """The text without code blocks and inline code."""
    return _SPAN.sub("", _FENCE.sub("", read(name)))


def _walk(directory: Path) -> Iterator[Path]:
    for path in directory.iterdir():
        if path.name in NOT_OURS or path.name.endswith((".egg-info", "_cache")) or path.name.startswith((".coverage", ".hypothesis")):
            continue
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path
