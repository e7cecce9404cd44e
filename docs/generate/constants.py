"""Every number of the program that has a public name, and how a document writes it."""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from types import ModuleType

import xpressbot
from xpressbot.foundation.times import DAY, HOUR, MILLISECOND, MINUTE, SECOND

_PACKAGE = "xpressbot."
_NO_PARAMETERS = {
    "entrypoints.cli.doctor.FORMAT": "a version, docs/doctor.md says of what",
    "entrypoints.cli.installation.FAILED": "an exit code, docs/operations.md says what for",
    "entrypoints.cli.installation.MISCONFIGURED": "an exit code",
    "entrypoints.http.errors.MISDIRECTED": "an HTTP status (RFC 9110)",
    "foundation.times.DAY": "a unit of time",
    "foundation.times.HOUR": "a unit of time",
    "foundation.times.MILLISECOND": "a unit of time",
    "foundation.times.MINUTE": "a unit of time",
    "foundation.times.SECOND": "a unit of time",
}
"""Numbers that decide nothing, each with the reason why no table has it."""
_TIMES = {"days": DAY, "h": HOUR, "min": MINUTE, "s": SECOND, "ms": MILLISECOND, "µs": MILLISECOND // 1000}
_SIZES = {"GiB": 1024**3, "MiB": 1024**2, "KiB": 1024}


@cache
def parameters() -> Mapping[str, int | float]:
    """The constants by module and name, without the package's own name. A mapping of numbers is one constant for each member."""
    found: dict[str, int | float] = {}
    for module in _modules():
        for name in _assigned(module):
            path, value = f"{module.__name__.removeprefix(_PACKAGE)}.{name}", getattr(module, name)
            if _is_number(value):
                found[path] = value
            elif isinstance(value, dict) and value and all(map(_is_number, value.values())):
                found |= {f"{path}[{key.name if isinstance(key, Enum) else key}]": number for key, number in value.items()}
    return {path: value for path, value in found.items() if path not in _NO_PARAMETERS}


def written(path: str, cell: str) -> str:
    """A constant as its cell has it: the unit in the cell says whether it is a time, a size or a number of something."""
    value, unit = parameters()[path], cell.partition(" ")[2]
    if unit in _TIMES:
        return duration(round(value * SECOND) if path.endswith("_SECONDS") else round(value))
    if unit in _SIZES:
        return _in_largest(round(value), _SIZES)
    return f"{value} {unit}".strip()


def duration(microseconds: int) -> str:
    """In the largest unit of which it is a whole number; one day is 24 h."""
    return _in_largest(microseconds, _TIMES if microseconds > DAY else {unit: size for unit, size in _TIMES.items() if unit != "days"})


def _in_largest(value: int, units: Mapping[str, int]) -> str:
    unit = next((unit for unit, size in units.items() if value % size == 0), None)
    return str(value) if unit is None else f"{value // units[unit]} {unit}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool | Enum)


def _modules() -> Iterator[ModuleType]:
    for info in pkgutil.walk_packages(xpressbot.__path__, _PACKAGE):
        if not info.name.endswith("__main__"):
            yield importlib.import_module(info.name)


def _assigned(module: ModuleType) -> Iterator[str]:
    """Public names in capital letters that the module itself gives a value."""
    for node in ast.parse(inspect.getsource(module)).body:
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(target, ast.Name) and target.id.isupper() and not target.id.startswith("_"):
            yield target.id
