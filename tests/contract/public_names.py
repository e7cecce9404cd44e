"""Public interfaces of dependencies only: what src/ imports, reads and assigns of them. `make static` runs this as a program."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.contract.documents import ROOT

Import = ast.Import | ast.ImportFrom

UNDOCUMENTED: Final = ("uvicorn.protocols",)
"""Modules without an underscore that their project does not document."""
ALLOWED: Final = frozenset({("src/xpressbot/entrypoints/http/server/protocol.py", "uvicorn.protocols.http.httptools_impl")})
"""The one exception (docs/adr/0015): its limits cannot be set otherwise. uvicorn is pinned for it, and the class is kept small."""


def offences(file: str, source: str) -> list[str]:
    """Each with its place; an import of something private or undocumented, and a private name or an assignment on an import."""
    tree = ast.parse(source)
    imported = set(_names_of_dependencies(tree))
    found = [*_imports(tree, file), *_uses(tree, imported)]
    return [f"{file}:{line}: {what}" for line, what in sorted(found)]


def _imports(tree: ast.AST, file: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, Import):
            continue
        for module, name in _imported(node):
            whole = f"{module}.{name}" if name else module
            if any(map(_is_private, whole.split("."))):
                yield node.lineno, f"imports the private {whole}"
            if any(f"{module}.".startswith(f"{undocumented}.") for undocumented in UNDOCUMENTED) and (file, module) not in ALLOWED:
                yield node.lineno, f"imports the undocumented {whole}"


def _uses(tree: ast.AST, imported: set[str]) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _root(node) in imported:
            if _is_private(node.attr):
                yield node.lineno, f"reads the private {ast.unparse(node)}"
            if not isinstance(node.ctx, ast.Load):
                yield node.lineno, f"assigns {ast.unparse(node)}"
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"setattr", "delattr"} and _root(node.args[0]) in imported:
            yield node.lineno, f"assigns by {ast.unparse(node)}"


def _imported(node: Import) -> Iterator[tuple[str, str]]:
    """Module and name of what comes from a dependency."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, "") for alias in node.names if _is_dependency(alias.name))
    elif node.module and _is_dependency(node.module):
        yield from ((node.module, alias.name) for alias in node.names)


def _names_of_dependencies(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, Import) and next(_imported(node), None) is not None:
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)


def _root(node: ast.AST) -> str | None:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _is_dependency(module: str) -> bool:
    top = module.partition(".")[0]
    return top not in sys.stdlib_module_names and top != "xpressbot"


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def main() -> int:
    """Print all offences; 1 if there are any."""
    files = sorted((ROOT / "src").rglob("*.py"))
    found = [offence for file in files for offence in offences(str(Path(file).relative_to(ROOT)), file.read_text())]
    print("\n".join(found) or f"{len(files)} files use public interfaces of dependencies only.")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
