"""M2: a wrong code is refused, counted and recorded."""

from collections.abc import Sequence

from bench.load_client import Load, Measurement
from bench.messages import Answer
from bench.people import Person
from bench.stage import Stage
from bench.systems import System


def wrong_code(stage: Stage, system: System, people: Sequence[Person], pending: Sequence[Answer]) -> Measurement:
    """Everybody sends one code that is wrong."""
    requests = [system.code(person, answer, person.wrong_code()) for person, answer in zip(people, pending, strict=True)]
    return stage.client.run(system.port, requests, Load()).only(system.statuses.wrong_code, f"{system.name}, wrong code")
