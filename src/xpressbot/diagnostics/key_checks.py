"""The key ring: whether it can be read, is whole, has what the database needs, and lies apart from the data."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from xpressbot.diagnostics.check import Check, CheckRun, Finding, Problem, Severity
from xpressbot.diagnostics.database_checks import DATABASE, SCHEMA_MISSING
from xpressbot.foundation.crypto.key_ring import EMPTY_KEY_RING, KeyRing, KeyRingDamagedError, KeyRingFormatError, parse_key_ring
from xpressbot.foundation.crypto.key_state import KeysNeeded, keys_needed

KEY_RING_NOT_MADE: Final = Problem("key_ring_not_made", Severity.NOTE)
KEY_RING_MISSING: Final = Problem("key_ring_missing", Severity.ERROR)
KEY_RING_UNREADABLE: Final = Problem("key_ring_unreadable", Severity.ERROR)
KEY_RING_DAMAGED: Final = Problem("key_ring_damaged", Severity.ERROR)
KEY_RING_FORMAT_UNKNOWN: Final = Problem("key_ring_format_unknown", Severity.ERROR)
KEY_MISSING: Final = Problem("key_missing", Severity.ERROR)
KEY_DOUBLED: Final = Problem("key_doubled", Severity.WARNING)
LOOKUP_KEY_DIFFERS: Final = Problem("lookup_key_differs", Severity.ERROR)
KEYS_BESIDE_DATA: Final = Problem("keys_beside_data", Severity.WARNING)


def _check_key_ring(run: CheckRun) -> Sequence[Finding]:
    """Read the ring, whatever its mode, and compare it with what the database needs, as far as that is known."""
    path, needed = run.settings.key_file, _keys_needed(run)
    try:
        ring = parse_key_ring(path, path.read_bytes())
    except FileNotFoundError:
        if needed is not None and needed.keys:
            return [_about_ring(KEY_RING_MISSING, path)]
        run.key_ring = EMPTY_KEY_RING
        return [_about_ring(KEY_RING_NOT_MADE, path)]
    except OSError as error:
        return [_about_ring(KEY_RING_UNREADABLE, path, error=error.strerror)]
    except KeyRingFormatError:
        return [_about_ring(KEY_RING_FORMAT_UNKNOWN, path)]
    except KeyRingDamagedError:
        return [_about_ring(KEY_RING_DAMAGED, path)]
    run.key_ring = ring
    return _compare(path, ring, needed) or [Finding("key_ring", facts={"path": str(path), "keys": list(ring.keys)})]


def _keys_needed(run: CheckRun) -> KeysNeeded | None:
    if not run.is_well(DATABASE.name) or run.has_found(SCHEMA_MISSING):
        return None
    return keys_needed(run.database)


def _compare(path: Path, ring: KeyRing, needed: KeysNeeded | None) -> Sequence[Finding]:
    findings = []
    if ring.lookup_id in ring.keys:
        findings.append(_about_ring(KEY_DOUBLED, path, keys=[ring.lookup_id]))
    if needed is not None and needed.keys:
        if missing := sorted(needed.keys - ring.keys.keys()):
            findings.append(_about_ring(KEY_MISSING, path, keys=missing))
        if needed.lookup_key != ring.lookup_id:
            findings.append(_about_ring(LOOKUP_KEY_DIFFERS, path))
    return findings


def _about_ring(problem: Problem, path: Path, **facts: Any) -> Finding:
    return Finding("key_ring", problem, {"path": str(path), **facts})


def _check_keys_apart(run: CheckRun) -> Sequence[Finding]:
    """Whether one copy of the data's directory would hold the keys too."""
    key_file, database_file = run.settings.key_file, run.database_file
    if database_file is None or not key_file.resolve().is_relative_to(database_file.resolve().parent):
        return []
    return [Finding("keys_apart", KEYS_BESIDE_DATA, {"path": str(key_file), "directory": str(database_file.parent)})]


KEY_RING: Final = Check(
    "key_ring",
    _check_key_ring,
    problems=(
        KEY_RING_NOT_MADE,
        KEY_RING_MISSING,
        KEY_RING_UNREADABLE,
        KEY_RING_DAMAGED,
        KEY_RING_FORMAT_UNKNOWN,
        KEY_MISSING,
        KEY_DOUBLED,
        LOOKUP_KEY_DIFFERS,
    ),
    fields=frozenset({"key_file"}),
)
KEYS_APART: Final = Check(
    "keys_apart", _check_keys_apart, problems=(KEYS_BESIDE_DATA,), fields=frozenset({"key_file", "database_url", "data_dir"})
)
