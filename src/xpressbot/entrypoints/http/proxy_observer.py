"""Notices what a proxy does by mistake: it was not named, it names no client, or it asks for another host."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

import structlog
from starlette.requests import Request

from xpressbot.diagnostics.observations import CLIENT_NOT_NAMED, FOREIGN_HOST, FORWARDED_HEADER, newest, note, withdraw
from xpressbot.entrypoints.http.client_address import origin_of
from xpressbot.entrypoints.http.forwarded_headers import forwarded_header
from xpressbot.entrypoints.http.host_header import LONGEST_HOST, asks_for_us, host_of
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.logging import printable
from xpressbot.foundation.networks import is_loopback, is_within
from xpressbot.foundation.times import MINUTE

_LOG = structlog.get_logger("xpressbot.http")
NOTED_AT_MOST_EVERY: Final = 1 * MINUTE
_MOST_PEERS: Final = 256


class ProxyObserver:
    """Tells the operator, by one row a kind and at most one write of each a minute, so that strangers can fill neither database nor log."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._transactions = Transactions(services.database)
        self._noted_at: dict[str, int] = {}
        self._asked_for_us: set[str] = set()

    async def look_at(self, request: Request, *, misdirected: bool) -> None:
        """Note what this request shows of its proxy; of strangers no host and no address. For after its answer: it takes a thread."""
        for work in list(self._seen(request, misdirected=misdirected)):
            await self._services.pools.job.run(partial(_attempt, work))

    def _seen(self, request: Request, *, misdirected: bool) -> Iterator[Callable[[], None]]:
        """What is to be done in the database."""
        peer = request.client.host if request.client else ""
        is_trusted = is_within(peer, self._services.settings.trusted_proxies)
        if is_trusted:
            yield from self._look_for_the_client(request, peer)
        elif header := forwarded_header(request):
            yield from self._tell_of_a_stranger(peer, header.decode("ascii"))
        if is_trusted or is_loopback(peer):
            yield from self._look_at_the_host(request, peer, misdirected=misdirected)

    def _tell_of_a_stranger(self, peer: str, header: str) -> Iterator[Callable[[], None]]:
        found = {"peer": peer, "header": header}
        yield from self._note(FORWARDED_HEADER, found, lambda: _LOG.warning("http.forwarded_header_not_trusted", peer=peer, header=header))

    def _look_for_the_client(self, request: Request, peer: str) -> Iterator[Callable[[], None]]:
        unreadable = origin_of(request, self._services.settings.trusted_proxies).unreadable
        # A proxy that looks whether we are alive asks for itself; a form is a person's.
        if unreadable is None or (not unreadable and request.method != "POST"):
            return
        value = printable(unreadable)
        found = {"peer": peer, "value": value}
        yield from self._note(CLIENT_NOT_NAMED, found, lambda: _LOG.warning("http.client_not_named", peer=peer, value=value))

    def _look_at_the_host(self, request: Request, peer: str, *, misdirected: bool) -> Iterator[Callable[[], None]]:
        """A peer that has asked for us passes the Host on: what it brings of other hosts, strangers have typed."""
        if peer in self._asked_for_us:
            return
        if asks_for_us(self._services.settings, request):
            if len(self._asked_for_us) < _MOST_PEERS:
                self._asked_for_us.add(peer)
                yield partial(self._withdraw, peer)
        elif misdirected:
            host = printable(host_of(request)[:LONGEST_HOST])
            found = {"peer": peer, "host": host}
            yield from self._note(FOREIGN_HOST, found, lambda: _LOG.warning("http.foreign_host", peer=peer, host=host))

    def _note(self, kind: str, detail: Mapping[str, str], tell: Callable[[], None]) -> Iterator[Callable[[], None]]:
        now, noted_at = self._services.clock.now(), self._noted_at.get(kind)
        if noted_at is not None and 0 <= now - noted_at < NOTED_AT_MOST_EVERY:
            return
        self._noted_at[kind] = now

        def write() -> None:
            tell()
            with self._transactions.writing() as tx:
                note(tx, kind, detail, now)
                tx.commit()

        yield write

    def _withdraw(self, peer: str) -> None:
        with self._transactions.reading() as tx:
            seen = newest(tx, FOREIGN_HOST)
        if seen is not None and seen.detail["peer"] == peer:
            with self._transactions.writing() as tx:
                withdraw(tx, FOREIGN_HOST)
                tx.commit()


def _attempt(work: Callable[[], None]) -> None:
    """The request has its answer, and the next sighting is noted again."""
    try:
        work()
    except Exception as error:  # noqa: BLE001
        _LOG.warning("http.observation_lost", error=type(error).__name__)
