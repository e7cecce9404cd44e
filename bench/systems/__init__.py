"""One file for each system that is measured: how it is started, and how each request is phrased."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bench.messages import Answer
from bench.people import Person
from bench.servers import Command


@dataclass(frozen=True, slots=True)
class Statuses:
    """What the system answers with when all goes as it should."""

    password: int
    right_code: int
    wrong_code: int
    session: int = 200
    page: int = 200


class Served(Protocol):
    """What is started, asked at a port, and stopped."""

    name: str
    port: int

    def command(self) -> Command: ...

    def versions(self) -> Mapping[str, str]: ...


class System(Served, Protocol):
    """A system under measurement. A sign-in is two requests; the second and all later ones need the answer to the one before."""

    statuses: Statuses

    def password(self, person: Person) -> bytes: ...

    def code(self, person: Person, answer: Answer, code: str) -> bytes: ...

    def session(self, answer: Answer) -> bytes: ...


class SystemWithPages(System, Protocol):
    """One that renders pages itself: its page about two-factor, for a person who is signed in."""

    page_shows: str
    """What this page shows and no other does: that two-factor is on."""

    def page(self, person: Person, answer: Answer) -> bytes: ...
