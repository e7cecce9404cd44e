"""A topic as the editor shows it: its steps with their fields, with what is wrong with them, and with what could not be saved."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from xpressbot.chat.editing.excerpts import excerpt
from xpressbot.chat.editing.merging import ChangedByOther, StartTaken, Typed, Unsaved
from xpressbot.chat.editing.parts import Part, PartKey, PartKind, digest, fields_of, key_of, kind_of, parts_of
from xpressbot.chat.editing.rows import Row, RowOf, inner_rows, rows_of
from xpressbot.chat.scripts.json_values import Refused
from xpressbot.chat.scripts.problems import Problem, problems_of
from xpressbot.chat.scripts.script import (
    MOST_INDENTATION,
    MOST_OPTIONS,
    MOST_STEPS_IN_A_ROW,
    Answer,
    Choices,
    Comparison,
    If,
    On,
    Option,
    Script,
    Step,
    Topic,
)
from xpressbot.entrypoints.http.part_views import Lost, PartView, RowView, Shortcoming, StepView, Theirs
from xpressbot.entrypoints.http.script_forms import EDITOR_FORM
from xpressbot.entrypoints.messages.script_problems import problem_text, refused_script_text
from xpressbot.entrypoints.messages.script_words import (
    ANSWER_NAMES,
    COMPARISON_NAMES,
    FIELD_NAMES,
    ON_NAMES,
    PART_NAMES,
    row_named,
    step_named,
)
from xpressbot.entrypoints.messages.translation import Texts

_FIELDS_BESIDE: Final = 80
"""Fields of the form that belong to no part: the dialogue that tries it out, and a few more."""


@dataclass(slots=True)
class TopicView:
    """One topic of a script in one language.

    typed: what fields show instead of what is in the script. unsaved: why it is not. choosing: the step that is to be moved.
    """

    texts: Texts
    script: Script
    topic: Topic
    typed: Mapping[PartKey, Typed] = field(default_factory=dict)
    unsaved: Sequence[Unsaved] = ()
    choosing: str | None = None
    _problems: Mapping[str | None, Sequence[Problem]] = field(init=False)
    """Of this topic, by the step; those of the topic itself under None."""
    _fields_left: int = EDITOR_FORM.fields - _FIELDS_BESIDE

    def __post_init__(self) -> None:
        by_step = defaultdict[str | None, list[Problem]](list)
        for problem in problems_of(self.script):
            if problem.topic == self.topic.id:
                by_step[problem.step].append(problem)
        self._problems = by_step

    @property
    def head(self) -> PartView:
        """The name and the start."""
        return self._part(self.topic, self._problems.get(None, ()))

    @property
    def row(self) -> RowView:
        """The topic's own row, with everything inside."""
        return self._row(Row(RowOf.TOPIC, self.topic.id), self.topic.steps, "", depth=0)

    @property
    def shortcomings(self) -> Sequence[Shortcoming]:
        """All that is wrong with the topic, in the order of reading."""
        return [self._shortcoming(problem) for problem in chain.from_iterable(self._problems.values())]

    @property
    def lost(self) -> Sequence[Lost]:
        """What was typed for parts that are elsewhere, of another kind or nowhere now."""
        here = {(key_of(part), kind_of(part)) for part in parts_of(self.topic)}
        return lost_texts(self.texts, (one.typed for one in self.unsaved if (one.typed.key, one.typed.kind) not in here))

    @property
    def answers(self) -> Sequence[tuple[str, str]]:
        """What a question can take for an answer."""
        return _choices(self.texts, ANSWER_NAMES)

    @property
    def comparisons(self) -> Sequence[tuple[str, str]]:
        """What an If can ask."""
        return _choices(self.texts, COMPARISON_NAMES)

    @property
    def starts(self) -> Sequence[tuple[str, str]]:
        """What can start a topic."""
        return _choices(self.texts, ON_NAMES)

    @property
    def topics(self) -> Sequence[tuple[str, str]]:
        """The topics by their ids."""
        return [(topic.id, topic.name) for topic in self.script.topics]

    def _row(self, name: Row, steps: Sequence[Step], title: str, *, depth: int, option: PartView | None = None, place: str = "") -> RowView:
        last = len(steps) - 1
        can_grow = depth <= MOST_INDENTATION and len(steps) < MOST_STEPS_IN_A_ROW
        shown = [self._step(step, name, depth, is_first=i == 0, is_last=i == last, can_grow=can_grow) for i, step in enumerate(steps)]
        return RowView(f"{name.of}:{name.id}", title, shown, can_grow, option, is_first="first" in place, is_last="last" in place)

    def _step(self, step: Step, row: Row, depth: int, *, is_first: bool, is_last: bool, can_grow: bool) -> StepView:
        problems = self._problems.get(step.id, ())
        part = self._part(step, [problem for problem in problems if "label" not in problem.place.path[-1:]])
        rows = [self._inner_row(step, i, name, steps, problems, depth + 1) for i, (name, steps) in enumerate(inner_rows(step))]
        takes_option = isinstance(step, Choices) and len(step.options) < MOST_OPTIONS and part.is_editable
        destinations = self._destinations(step, row) if self.choosing == step.id else ()
        return StepView(part, rows, is_first, is_last, can_grow, takes_option, destinations)

    def _inner_row(self, step: Step, i: int, name: Row, steps: Sequence[Step], problems: Sequence[Problem], depth: int) -> RowView:
        if isinstance(step, Choices):
            option = step.options[i]
            of_option = [problem for problem in problems if problem.place.path[-3:] == ("options", i, "label")]
            place = f"{'first' if i == 0 else ''} {'last' if i == len(step.options) - 1 else ''}"
            title = row_named(self.texts, RowOf.OPTION, option.label)
            return self._row(name, steps, title, depth=depth, option=self._part(option, of_option), place=place)
        title = self.texts.gettext("Then") if name.of is RowOf.THEN else self.texts.gettext("Otherwise")
        return self._row(name, steps, title, depth=depth)

    def _part(self, part: Part, problems: Iterable[Problem]) -> PartView:
        key, kind = key_of(part), kind_of(part)
        typed = self.typed.get(key)
        # An id can be another part's by now, whose fields these are not.
        typed = typed if typed is not None and typed.kind is kind else None
        shown = digest(part) if typed is None else typed.shown
        errors: dict[str, str] = {}
        theirs: Sequence[Theirs] = ()
        for one in self.unsaved:
            if (one.typed.key, one.typed.kind) != (key, kind):
                continue
            if isinstance(one.why, ChangedByOther):
                # Whoever has seen both texts may replace the other.
                shown, theirs = digest(one.why.theirs), named_fields(self.texts, fields_of(one.why.theirs))
            elif isinstance(one.why, StartTaken):
                said = self.texts.gettext("“%(topic)s” starts on this already: only one topic can.")
                errors["on"] = said % {"topic": one.why.topic.name}
            elif isinstance(one.why, Refused) and one.why.place.path:
                errors[str(one.why.place.path[0])] = refused_script_text(self.texts, one.why)
        fields = dict(fields_of(part) if typed is None else typed.fields)
        if kind is PartKind.CHOICES:
            fields["option"] = "" if typed is None else typed.new_option
        self._fields_left -= len(fields) + 1
        return PartView(
            part.id,
            f"{'topic' if key.is_topic else 'step'}.{part.id}",
            kind.value,
            self.texts.gettext(PART_NAMES[kind]),
            step_named(self.texts, kind, excerpt(part, self.script)),
            shown,
            fields,
            errors,
            theirs,
            [self._shortcoming(problem) for problem in problems],
            self._fields_left >= 0,
        )

    def _shortcoming(self, problem: Problem) -> Shortcoming:
        at = "start" if problem.step is None else f"step-{problem.step}"
        return Shortcoming(at, problem_text(self.texts, problem), problem.is_error)

    def _destinations(self, step: Step, row: Row) -> Sequence[tuple[str, str]]:
        """The other rows of this topic that are not inside the step, and the other topics."""
        inside = {name for one in _steps_inside(step) for name, _ in inner_rows(one)}
        names = self._row_names()
        here = [name for name, _ in rows_of(self.topic) if name != row and name not in inside]
        others = [Row(RowOf.TOPIC, topic.id) for topic in self.script.topics if topic.id != self.topic.id]
        return [(f"{name.of}:{name.id}", row_named(self.texts, name.of, names[name])) for name in (*here, *others)]

    def _row_names(self) -> Mapping[Row, str]:
        names = {Row(RowOf.TOPIC, topic.id): topic.name for topic in self.script.topics}
        for part in parts_of(self.topic):
            if isinstance(part, Option):
                names[Row(RowOf.OPTION, part.id)] = part.label
            elif isinstance(part, If):
                names |= {Row(of, part.id): part.field for of in (RowOf.THEN, RowOf.ELSE)}
        return names


