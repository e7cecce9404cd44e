"""Tests use what is public: no private attribute, name or module of a dependency or of the program."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.documents import ROOT, name_of

TESTS = sorted((ROOT / "tests").rglob("*.py"))
ALLOWED = {
    "os._exit": "a forked child must not come back into the test runner; it is documented under this name",
}
PATCHING = frozenset({"setattr", "delattr", "getattr", "hasattr", "patch", "object"})


def private_names(source: str) -> set[str]:
    """What a source takes from others that begins with one underscore."""
    return {name for node in ast.walk(ast.parse(source)) for name in _taken_by(node)}


def _taken_by(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Attribute(value=ast.Name(id="self" | "cls")):
            return
        case ast.Attribute(attr=attribute) if _is_private(attribute):
            yield ast.unparse(node)
        case ast.Import(names=names):
            yield from (alias.name for alias in names if any(map(_is_private, alias.name.split("."))))
        case ast.ImportFrom(module=module, names=names):
            paths = [f"{module}.{alias.name}" for alias in names]
            yield from (path for path in paths if any(map(_is_private, path.split("."))))
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=arguments) if called in PATCHING:
            texts = [argument.value for argument in arguments if isinstance(argument, ast.Constant) and isinstance(argument.value, str)]
            yield from (text for text in texts if any(map(_is_private, text.split("."))))


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


@pytest.mark.parametrize("file", TESTS, ids=name_of)
def test_a_test_reaches_for_nothing_private(file: Path) -> None:
    """What a test needs to see has a public name, or is seen from outside."""
    assert private_names(file.read_text("utf-8")) - set(ALLOWED) == set()


@pytest.mark.parametrize(
    "source",
    [
        "pool._threads",
        "pool.running[0]._work",
        "import library._speedups",
        "from library import _speedups",
        "from library._speedups import fast",
        "monkeypatch.setattr(module, '_limit', 1)",
        "monkeypatch.setattr('package.module._limit', 1)",
        "getattr(row, '_mapping')",
    ],
)
def test_a_reach_for_something_private_is_found(source: str) -> None:
    """By an attribute, an import or a patch."""
    assert private_names(source)


@pytest.mark.parametrize("source", ["self._pool", "cls._pool", "module.__version__", "import library.__main__", "_own()"])
def test_what_is_ones_own_is_left_alone(source: str) -> None:
    """And so are names that Python itself gives."""
    assert private_names(source) == set()
