"""What the documents say of metrics and readiness."""

import re

from tests.contract.documents import code_lines, code_spans, documents, name_of
from tests.support.installation import Installation


def test_no_document_names_a_metric_that_does_not_exist(installation: Installation) -> None:
    """An alert that is copied watches something."""
    names = {metric.name for metric in installation.services.telemetry.metrics.defined}
    names |= {f"{metric.name}_bucket" for metric in installation.services.telemetry.metrics.defined if metric.kind == "histogram"}
    named = {name for path in documents() for line in code_lines(name_of(path)) for name in re.findall(r"\bxpressbot_[a-z_]+", line)}
    assert named - names - {"xpressbot_"} == set()


def test_what_operations_says_of_the_readiness_answer_is_so(installation: Installation) -> None:
    """The parts by their names."""
    found = installation.services.readiness.check()
    answer = f'{{"database": "{found.database}", "schema": "{found.schema}", "keys": "{found.keys}", "mail": "{found.mail}"}}'
    assert answer in code_spans("docs/operations.md")
