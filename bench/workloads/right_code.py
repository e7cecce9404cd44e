"""M1: a right code becomes a session."""

from collections.abc import Sequence

from bench.load_client import Load, Measurement
from bench.messages import Answer
from bench.people import Person
from bench.stage import Stage
from bench.systems import System


def after_password(stage: Stage, system: System, people: Sequence[Person]) -> list[Answer]:
    """The password step of each: what they hold before the code."""
    requests = [system.password(person) for person in people]
    seen, answers = stage.client.ask(system.port, requests, Load(connections=4))
    seen.only(system.statuses.password, f"{system.name}, password step")
    return answers


def right_code(
    stage: Stage, system: System, people: Sequence[Person], pending: Sequence[Answer], *, connections: int = 8
) -> tuple[Measurement, list[Answer]]:
    """Everybody sends the code of their app, once."""
    requests = [system.code(person, answer, person.code()) for person, answer in zip(people, pending, strict=True)]
    seen, answers = stage.client.ask(system.port, requests, Load(connections))
    return seen.only(system.statuses.right_code, f"{system.name}, right code"), answers
