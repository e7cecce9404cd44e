"""The table of log lines in docs/operations.md against the calls that write them."""

import ast

from tests.contract.documents import ROOT, table

LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error", "exception": "error"}


def test_the_table_has_every_log_line_with_its_level_and_fields() -> None:
    """Each line that the program writes is one row with its fields, and no row is about another."""
    documented = {row["Event"]: (row["Level"], row["Fields"]) for row in table("docs/operations.md", "Event")}
    assert _written() == documented


def _written() -> dict[str, tuple[str, str]]:
    lines = {}
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="_LOG") | ast.Attribute(attr="_log"), attr=level),
                    args=[ast.Constant(value=str(event))],
                    keywords=keywords,
                ):
                    fields = [str(keyword.arg) for keyword in keywords if keyword.arg != "exc_info"]
                    fields += ["traceback"] if level == "exception" else []
                    lines[event] = (LEVELS[level], ", ".join(fields))
    return lines
