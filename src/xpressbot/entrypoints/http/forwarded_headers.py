"""Notices headers that say where a request comes from, brought by a peer that is not trusted to say so."""

from functools import partial
from typing import Final

import structlog
from starlette.requests import Request

from xpressbot.entrypoints.house import House
from xpressbot.foundation.database.observations import FORWARDED_HEADER, note
from xpressbot.foundation.networks import is_within
from xpressbot.identity.domain.instant import MINUTE

_LOG = structlog.get_logger("xpressbot.http")
NOTED_AT_MOST_EVERY: Final = 1 * MINUTE
_HEADERS: Final = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip"})


def forwarded_header(request: Request) -> bytes | None:
    """The first header that says where the request comes from, besides its peer."""
    names = [name for name, _value in request.scope["headers"] if name in _HEADERS]
    return names[0] if names else None


class ForwardedHeaderWatch:
    """Tells the operator, by one row and at most one write a minute, so that strangers can fill neither database nor log."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._noted_at: int | None = None

    def look_at(self, request: Request) -> None:
        """Have it noted if this request brings one. The request neither waits for that nor fails with it."""
        header = forwarded_header(request)
        if header is None:
            return
        peer = request.client.host if request.client else ""
        if is_within(peer, self._house.settings.trusted_proxies):
            return
        now = self._house.clock.now()
        if self._noted_at is not None and 0 <= now - self._noted_at < NOTED_AT_MOST_EVERY:
            return
        self._noted_at = now
        self._house.pools.page.begin(partial(self._note, peer, header.decode("ascii"), now))

    def _note(self, peer: str, header: str, now: int) -> None:
        _LOG.warning("http.forwarded_header_not_trusted", peer=peer, header=header)
        try:
            note(self._house.database, FORWARDED_HEADER, {"peer": peer, "header": header}, now)
        except Exception as error:  # noqa: BLE001  # nobody waits for it, and the next sighting is noted again
            _LOG.warning("http.observation_lost", error=type(error).__name__)
