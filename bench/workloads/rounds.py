"""M1 to M3 for several systems in turn, round after round: A B C A B C, so that a change of the weather meets all of them."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from bench.load_client import Measurement
from bench.people import Crowd
from bench.servers import Server
from bench.stage import Stage
from bench.systems import System
from bench.workloads import Table
from bench.workloads.right_code import after_password, right_code
from bench.workloads.who_is_signed_in import who_is_signed_in
from bench.workloads.wrong_code import wrong_code

WORKLOADS = {"M1": "right code to session", "M2": "wrong code refused", "M3": "who is signed in"}
_WARM_UP = 40
_ROUNDS_BETWEEN = 3
"""A code is good for at most 90 s, and a round takes longer than a third of that."""


def people_needed(stage: Stage, turns: int = 1) -> int:
    """How large a crowd must be, with so many turns in each round, so that no person comes again too early."""
    return min(stage.effort.rounds, _ROUNDS_BETWEEN) * turns * (2 * stage.effort.people + _WARM_UP)


@dataclass(frozen=True, slots=True)
class Contestant:
    """A system, and the people who sign in there."""

    system: System
    crowd: Crowd


@dataclass(frozen=True, slots=True)
class Round:
    """One measurement, and what the server computed for each answer, in milliseconds of one core."""

    measured: Measurement
    cpu_ms: float


@dataclass
class Seen:
    """What was seen, by system and workload, in each round."""

    of: dict[str, dict[str, list[Round]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))

    def rate(self, system: str, workload: str) -> float:
        """The median."""
        return median(one.measured.rate for one in self.of[system][workload])

    def p50(self, system: str, workload: str) -> float:
        """The median of the rounds' medians, in milliseconds."""
        return median(one.measured.p50 for one in self.of[system][workload])

    def p99(self, system: str, workload: str) -> float:
        """The median of the rounds' 99th percentiles, in milliseconds."""
        return median(one.measured.p99 for one in self.of[system][workload])

    def cpu_ms(self, system: str, workload: str) -> float:
        """The median of what the server computed for each answer."""
        return median(one.cpu_ms for one in self.of[system][workload])

    def spread(self, system: str, workload: str) -> str:
        """Slowest and fastest round."""
        rates = [one.measured.rate for one in self.of[system][workload]]
        return f"{min(rates):,.0f} to {max(rates):,.0f}"

    def table(self, workload: str, ours: str | None = None) -> Table:
        """All systems in one workload; with `ours`, how far ahead that one is."""
        headings = [
            "System",
            *([] if ours is None else [f"{ours} is faster by"]),
            "A second",
            "p50 ms",
            "p99 ms",
            "CPU ms each",
            "Rounds, a second",
        ]
        rows = [
            [
                system,
                *([] if ours is None else [ratio(self.rate(ours, workload), self.rate(system, workload))]),
                f"{self.rate(system, workload):,.0f}",
                f"{self.p50(system, workload):.2f}",
                f"{self.p99(system, workload):.2f}",
                f"{self.cpu_ms(system, workload):.2f}",
                self.spread(system, workload),
            ]
            for system in self.of
        ]
        return Table(headings, rows)


def ratio(ours: float, theirs: float) -> str:
    """As it is quoted."""
    return f"{ours / theirs:.2f}"


def side_by_side(stage: Stage, what: str, contestants: Sequence[Contestant], *, one_at_a_time: bool = False) -> Seen:
    """Run all rounds. One at a time: each server is started for its turn, because together they would be too many."""
    seen, step = Seen(), stage.step(what, stage.effort.rounds * len(contestants))
    with ExitStack() as stack:
        standing = [] if one_at_a_time else stack.enter_context(stage.serving(*(contestant.system for contestant in contestants)))
        for _round in range(stage.effort.rounds):
            for number, contestant in enumerate(contestants):
                with stage.serving(*([contestant.system] if one_at_a_time else [])) as started:
                    _turn(stage, contestant, started[0] if one_at_a_time else standing[number], seen)
                step.advance()
    return seen


def _turn(stage: Stage, contestant: Contestant, server: Server, seen: Seen) -> None:
    system, mine = contestant.system, seen.of[contestant.system.name]
    early, right, wrong = (contestant.crowd.next(count) for count in (_WARM_UP, stage.effort.people, stage.effort.people))
    right_code(stage, system, early, after_password(stage, system, early))
    scales = Scales(server)
    pending = after_password(stage, system, wrong)
    scales.begin()
    mine["M2"].append(scales.round(wrong_code(stage, system, wrong, pending)))
    pending = after_password(stage, system, right)
    scales.begin()
    measured, signed_in = right_code(stage, system, right, pending)
    mine["M1"].append(scales.round(measured))
    scales.begin()
    mine["M3"].append(scales.round(who_is_signed_in(stage, system, signed_in)))
    contestant.crowd.have_sent([*early, *right])


class Scales:
    """What a server computes between two moments."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.begin()

    def begin(self) -> None:
        self._before = self._server.cpu_seconds()

    def round(self, measured: Measurement) -> Round:
        return Round(measured, (self._server.cpu_seconds() - self._before) * 1000 / measured.answered)
