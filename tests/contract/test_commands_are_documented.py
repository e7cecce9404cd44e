"""What the documents say of the command line."""

import re
from collections.abc import Iterator

import pytest

from docs.generate.commands import commands
from tests.contract.documents import ROOT, code_lines, documents, name_of, table


def test_no_document_names_a_command_or_option_that_does_not_exist() -> None:
    """A reader who copies a command from a document gets no "No such command"."""
    options = dict(_commands())
    for document in map(name_of, documents()):
        for line in code_lines(document):
            for call in re.findall(r"(?:^|[\s/])xpressbot +(\S.*)", line):
                words = re.findall(r"^(?:[a-z0-9]+ ?)*", call)[0].split()
                command = next((tuple(words[:length]) for length in (2, 1, 0) if tuple(words[:length]) in options), None)
                assert command is not None, f"{document}: {line}"
                assert set(re.findall(r"--[a-z-]+", call)) <= options[command], f"{document}: {line}"


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
    yield (), {"--version", "--help"}
    yield from ((words, {option for parameter in command.params for option in parameter.opts}) for words, command in commands())
