"""Which requests may change something: those that come from our own pages (ASVS 3.5.1).

There is no CSRF token: it would go stale in open tabs, and refuse people who did nothing wrong (docs/adr/0005).
"""

from typing import Final

from starlette.requests import Request

from xpressbot.foundation.networks import names_no_domain
from xpressbot.foundation.settings import Settings, normalised_host

LONGEST_HOST: Final = 128
"""Characters of a Host header that pages and log lines repeat. A DNS name is longer only when it is made up."""
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN: Final = frozenset({"same-origin", "none"})
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


def is_cross_origin(settings: Settings, request: Request) -> bool:
    """Whether an unsafe request comes from, or may come from, another site.

    Browsers send Sec-Fetch-Site, older ones Origin. A header that comes twice must say the same of us each time. A request with
    neither is no browser's; it is refused only if it brings a cookie.
    """
    if request.scope["method"] in _SAFE_METHODS:
        return False
    fetch_sites = request.headers.getlist("sec-fetch-site")
    if fetch_sites:
        return not _OWN.issuperset(fetch_sites)
    origins = request.headers.getlist("origin")
    if not origins:
        return "cookie" in request.headers
    return not all(_is_our_origin(settings, request, origin) for origin in origins)


def _is_our_origin(settings: Settings, request: Request, origin: str) -> bool:
    scheme, separator, netloc = origin.partition("://")
    ours = "https" if settings.https else "http"
    return bool(separator) and scheme == ours and _normalised(settings, netloc) == _normalised(settings, host_of(request))


def _normalised(settings: Settings, netloc: str) -> str:
    return normalised_host(netloc, https=settings.https)
