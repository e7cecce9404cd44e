"""Which requests may change something: those that come from our own pages (ASVS 3.5.1). docs/adr/0005 says why no CSRF token."""

from typing import Final

from starlette.requests import Request

from xpressbot.foundation.settings import Settings, normalised_host

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN: Final = frozenset({"same-origin", "none"})
_ANY_HOST_PATHS: Final = frozenset({"/healthz", "/readyz", "/metrics"})


def is_misdirected(settings: Settings, request: Request) -> bool:
    """Whether the Host header names somebody else. X-Forwarded-Host is never read."""
    host = normalised_host(request.headers.get("host", ""), https=settings.https)
    return host not in settings.allowed_hosts and request.scope["path"] not in _ANY_HOST_PATHS


def is_cross_origin(settings: Settings, request: Request) -> bool:
    """Whether an unsafe request comes from, or may come from, another site.

    Browsers send Sec-Fetch-Site, older ones Origin. A request with neither is no browser's; it is refused only if it
    brings a cookie.
    """
    if request.scope["method"] in _SAFE_METHODS:
        return False
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site not in _OWN
    origin = request.headers.get("origin")
    if origin is None:
        return "cookie" in request.headers
    scheme, separator, netloc = origin.partition("://")
    host = normalised_host(request.headers.get("host", ""), https=settings.https)
    return not separator or scheme != ("https" if settings.https else "http") or normalised_host(netloc, https=settings.https) != host
