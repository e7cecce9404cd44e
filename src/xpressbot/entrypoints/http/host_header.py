"""Which host a request asks for. What asks for another one than the public URL's is not answered."""

from typing import Final

from starlette.requests import Request

from xpressbot.foundation.networks import names_no_domain
from xpressbot.foundation.settings import Settings

LONGEST_HOST: Final = 128
"""Characters of a Host header that pages and log lines repeat. A DNS name is longer only when it is made up."""
METRICS_PATH: Final = "/metrics"
_ANY_HOST_PATHS: Final = frozenset({"/healthz", "/readyz"})


def host_of(request: Request) -> str:
    """The Host header as it came; empty when there is none, or more than one (RFC 9112 section 3.2). X-Forwarded-Host is never read."""
    hosts = request.headers.getlist("host")
    return hosts[0] if len(hosts) == 1 else ""


def asks_for_us(settings: Settings, request: Request) -> bool:
    """Whether the Host header is the public URL's."""
    return settings.answers_to(host_of(request))


def is_misdirected(settings: Settings, request: Request) -> bool:
    """Whether the Host header names another host, where that matters.

    Probes ask by whatever name they have. A reader of the figures asks by address, by localhost or by the public name: a name
    that a stranger's DNS server makes this machine's brings a browser here, and the figures to the stranger's script.
    """
    if asks_for_us(settings, request):
        return False
    path = request.scope["path"]
    return path not in _ANY_HOST_PATHS and not (path == METRICS_PATH and names_no_domain(host_of(request)))
