"""M1 to M3 for several systems in turn, round after round: A B C A B C, so that a change of the weather meets all of them."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from bench.load_client import Measurement
from bench.people import Crowd
from bench.stage import Stage
from bench.systems import System
from bench.workloads import Table
from bench.workloads.right_code import after_password, right_code
from bench.workloads.who_is_signed_in import who_is_signed_in
from bench.workloads.wrong_code import wrong_code

WORKLOADS = {"M1": "right code to session", "M2": "wrong code refused", "M3": "who is signed in"}
_WARM_UP = 20
_ROUNDS_BETWEEN = 3
"""A code is good for at most 90 s, and a round takes longer than a third of that."""


def people_needed(stage: Stage, turns: int = 1) -> int:
    """How large a crowd must be, with so many turns in each round, so that nobody comes again too early."""
    return min(stage.effort.rounds, _ROUNDS_BETWEEN) * turns * (2 * stage.effort.people + _WARM_UP)


@dataclass(frozen=True, slots=True)
class Contestant:
    """A system, and the people who sign in there."""

    system: System
    crowd: Crowd


@dataclass
class Seen:
    """What was seen, by system and workload, a measurement for each round."""

    of: dict[str, dict[str, list[Measurement]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))

    def rate(self, system: str, workload: str) -> float:
        """The median."""
        return median(measurement.rate for measurement in self.of[system][workload])

    def p50(self, system: str, workload: str) -> float:
        """The median of the rounds' medians, in milliseconds."""
        return median(measurement.p50 for measurement in self.of[system][workload])

    def p99(self, system: str, workload: str) -> float:
        """The median of the rounds' 99th percentiles, in milliseconds."""
        return median(measurement.p99 for measurement in self.of[system][workload])

    def spread(self, system: str, workload: str) -> str:
        """Slowest and fastest round."""
        rates = [measurement.rate for measurement in self.of[system][workload]]
        return f"{min(rates):,.0f} to {max(rates):,.0f}"

    def table(self, workload: str, ours: str | None = None) -> Table:
        """All systems in one workload; with `ours`, how far ahead that one is."""
        headings = ["System", *([] if ours is None else [f"{ours} is faster by"]), "A second", "p50 ms", "p99 ms", "Rounds, a second"]
        rows = [
            [
                system,
                *([] if ours is None else [ratio(self.rate(ours, workload), self.rate(system, workload))]),
                f"{self.rate(system, workload):,.0f}",
                f"{self.p50(system, workload):.2f}",
                f"{self.p99(system, workload):.2f}",
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
        if not one_at_a_time:
            stack.enter_context(stage.serving(*(contestant.system for contestant in contestants)))
        for _round in range(stage.effort.rounds):
            for contestant in contestants:
                with stage.serving(*([contestant.system] if one_at_a_time else [])):
                    _turn(stage, contestant, seen)
                step.advance()
    return seen


def _turn(stage: Stage, contestant: Contestant, seen: Seen) -> None:
    system, mine = contestant.system, seen.of[contestant.system.name]
    early, right, wrong = (contestant.crowd.next(count) for count in (_WARM_UP, stage.effort.people, stage.effort.people))
    right_code(stage, system, early, after_password(stage, system, early))
    pending = after_password(stage, system, wrong)
    mine["M2"].append(wrong_code(stage, system, wrong, pending))
    pending = after_password(stage, system, right)
    measured, signed_in = right_code(stage, system, right, pending)
    contestant.crowd.have_sent([*early, *right])
    mine["M1"].append(measured)
    mine["M3"].append(who_is_signed_in(stage, system, signed_in))
