"""Each refusal and each problem is told in a sentence, with its detail where it has one."""

import pytest

from xpressbot.chat.scripts.json_values import Refused, Unreadable
from xpressbot.chat.scripts.problems import Problem, ProblemKind
from xpressbot.chat.scripts.script import Place
from xpressbot.entrypoints.messages.catalogues import load_languages
from xpressbot.entrypoints.messages.script_problems import problem_text, refused_script_text
from xpressbot.entrypoints.messages.translation import ENGLISH

LANGUAGES = {texts.tag: texts for texts in load_languages()}


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_refusal_and_every_problem_has_a_sentence(tag: str) -> None:
    """In each language one of its own."""
    texts = LANGUAGES[tag]
    refusals = {refused_script_text(texts, Refused(Place(), kind, "7")) for kind in Unreadable}
    problems = {problem_text(texts, Problem(kind, Place(), detail="7")) for kind in ProblemKind}
    assert len(refusals) == len(Unreadable)
    assert len(problems) == len(ProblemKind)
    assert not any("%(" in sentence for sentence in refusals | problems)


def test_the_detail_stands_in_the_sentence() -> None:
    """Numbers as the reader writes them, names as they are, also with a percent sign."""
    large = Refused(Place(), Unreadable.TOO_LARGE, "204800")
    assert "204,800 bytes" in refused_script_text(ENGLISH, large)
    assert "2,04,800" in refused_script_text(LANGUAGES["hi"], large)
    assert '"100%s"' in refused_script_text(ENGLISH, Refused(Place(), Unreadable.UNKNOWN_KEY, "100%s"))
    assert "«100»" in problem_text(LANGUAGES["es"], Problem(ProblemKind.UNKNOWN_FIELD, Place(), detail="100"))
