"""Who am I: the hot route of every dashboard. A plain Starlette route; its OpenAPI description stands beside it."""

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.page_request import Site
from xpressbot.entrypoints.http.problems import problem
from xpressbot.foundation.database.engine import UNAVAILABLE
from xpressbot.foundation.times import SECOND
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.sessions.rules.session import Session

SESSION_PATH: Final = "/api/v1/session"
_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
"""As JSONResponse writes it, which makes an encoder for each answer."""


def session_route(site: Site) -> Route:
    """GET /api/v1/session."""
    return Route(SESSION_PATH, _WhoAmI(site), methods=["GET"])


class _WhoAmI:
    """An ASGI application: Starlette wraps functions in layers that this one does not need."""

    def __init__(self, site: Site) -> None:
        self._services = site.services
        self._cookies = site.cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = self._cookies.read(Request(scope), Cookie.SESSION)
        found = None if token is None else await self._find(token)
        response = problem(401, "not_signed_in") if found is None else Response(_JSON.encode(_body(*found)), media_type="application/json")
        await response(scope, receive, send)

    async def _find(self, token: Token) -> tuple[Session, Account] | None:
        # Where an answer takes no wait, a thread would cost more than the question (docs/adr/0013).
        at_once = self._services.lookup_at_once
        if at_once is not None:
            try:
                found = at_once.find(token)
                if found is None or not at_once.last_use_is_due(found[0]):
                    return found
            except UNAVAILABLE:
                pass
        return await self._services.pools.page.run(partial(self._services.identity.sessions.find, token))


def _body(session: Session, account: Account) -> dict[str, Any]:
    return {
        "account": {"id": account.id, "email": account.email, "name": account.name},
        "amr": sorted(session.amr),
        "aal": session.aal,
        "authenticated_at": _iso(session.authenticated_at),
        "expires_at": _iso(session.expires_at),
    }


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at // SECOND, tz=UTC).isoformat().replace("+00:00", "Z")


OPENAPI_PATH_ITEM: Final[dict[str, Any]] = {
    "get": {
        "summary": "Who is signed in, and how surely",
        "operationId": "get_session",
        "responses": {
            "200": {
                "description": "The live session of this browser",
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["account", "amr", "aal", "authenticated_at", "expires_at"],
                            "properties": {
                                "account": {
                                    "type": "object",
                                    "required": ["id", "email", "name"],
                                    "properties": {"id": {"type": "string"}, "email": {"type": "string"}, "name": {"type": "string"}},
                                },
                                "amr": {"type": "array", "items": {"type": "string", "enum": ["pwd", "otp", "recovery_code"]}},
                                "aal": {"type": "integer", "enum": [1, 2]},
                                "authenticated_at": {"type": "string", "format": "date-time"},
                                "expires_at": {"type": "string", "format": "date-time"},
                            },
                        }
                    }
                },
            },
            "401": {"description": "Nobody is signed in", "content": {"application/problem+json": {}}},
        },
    }
}
