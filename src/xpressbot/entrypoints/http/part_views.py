"""What the templates of the script editor are given: a topic's parts with their fields, and the rows in which its steps stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shortcoming:
    """One thing that is wrong. at: the id of the element of the page that it is about."""

    at: str
    text: str
    is_error: bool


@dataclass(frozen=True, slots=True)
class Theirs:
    """What somebody else has written into a field."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class PartView:
    """A part with its fields. name: of its fields in the form. named: as buttons name it. is_editable: whether it has fields at all."""

    id: str
    name: str
    kind: str
    word: str
    named: str
    shown: str
    fields: Mapping[str, str]
    errors: Mapping[str, str]
    theirs: Sequence[Theirs]
    shortcomings: Sequence[Shortcoming]
    is_editable: bool


@dataclass(frozen=True, slots=True)
class RowView:
    """A row of steps. name: as buttons name it. can_grow: whether it takes one more. option: whose steps these are, if they are one's."""

    name: str
    title: str
    steps: "Sequence[StepView]"
    can_grow: bool
    option: PartView | None = None
    is_first: bool = False
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class StepView:
    """A step, and the rows inside it. destinations: where it can be moved to, if that is asked for."""

    part: PartView
    rows: Sequence[RowView]
    is_first: bool
    is_last: bool
    can_grow: bool
    takes_option: bool
    destinations: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Lost:
    """What was typed for a part that is not in the topic any more."""

    word: str
    fields: Sequence[Theirs]
