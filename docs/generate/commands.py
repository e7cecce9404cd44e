"""The commands of the command line, with their usage."""

from collections.abc import Iterator
from typing import Any

import typer

from xpressbot.bootstrap import command_line

_PARAMETER_NAMES = {"email": "E", "workers": "N", "file": "FILE"}


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each command's words after `xpressbot`, with typer's object for it."""
    yield from _leaves(typer.main.get_command(command_line()), ())


def usages() -> Iterator[str]:
    """How each command is typed: options that may be left out stand in brackets."""
    yield "xpressbot --version"
    for words, command in commands():
        yield " ".join(["xpressbot", *words, *map(_usage, command.params)])


def _usage(parameter: Any) -> str:
    name: str = _PARAMETER_NAMES.get(parameter.name, parameter.name[0].upper())
    if parameter.param_type_name == "argument":
        return name
    usage = " ".join(parameter.opts[:1] if parameter.is_flag else (parameter.opts[0], name))
    return usage if parameter.required else f"[{usage}]"


def _leaves(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    children = getattr(command, "commands", {})
    if not children:
        yield words, command
    for name, child in children.items():
        yield from _leaves(child, (*words, name))