def lost_texts(texts: Texts, typed: Iterable[Typed]) -> Sequence[Lost]:
    """What was typed into parts that cannot be shown as fields any more."""
    return [Lost(texts.gettext(PART_NAMES[one.kind]), named_fields(texts, one.fields)) for one in typed]


def named_fields(texts: Texts, fields: Mapping[str, str]) -> Sequence[Theirs]:
    """The fields that hold something, with what they are."""
    return [
        Theirs(texts.gettext(FIELD_NAMES[name]), _in_words(texts, name, text))
        for name, text in fields.items()
        if text and name in FIELD_NAMES
    ]


def _in_words(texts: Texts, name: str, text: str) -> str:
    names: Mapping[str, Mapping[str, str]] = {
        "answer": {key.value: word for key, word in ANSWER_NAMES.items()},
        "is": {key.value: word for key, word in COMPARISON_NAMES.items()},
        "on": {key.value: word for key, word in ON_NAMES.items()},
    }
    word = names.get(name, {}).get(text)
    return text if word is None else texts.gettext(word)


def _choices(texts: Texts, names: Mapping[Answer, str] | Mapping[Comparison, str] | Mapping[On, str]) -> Sequence[tuple[str, str]]:
    return [(str(value), texts.gettext(name)) for value, name in names.items()]


def _steps_inside(step: Step) -> Iterable[Step]:
    yield step
    for _, row in inner_rows(step):
        for one in row:
            yield from _steps_inside(one)
