"""docs/operations.md against the command line."""

import re
from collections.abc import Iterator

import pytest
import typer

from tests.contract.documents import ROOT, code_lines, documents, name_of, table
from xpressbot.bootstrap import command_line

PARAMETER_NAMES = {"email": "E", "workers": "N", "file": "FILE"}


def test_the_table_has_every_command_with_its_options_and_no_other() -> None:
    """A row of the table is the command's whole usage: optional options in brackets, required ones without."""
    documented = {row["Command"] for row in table("docs/operations.md", "Command")}
    assert {*_usages(), "xpressbot --version"} == documented


def test_no_document_names_a_command_or_option_that_does_not_exist() -> None:
    """Whoever copies a command from a document gets no "No such command"."""
    commands = dict(_commands())
    for document in map(name_of, documents()):
        for line in code_lines(document):
            for call in re.findall(r"(?:^|[\s/])xpressbot +(\S.*)", line):
                words = re.findall(r"^(?:[a-z0-9]+ ?)*", call)[0].split()
                command = next((tuple(words[:length]) for length in (2, 1, 0) if tuple(words[:length]) in commands), None)
                assert command is not None, f"{document}: {line}"
                assert set(re.findall(r"--[a-z-]+", call)) <= commands[command], f"{document}: {line}"


def test_every_make_target_that_a_document_names_exists() -> None:
    """`make run` and its fellows are in the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        (name_of(path), target)
        for path in documents()
        for line in code_lines(name_of(path))
        for target in re.findall(r"^make ([a-z-]+)", line)
    }
    assert {"run", "test"} <= {target for path, target in named if path == "README.md"}
    assert sorted((path, target) for path, target in named if target not in targets) == []


@pytest.mark.parametrize("code", [0, 1, 2])
def test_the_exit_codes_are_explained(code: int) -> None:
    """Each code that the command line ends with has a row."""
    assert str(code) in {row["Code"] for row in table("docs/operations.md", "Code")}


def _commands() -> Iterator[tuple[tuple[str, ...], set[str]]]:
    root = typer.main.get_command(command_line())
    yield (), {"--version", "--help"}
    yield from ((words, {option for parameter in command.params for option in parameter.opts}) for words, command in _leaves(root, ()))


def _usages() -> Iterator[str]:
    for words, command in _leaves(typer.main.get_command(command_line()), ()):
        parts = ["xpressbot", *words]
        for parameter in command.params:
            name = PARAMETER_NAMES.get(parameter.name, parameter.name[0].upper())
            if parameter.param_type_name == "argument":
                parts.append(name)
            else:
                usage = parameter.opts[0] if parameter.is_flag else f"{parameter.opts[0]} {name}"
                parts.append(usage if parameter.required else f"[{usage}]")
        yield " ".join(parts)


def _leaves(command: typer.core.TyperCommand, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], typer.core.TyperCommand]]:
    children = getattr(command, "commands", {})
    if not children:
        yield words, command
    for name, child in children.items():
        yield from _leaves(child, (*words, name))
