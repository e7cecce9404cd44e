"""Limits on concurrent forms that hash: how many of one target and of one network may wait or run in a worker (ASVS 15.2.2)."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar

from starlette.exceptions import HTTPException

from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.foundation.threads.worker_pools import Pools
from xpressbot.identity.accounts.rules.address import email_key, normalise_email
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.throttling.charges import network_of

MOST_AT_ONE_TARGET: Final = 2
"""A double click, or two browsers of one person."""
MOST_OF_ONE_NETWORK: Final = 8
MOST_OF_ONE_ACCOUNT: Final = 8
"""Of all its sessions together: a person can begin any number of them."""
NO_PLACE_RETRY_AFTER_SECONDS: Final = 1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Target:
    """What a form that hashes is a try at: an address, a session, a link.

    named: its name by what the request says, without a look-up; None where the request names none, and nothing will be hashed.
    shown_by: the cookie by which a browser may show that it belongs there. known_as: as whom it then is known, which asks the
    database; None if it does not belong there. is_public: strangers can name it too. Those who belong there then have places that
    strangers cannot take.
    """

    named: Callable[[PageRequest], str | None]
    shown_by: Cookie
    known_as: Callable[[PageRequest], str | None]
    is_public: bool = False


class _Share(NamedTuple):
    """So many of the places, and as what they are counted."""

    counted_as: str
    most: int


class HashingFormLimits:
    """Who waits for the sign-in pool of this worker, or is served by it. Used from one event loop.

    Where there is no place left, a browser that belongs to what it tries is looked up: it counts for no network, and the known
    browsers of an address have places of their own. Strangers cannot keep them out, whatever they send and from wherever.
    """

    def __init__(self, pools: Pools) -> None:
        self._pools = pools
        self._taken = Counter[str]()

    async def run(self, request: PageRequest, target: Target, work: Callable[[], T]) -> T:
        """Run `work` on a thread of the sign-in pool.

        Raises PoolBusyError, and HTTPException 429 where its target or its network has no place left; nothing is charged then.
        """
        names = [share.counted_as for share in await self._free_shares(request, target)]
        self._taken.update(names)
        try:
            return await self._pools.sign_in.run(work)
        finally:
            self._taken -= Counter(names)

    async def _free_shares(self, request: PageRequest, target: Target) -> Sequence[_Share]:
        name = target.named(request)
        at_target = [] if name is None else [_Share(name, MOST_AT_ONE_TARGET)]
        shares = [*at_target, _Share(f"network {network_of(request.client.address)}", MOST_OF_ONE_NETWORK)]
        if self._are_free(shares):
            return shares
        known_as = None if request.cookie(target.shown_by) is None else await self._pools.page.run(lambda: target.known_as(request))
        if known_as is not None:
            known = f"known as {known_as}"
            own = [_Share(known, MOST_AT_ONE_TARGET)] if target.is_public else [*at_target, _Share(known, MOST_OF_ONE_ACCOUNT)]
            if self._are_free(own):
                return own
        raise HTTPException(429, headers={"Retry-After": str(NO_PLACE_RETRY_AFTER_SECONDS)})

    def _are_free(self, shares: Sequence[_Share]) -> bool:
        return all(self._taken[share.counted_as] < share.most for share in shares)


def _address_typed(request: PageRequest) -> str | None:
    email = normalise_email(request.form["email"])
    return f"address {email_key(email)}" if isinstance(email, str) else None


def _known_browser(request: PageRequest) -> str | None:
    email = normalise_email(request.form["email"])
    return _address_typed(request) if isinstance(email, str) and request.identity.password_step.knows(email, request.client) else None


def _signed_in(request: PageRequest) -> str | None:
    holder = request.identity.sessions.recognise(request.client)
    return None if holder is None else f"account {holder.account.id}"


def _to_set_new_password(request: PageRequest) -> str | None:
    subscriber = request.subscriber()
    return None if isinstance(subscriber, Denied) else f"account {subscriber.pending.account_id}"


def _token_in(cookie: Cookie) -> Callable[[PageRequest], str | None]:
    def named(request: PageRequest) -> str | None:
        token = request.cookie(cookie)
        return None if token is None else f"{cookie} {token.digest.hex()}"

    return named


def open_link(is_open: Callable[[PageRequest], bool]) -> Target:
    """The link that a form was opened with. is_open: whether it is open."""
    named = _token_in(Cookie.LINK)
    return Target(named, Cookie.LINK, lambda request: named(request) if is_open(request) else None)


ADDRESS_TYPED: Final = Target(_address_typed, Cookie.DEVICE, _known_browser, is_public=True)
SESSION: Final = Target(_token_in(Cookie.SESSION), Cookie.SESSION, _signed_in)
PENDING_SIGN_IN: Final = Target(_token_in(Cookie.SIGN_IN), Cookie.SIGN_IN, _to_set_new_password)
