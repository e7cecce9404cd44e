"""What /metrics tells, as a program reads it."""

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

Figures = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def parse(exposition: str) -> Figures:
    """Each sample by its name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(exposition)
        for sample in family.samples
    }


def figure(figures: Figures, name: str, **labels: str) -> float:
    """One sample; a KeyError if it is not told."""
    return figures[name, frozenset(labels.items())]


def rises(before: Figures, after: Figures, *names: str) -> dict[tuple[str, ...], float]:
    """How much the samples of these names rose, by the values of their labels in the labels' order; what stayed is left out."""
    return {
        (name, *(value for _label, value in sorted(labels))): value - before.get((name, labels), 0)
        for (name, labels), value in after.items()
        if name in names and value != before.get((name, labels), 0)
    }
