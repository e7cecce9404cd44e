"""Log lines."""

import json
import re
from collections.abc import Iterator

import pytest
import structlog

from xpressbot.foundation.logging import configure_logging

CANARY = "canary-in-a-frame-of-the-stack"


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    yield
    configure_logging(json_lines=False, level="INFO")


def fail_with(password: str) -> None:
    length = len(password)
    raise RuntimeError(f"failed on {length} characters")


@pytest.mark.parametrize("json_lines", [True, False])
def test_a_traceback_tells_no_variables(json_lines: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """A logged failure says where it happened, and nothing of what was in the frames."""
    configure_logging(json_lines=json_lines, level="DEBUG")
    try:
        fail_with(CANARY[:])
    except RuntimeError:
        structlog.get_logger("test").exception("it.failed")
    logged = capsys.readouterr().err
    assert "failed on 30 characters" in logged
    assert CANARY not in logged


@pytest.mark.parametrize("json_lines", [True, False])
def test_a_hostile_value_stays_on_its_line(json_lines: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Line breaks and escape sequences in a value are encoded (ASVS 16.4.1)."""
    configure_logging(json_lines=json_lines, level="INFO")
    structlog.get_logger("test").info("it.happened", name="a\r\nlevel=info event=forged \x1b[31m")
    logged = capsys.readouterr().err
    assert logged.count("\n") == 1
    assert "\x1b" not in logged
    assert "\r" not in logged


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("plain", "plain"),
        ("/path?x:(1)", "/path?x:(1)"),
        (3, "3"),
        (None, ""),
        ("", ""),
        (True, "true"),
        (False, "false"),
        ("two words", '"two words"'),
        ("a=b", '"a=b"'),
        ('say "yes"', r'"say \"yes\""'),
        ("back\\slash", r'"back\\slash"'),
        ("a\nb", r'"a\nb"'),
        ("Jürgen", '"Jürgen"'),
        ("\u202etfel", r'"\u202etfel"'),
    ],
)
def test_a_value_is_one_word_whatever_it_is(value: object, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing in it passes for another key or line, and nothing is lost of it but its type."""
    configure_logging(json_lines=False, level="INFO")
    structlog.get_logger("test").info("it.happened", value=value)
    assert capsys.readouterr().err.partition(" event=")[2] == f"it.happened value={word}\n"


def test_a_line_begins_with_when_how_grave_and_what(capsys: pytest.CaptureFixture[str]) -> None:
    """Then follow the values, in the order in which they were given."""
    configure_logging(json_lines=False, level="INFO")
    structlog.get_logger("test").warning("it.happened", second=2, first=1)
    assert re.fullmatch(r"timestamp=\S+Z level=warning event=it\.happened second=2 first=1\n", capsys.readouterr().err)


def test_json_lines_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Each line can be read by a program."""
    configure_logging(json_lines=True, level="INFO")
    structlog.get_logger("test").warning("it.happened", count=3)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"], line["count"]) == ("it.happened", "warning", 3)
