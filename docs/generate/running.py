"""Tables of what only a built application tells: its routes, cookies, metrics and commands."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from starlette.routing import Route

from docs.generate.commands import usages
from docs.generate.markdown import Cells, Table
from xpressbot.bootstrap import build
from xpressbot.entrypoints.http.app import create_app
from xpressbot.entrypoints.http.cookies import Cookie, Cookies
from xpressbot.entrypoints.http.customers.cookie import VisitorCookie
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.settings import Settings

_OPERATIONS = "docs/operations.md"


def running_tables() -> Sequence[Table]:
    """Those of an installation as it is without any setting."""
    with _installation() as services:
        cookies = Cookies(services.settings)
        names = [*(cookies.name(cookie) for cookie in Cookie), VisitorCookie(services.settings).name]
        return [
            Table("docs/http.md", "routes", ["Method", "Path"], _routes(services), "What it does", in_order=False),
            Table("docs/http.md", "cookies", ["Cookie"], {(f"`{name}`",): {} for name in names}, "Holds"),
            Table(_OPERATIONS, "metrics", ["Metric"], _metrics(services), "Tells", in_order=False),
            Table(_OPERATIONS, "labels", ["Metric with the label", "Label"], _labels(services), in_order=False),
            Table(_OPERATIONS, "commands", ["Command"], {(f"`{usage}`",): {} for usage in usages()}, "What it does", in_order=False),
        ]


@contextmanager
def _installation() -> Iterator[Services]:
    with tempfile.TemporaryDirectory() as name:
        data, keys = Path(name) / "data", Path(name) / "keys"
        services = build(Settings(data_dir=data, key_file=keys / "keyring.json"), durable=False)
        try:
            yield services
        finally:
            services.close()


def _routes(services: Services) -> dict[tuple[str, ...], Cells]:
    found: dict[tuple[str, ...], Cells] = {}
    for route in create_app(services).routes:
        if not isinstance(route, Route):
            raise TypeError(f"{route!r} is a kind of route that the table does not know")
        found |= {(method, f"`{route.path}`"): {} for method in sorted(route.methods or ()) if method != "HEAD"}
    return found


def _metrics(services: Services) -> dict[tuple[str, ...], Cells]:
    defined = services.telemetry.metrics.defined
    return {(f"`{metric.name}`",): {"Kind": metric.kind, "Labels": ", ".join(metric.labels)} for metric in defined}


def _labels(services: Services) -> dict[tuple[str, ...], Cells]:
    """The values that are told from the start, so that they can be compared. Routes are not among them."""
    services.occupancy.renew()
    values: dict[tuple[str, ...], list[str]] = {}
    for family in text_string_to_metric_families(services.telemetry.metrics.exposition().decode()):
        for sample in family.samples:
            for label, value in sample.labels.items():
                key = (f"`{re.sub('_(?:bucket|sum|count)$', '', sample.name)}`", label)
                if label != "le" and value not in values.setdefault(key, []):
                    values[key].append(value)
    return {key: {"Values": ", ".join(told)} for key, told in values.items()}
