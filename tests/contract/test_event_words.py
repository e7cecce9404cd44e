"""Whatever an event can say has words: its group, each key of its details, each reason."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.contract.documents import ROOT
from xpressbot.entrypoints.http.factors.registry import FACTORS
from xpressbot.entrypoints.messages.event_details import DETAILS, REASONS
from xpressbot.entrypoints.messages.event_words import GROUP_NAMES
from xpressbot.identity.audit.rules.event import CIRCUMSTANCES, EventGroup, EventKind
from xpressbot.identity.factors.enrolment_steps import EnrolmentRefusal
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.throttling.charges import ThrottleRefusal

IDENTITY = ROOT / "src/xpressbot/identity"
FIELDS = {"factor", "actor", "target"}
"""Of the event itself, beside its details."""


def test_every_detail_that_is_recorded_has_words() -> None:
    """The keys of every call that makes an event, and of the mappings that are handed to one. No kind declares others."""
    keys = {key for file in sorted(IDENTITY.rglob("*.py")) for key in detail_keys(file)}
    assert {"address", "session", "reason", "sessions_ended", "first_at", "backups_renewed"} <= keys
    assert keys == DETAILS.keys() == CIRCUMSTANCES | {key for kind in EventKind for key in kind.details}


def detail_keys(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Call(func=ast.Attribute(attr="event"), keywords=keywords):
                yield from (keyword.arg for keyword in keywords if keyword.arg is not None and keyword.arg not in FIELDS)
            case ast.Call(func=ast.Name(id="NewEvent"), args=[_kind, ast.Dict() as details, *_]):
                yield from literal_keys(details)
            case ast.AnnAssign(target=ast.Name(id="details"), value=ast.Dict() as details):
                yield from literal_keys(details)
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id="details"), slice=ast.Constant(value=str() as key))]):
                yield key


def literal_keys(mapping: ast.Dict) -> Iterator[str]:
    for key in mapping.keys:
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield key.value


def test_every_reason_that_an_event_can_have_has_words() -> None:
    """Of proofs, passwords, throttling and set-ups. A reason's value stands for one over all enums, so that it finds its words."""
    assert {*ProofRefusal, *PasswordRefusal, *ThrottleRefusal, *EnrolmentRefusal} == REASONS.keys()
    assert len({reason.value for reason in REASONS}) == len(REASONS)


def test_every_group_and_every_factor_has_a_name() -> None:
    """As the page offers and shows them."""
    assert GROUP_NAMES.keys() == set(EventGroup)
    assert all(factor.label for factor in FACTORS)
