"""JSON errors as RFC 9457 problem details."""

from http import HTTPStatus

from starlette.responses import JSONResponse


def problem(status: int, code: str, *, headers: dict[str, str] | None = None, reference: str | None = None) -> JSONResponse:
    """A problem document; `code` is stable and meant for programs, `reference` finds the request in the log."""
    body: dict[str, object] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code}
    if reference is not None:
        body["reference"] = reference
    return JSONResponse(body, status_code=status, headers=headers, media_type="application/problem+json")
