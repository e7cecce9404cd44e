"""Who am I: the route that every other program asks. Its OpenAPI description stands beside it."""

from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xpressbot import __version__
from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.page_request import Site
from xpressbot.entrypoints.http.problems import problem
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.database.engine import UNAVAILABLE
from xpressbot.foundation.times import SECOND
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.sessions.lookup import FindOutcome
from xpressbot.identity.sessions.rules.session import Session

SESSION_PATH: Final = "/api/v1/session"
OPENAPI_PATH: Final = "/api/v1/openapi.json"
ENROLMENT_REQUIRED: Final = "enrolment_required"
"""The code of the problem document for a person who owes the team 2FA."""


def api_routes(site: Site) -> list[Route]:
    """GET /api/v1/session, and the description of the API."""

    async def who_am_i(request: Request) -> Response:
        token = site.cookies.read(request).get(Cookie.SESSION)
        found = None if token is None else await _find(site.services, token)
        match found:
            case None:
                return problem(401, "not_signed_in")
            case Denied():
                return problem(403, ENROLMENT_REQUIRED)
            case (session, account):
                return JSONResponse(_body(session, account))

    async def description(_request: Request) -> Response:
        return JSONResponse(OPENAPI)

    return [Route(SESSION_PATH, who_am_i, methods=["GET"]), Route(OPENAPI_PATH, description, methods=["GET"])]


async def _find(services: Services, token: Token) -> FindOutcome:
    # Where an answer takes no wait, a thread would cost more than the question (docs/adr/0013).
    if services.session_lookup is not None:
        try:
            found = services.session_lookup.find(token)
            if not isinstance(found, tuple) or not services.session_lookup.last_use_is_due(found[0]):
                return found
        except UNAVAILABLE:
            pass
    return await services.pools.page.run(partial(services.identity.sessions.find, token))


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


_PATH_ITEM: Final[dict[str, Any]] = {
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
            "401": {"description": "No one is signed in", "content": {"application/problem+json": {}}},
            "403": {
                "description": "The team requires 2FA, and the person has none: code enrolment_required",
                "content": {"application/problem+json": {}},
            },
        },
    }
}
OPENAPI: Final[dict[str, Any]] = {
    "openapi": "3.1.0",
    "info": {"title": "XpressBot", "version": __version__},
    "paths": {SESSION_PATH: _PATH_ITEM},
}
