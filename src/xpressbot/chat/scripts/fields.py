"""Fields: what questions remember, and what {{field}} in a text stands for."""

import re
from collections.abc import Mapping
from typing import Final

from xpressbot.chat.scripts.script import Ask, Choices, Script, steps_of

_PLACEHOLDER: Final = re.compile(r"\{\{([^{}]*)\}\}")


def filled(text: str, fields: Mapping[str, str]) -> str:
    """The text with its fields put in; one that is not known leaves nothing. What a field holds is not looked through again."""
    return _PLACEHOLDER.sub(lambda match: fields.get(match[1].strip(), ""), text)


def fields_in(text: str) -> tuple[str, ...]:
    """What stands between double braces in a text, in order, whether there is such a field or not."""
    return tuple(match[1].strip() for match in _PLACEHOLDER.finditer(text))


def fields_of(script: Script) -> frozenset[str]:
    """The fields that questions of a script remember."""
    questions = (step for topic in script.topics for step in steps_of(topic) if isinstance(step, Ask | Choices))
    return frozenset(question.into for question in questions if question.into is not None)
