"""The log lines that the program writes, read from the calls that write them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import xpressbot
from docs.generate.markdown import Cells

_LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error", "exception": "error"}


def log_lines() -> dict[tuple[str, ...], Cells]:
    """Each line's event, with its level and fields."""
    return {(f"`{event}`",): {"Level": _LEVELS[level], "Fields": ", ".join(fields)} for event, level, fields in _calls()}


def _calls() -> Iterator[tuple[str, str, list[str]]]:
    for path in sorted(Path(xpressbot.__path__[0]).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="_LOG") | ast.Attribute(attr="_log"), attr=level),
                    args=[ast.Constant(value=str(event))],
                    keywords=keywords,
                ):
                    fields = [keyword.arg for keyword in keywords if keyword.arg is not None and keyword.arg != "exc_info"]
                    yield event, level, fields + (["traceback"] if level == "exception" else [])
