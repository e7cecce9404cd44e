"""The tables of metrics in docs/operations.md against what /metrics tells."""

import re

from tests.contract.documents import code_lines, documents, name_of, read, table
from tests.support.figures import parse
from tests.support.installation import Installation

OPEN = "xpressbot_http_request_seconds"
"""Its children are made when they are first needed; the text below the table says what its labels may be."""


def test_the_table_has_every_metric_with_its_kind_and_labels(installation: Installation) -> None:
    """And no other."""
    documented = {(row["Metric"], row["Kind"], row["Labels"]) for row in table("docs/operations.md", "Metric")}
    defined = installation.services.telemetry.metrics.defined
    assert {(metric.name, metric.kind, ", ".join(metric.labels)) for metric in defined} == documented


def test_the_table_has_every_value_that_a_label_may_take(installation: Installation) -> None:
    """All are told from the start, so that they can be compared."""
    services = installation.services
    services.occupancy.renew()
    told: dict[tuple[str, str], set[str]] = {}
    for name, labels in parse(services.telemetry.metrics.exposition().decode()):
        for label, value in labels:
            if label != "le":
                told.setdefault((re.sub("_(?:bucket|sum|count)$", "", name), label), set()).add(value)
    documented = {
        (row["Metric with the label"], row["Label"]): set(row["Values"].split(", "))
        for row in table("docs/operations.md", "Metric with the label")
    }
    assert told == documented
    assert OPEN not in {name for name, _label in told}


def test_no_document_names_a_metric_that_does_not_exist(installation: Installation) -> None:
    """An alert that is copied watches something."""
    names = {metric.name for metric in installation.services.telemetry.metrics.defined}
    names |= {f"{metric.name}_bucket" for metric in installation.services.telemetry.metrics.defined if metric.kind == "histogram"}
    named = {name for path in documents() for line in code_lines(name_of(path)) for name in re.findall(r"\bxpressbot_[a-z_]+", line)}
    assert named - names - {"xpressbot_"} == set()


def test_what_operations_says_of_the_readiness_answer_is_so(installation: Installation) -> None:
    """The parts by their names."""
    found = installation.services.readiness.examine()
    assert f'{{"database": "{found.database}", "schema": "{found.schema}", "keys": "{found.keys}"}}' in read("docs/operations.md")
