"""The download of what is kept about a person: a JSON document. What is not named here does not leave the program (ASVS 15.3.1)."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from xpressbot.foundation.threads.worker_pools import Pool
from xpressbot.foundation.times import SECOND
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.audit.rules.event import DetailValue, SecurityEvent
from xpressbot.identity.audit.rules.notice import NoticeState
from xpressbot.identity.factors.rules import Authenticator
from xpressbot.identity.profile.export import AccountData, AccountExport
from xpressbot.identity.sessions.store import ListedSession

T = TypeVar("T")


async def account_document(data: AccountData, place: str, export: AccountExport, pool: Pool) -> AsyncIterator[str]:
    """The document, in pieces: a page of notices or events is read and written on a thread of the pool, and forgotten once it is sent.

    place: which installation it is from. Times are ISO 8601, in UTC; what a newer version wrote is null. Where a page cannot be read,
    this raises: the answer then ends without its end, and what has come of the document does not parse.
    """
    yield _beginning(data, place)
    yield ',\n  "notices": ['
    async for piece in _entries(pool, partial(export.notices, data), _notice, lambda one: one.first_seq):
        yield piece
    yield '\n  ],\n  "security_events": ['
    async for piece in _entries(pool, partial(export.events, data), _event, lambda one: one.seq):
        yield piece
    yield "\n  ]\n}\n"


async def _entries(
    pool: Pool, read: Callable[[int], Sequence[T]], entry: Callable[[T], dict[str, Any]], number: Callable[[T], int]
) -> AsyncIterator[str]:
    """The entries of a list, one a line, page after page. number: by which the page after an entry is asked for."""

    def written(after: int) -> tuple[str, int] | None:
        page = read(after)
        lines = ",\n".join(f"    {json.dumps(entry(one), ensure_ascii=False)}" for one in page)
        return (lines, number(page[-1])) if page else None

    after, separator = 0, "\n"
    while (piece := await pool.run(partial(written, after))) is not None:
        lines, after = piece
        yield separator + lines
        separator = ",\n"


def _beginning(data: AccountData, place: str) -> str:
    """The object up to the lists, whose brace is still open."""
    bounded = {
        "exported_at": _time(data.exported_at),
        "exported_from": place,
        "account": _account(data.account, data.created_at),
        "sessions": [_session(one) for one in data.sessions],
        "known_browsers": [{"last_sign_in_at": _time(at)} for at in data.known_browsers],
        "authenticators": [_authenticator(one) for one in data.authenticators],
        "recovery_codes_left": data.backups_left,
    }
    return json.dumps(bounded, ensure_ascii=False, indent=2).removesuffix("\n}")


def _account(account: Account, created_at: int) -> dict[str, Any]:
    return {
        "id": account.id,
        "email": account.email,
        "email_confirmed_at": _time(account.email_confirmed_at),
        "name": account.name,
        "language": account.language,
        "mail_language": account.mail_language,
        "status": account.status,
        "created_at": _time(created_at),
    }


def _session(listed: ListedSession) -> dict[str, Any]:
    return {
        "browser": listed.user_agent,
        "address": listed.address,
        "began_at": _time(listed.session.authenticated_at),
        "last_used_at": _time(listed.session.last_used_at),
        "expires_at": _time(listed.session.expires_at),
        "methods": sorted(listed.session.amr),
    }


def _authenticator(one: Authenticator) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "name": one.name,
        "created_at": _time(one.created_at),
        "confirmed_at": _time(one.confirmed_at),
        "last_used_at": _time(one.last_used_at),
    }


def _notice(state: NoticeState) -> dict[str, Any]:
    return {
        "kind": state.kind,
        "first_event": state.first_seq,
        "last_event": state.last_seq,
        "count": state.count,
        "acknowledged_at": _time(state.acknowledged_at),
        "mailed_at": _time(state.mailed_at),
    }


def _event(event: SecurityEvent) -> dict[str, Any]:
    return {
        "number": event.seq,
        "kind": event.kind,
        "at": _time(event.at),
        "factor": event.factor,
        "actor": event.actor,
        "target": event.target,
        "details": {key: _detail(key, value) for key, value in event.details.items()},
    }


def _detail(key: str, value: DetailValue) -> DetailValue:
    return _time(value) if key.endswith("_at") and isinstance(value, int) else value


def _time(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at // SECOND, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
