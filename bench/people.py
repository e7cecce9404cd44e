"""The people of a run. A person's number gives address, password and secret, in every system."""

import base64
import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice

from xpressbot.identity.factors.totp.rules.hotp import hotp
from xpressbot.identity.factors.totp.rules.totp import PERIOD_SECONDS, SECRET_BYTES, WINDOW_STEPS

PASSWORD = "violet-anchor-meadow-kettle"


@dataclass(frozen=True, slots=True)
class Person:
    """A person with 2FA on."""

    number: int

    @property
    def email(self) -> str:
        """Where they are known by."""
        return f"person{self.number}@example.com"

    @property
    def account_id(self) -> str:
        """What an installation of ours calls their account: in the order of their numbers, as ids of rows are in the order of time."""
        return f"{self.number:012x}{hashlib.sha256(self.email.encode()).hexdigest()[:20]}"

    @property
    def secret(self) -> bytes:
        """What their authenticator app holds. It is ASCII text, because better-auth keeps secrets as text."""
        return hashlib.sha256(f"secret of {self.email}".encode()).hexdigest()[:SECRET_BYTES].encode()

    @property
    def secret_text(self) -> str:
        """The same in base32, as it is typed into an app."""
        return base64.b32encode(self.secret).decode()

    @property
    def network_address(self) -> str:
        """Where their browser is, as a proxy would tell."""
        return f"10.{self.number >> 16 & 255}.{self.number >> 8 & 255}.{self.number & 255}"

    def code(self) -> str:
        """What their app shows now."""
        return hotp(self.secret, _time_step())

    def wrong_code(self) -> str:
        """What it shows at no time near."""
        now, reach = _time_step(), WINDOW_STEPS + 12
        shown = {hotp(self.secret, step) for step in range(now - reach, now + reach)}
        return next(code for code in (f"{number:06}" for number in range(len(shown) + 1)) if code not in shown)


def spread(count: int, among: int, *, skip: int = 0) -> Sequence[Person]:
    """That many of all people, evenly apart, so that no part of a table is warmer than the rest; `skip` leaves out earlier ones."""
    assert skip + count <= among, "there are not so many people"
    stride = 7919  # a prime that divides no size we use
    return [Person(number * stride % among) for number in range(skip, skip + count)]


@dataclass
class Crowd:
    """People who sign in one after the other, and begin again when all have. No person sends the same code twice."""

    people: Sequence[Person]
    last_codes: dict[Person, int] = field(default_factory=dict)
    """The time step in which one of them has last sent a code."""

    def __post_init__(self) -> None:
        self._turns: Iterator[Person] = cycle(self.people)

    def next(self, count: int) -> list[Person]:
        """So many; if one of them comes again too early, after their app shows another code."""
        people = list(islice(self._turns, count))
        if any(self.last_codes.get(person) == _time_step() for person in people):
            time.sleep(PERIOD_SECONDS - time.time() % PERIOD_SECONDS)
        return people

    def have_sent(self, people: Sequence[Person]) -> None:
        """Take note of who has just sent a code."""
        self.last_codes.update(dict.fromkeys(people, _time_step()))


def _time_step() -> int:
    return int(time.time()) // PERIOD_SECONDS
