"""One file for each thing that is measured. Each gives a chapter of the results."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """A demand, and what was found. `name` begins with the workload's, as in M1.

    is_aim: where we want to get to, which is measured and told like a bar; missing it breaks no promise.
    """

    name: str
    demand: float
    found: float
    at_least: bool
    unit: str = ""
    is_aim: bool = False

    @property
    def met(self) -> bool:
        """Whether it was."""
        return self.found >= self.demand if self.at_least else self.found <= self.demand

    @property
    def demanded(self) -> str:
        """The demand in words."""
        words = f"at {'least' if self.at_least else 'most'} {self.demand:g} {self.unit}".rstrip()
        return f"{words}, an aim" if self.is_aim else words


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows, all of them text."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Plot:
    """Lines over a common axis. The name becomes the file's."""

    name: str
    title: str
    across: str
    up: str
    lines: dict[str, list[tuple[float, float]]]
    logarithmic: bool = False


@dataclass(frozen=True, slots=True)
class Chapter:
    """What one file here has to say."""

    title: str
    text: str
    bars: Sequence[Bar] = ()
    tables: Sequence[tuple[str, Table]] = ()
    """Each with what stands above it."""
    plots: Sequence[Plot] = ()
    complete: bool = True
    """Whether nothing had to be left out."""
