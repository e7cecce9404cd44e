"""The headers that say where a request comes from, besides its peer."""

from typing import Final

from starlette.requests import Request

_HEADERS: Final = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip"})


def forwarded_header(request: Request) -> bytes | None:
    """The first of them that the request brings."""
    names = [name for name, _value in request.scope["headers"] if name in _HEADERS]
    return names[0] if names else None
