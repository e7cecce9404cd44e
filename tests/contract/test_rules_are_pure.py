"""Rules know the standard library, each other, the pure part of foundation, and one library that is pure."""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "xpressbot"
IDENTITY, CHAT = PACKAGE / "identity", PACKAGE / "chat"
RULES_OF_CHAT = {
    "channels/web": ("settings", "theme", "visitor"),
    "conversations": ("conversation", "events", "lane", "typed"),
    "editing": ("edits", "merging", "new_steps", "parts", "rows"),
}
"""What is pure beside use cases and statements. Scripts are pure altogether, but for reading the ready ones."""
RULES = sorted(
    {
        *IDENTITY.rglob("rules.py"),
        *IDENTITY.rglob("rules/*.py"),
        IDENTITY / "factors" / "typed_code.py",
        CHAT / "actor.py",
        *(file for file in (CHAT / "scripts").glob("*.py") if file.name != "ready_scripts.py"),
        *(CHAT / package / f"{name}.py" for package, names in RULES_OF_CHAT.items() for name in names),
    }
)
PURE_FOUNDATION = {f"xpressbot.foundation.{name}" for name in ("identifiers", "text", "times", "tokens")}
PURE_LIBRARIES = {"address.py": {"email_validator"}}
"""docs/adr/0014 says why: functions on text, with the tables of IDNA, as long as no deliverability is asked for."""
IMPURE = {"os", "time", "secrets", "random", "socket", "subprocess", "sqlite3", "threading"}


@pytest.mark.parametrize("file", RULES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_rule_imports_nothing_that_could_reach_outside(file: Path) -> None:
    """No library, no clock, no chance, no input or output."""
    imported = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    ours = {name for name in imported if name.startswith("xpressbot.")}
    others = imported - ours
    allowed = (set(sys.stdlib_module_names) - IMPURE) | PURE_LIBRARIES.get(file.name, set())
    assert {name.partition(".")[0] for name in others} <= allowed
    assert all(name in PURE_FOUNDATION or _is_of_rules(name) for name in ours), ours


def _is_of_rules(module: str) -> bool:
    file = PACKAGE.parent / Path(*module.split("."))
    return file.with_suffix(".py") in RULES or (file.name == "rules" and file.is_dir()) or any(rule.is_relative_to(file) for rule in RULES)
