"""Who am I: the hot route of every dashboard. A plain Starlette route; its OpenAPI description stands beside it."""

from datetime import UTC, datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xpressbot.entrypoints.http.forms import Form
from xpressbot.entrypoints.http.problems import problem
from xpressbot.entrypoints.http.visit import Site, Visit
from xpressbot.identity.application.caller import Caller
from xpressbot.identity.domain.instant import SECOND

SESSION_PATH: Final = "/api/v1/session"


def session_route(site: Site) -> Route:
    """GET /api/v1/session."""

    async def endpoint(request: Request) -> Response:
        visit = Visit.of(site, request, Form())
        if visit.client.session is None:
            return problem(401, "not_signed_in")
        caller = await site.house.pools.page.run(lambda: visit.identity.sessions.resolve(visit.client))
        return problem(401, "not_signed_in") if caller is None else JSONResponse(_body(caller))

    return Route(SESSION_PATH, endpoint, methods=["GET"])


def _body(caller: Caller) -> dict[str, Any]:
    account, session = caller.account, caller.session
    return {
        "account": {"id": account.id, "email": account.email, "name": account.name},
        "amr": sorted(session.amr),
        "aal": session.aal,
        "authenticated_at": _iso(session.authenticated_at),
        "expires_at": _iso(session.expires_at),
    }


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at // SECOND, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
