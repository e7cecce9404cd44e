"""Who am I: the hot route of every dashboard. A plain Starlette route; its OpenAPI description stands beside it."""

from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.problems import problem
from xpressbot.entrypoints.http.visit import Site
from xpressbot.foundation.database.engine import UNAVAILABLE
from xpressbot.identity.domain.account import Account
from xpressbot.identity.domain.instant import SECOND
from xpressbot.identity.domain.session import Session
from xpressbot.identity.domain.token import Token

SESSION_PATH: Final = "/api/v1/session"


def session_route(site: Site) -> Route:
    """GET /api/v1/session."""
    house = site.house

    async def find(token: Token) -> tuple[Session, Account] | None:
        # Where an answer takes no wait, a thread would cost more than the question (docs/adr/0013).
        if house.lookup_at_once is not None:
            with suppress(*UNAVAILABLE):
                found = house.lookup_at_once.find(token)
                if found is None or not house.lookup_at_once.owes_a_note(found[0]):
                    return found
        return await house.pools.page.run(partial(house.identity.sessions.find, token))

    async def endpoint(request: Request) -> Response:
        token = site.cookies.read(request, Cookie.SESSION)
        found = None if token is None else await find(token)
        return problem(401, "not_signed_in") if found is None else JSONResponse(_body(*found))

    return Route(SESSION_PATH, endpoint, methods=["GET"])


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
