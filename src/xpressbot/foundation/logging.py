"""Structured log lines on standard error. Values are encoded by the renderer, so that no name can forge a line (ASVS 16.4.1)."""

import logging
import sys
from typing import Final

import structlog

_TRACEBACKS: Final = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
"""Without the variables of each frame: among them are passwords and codes (ASVS 16.2.5)."""


def _printable(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Encode control characters, with which a value could steer a terminal."""
    return {key: printable(value) if isinstance(value, str) else value for key, value in event.items()}


def printable(text: str) -> str:
    """The text with everything encoded that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else character.encode("unicode_escape").decode("ascii") for character in text)


def configure_logging(*, json_lines: bool, level: str) -> None:
    """Set up structlog and route the standard library's loggers through it."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: list[structlog.typing.Processor] = (
        [_TRACEBACKS, structlog.processors.JSONRenderer()]
        if json_lines
        else [
            structlog.processors.format_exc_info,
            _printable,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False),
        ]
    )
    threshold = logging.getLevelNamesMapping()[level]
    structlog.configure(
        processors=[*shared, *renderer],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
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
