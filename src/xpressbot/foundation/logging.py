"""Structured log lines on standard error. Values are encoded by the renderer, so that no name can forge a line (ASVS 16.4.1)."""

import logging
import re
import sys
from contextlib import suppress
from typing import Final, TextIO, cast

import structlog

_MOST_FRAMES: Final = 100
"""Of a traceback. A request passes some sixty, half of them Starlette's, and those in the middle would be left out first."""
_TRACEBACKS: Final = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=_MOST_FRAMES)
)
"""Without the variables of each frame: among them are passwords and codes (ASVS 16.2.5)."""
_FIRST: Final = ("timestamp", "level", "event")
_PLAIN: Final = re.compile(r"[!#-<>-\[\]-~]*")
"""Printable ASCII without space, quote, equals sign and backslash."""


class _Lines:
    """Where structlog writes. A line that cannot be written, on a full disk say, is lost, and not the request that it tells of."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def printable(text: str) -> str:
    """The text with everything encoded that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else character.encode("unicode_escape").decode("ascii") for character in text)


def _logfmt(_logger: object, _name: str, event: structlog.typing.EventDict) -> str:
    """Render key=value (https://brandur.org/logfmt).

    structlog's LogfmtRenderer encodes of all control characters the line feed alone, and a backslash only beside a space, a quote or
    an equals sign: an escape sequence would reach the operator's terminal, and a value could not be read back.
    """
    words = {key: _word(value) for key, value in event.items()}
    first = {key: words.pop(key, "") for key in _FIRST}
    return " ".join([f"{key}={word}" for key, word in (first | words).items()])


def _word(value: object) -> str:
    """A value: as it is where it cannot be taken for another key or line, or quoted and encoded."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text if _PLAIN.fullmatch(text) else '"' + printable(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def configure_logging(*, json_lines: bool, level: str) -> None:
    """Set up structlog and route the standard library's loggers through it."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: list[structlog.typing.Processor] = (
        [_TRACEBACKS, structlog.processors.JSONRenderer()] if json_lines else [structlog.processors.format_exc_info, _logfmt]
    )
    threshold = logging.getLevelNamesMapping()[level]
    structlog.configure(
        processors=[*shared, *renderer],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Lines(sys.stderr))),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer]
        )
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.basicConfig(handlers=[handler], level=max(threshold, logging.INFO), force=True)
