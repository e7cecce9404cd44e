"""Error pages for customers: they keep what was written, so that it can be sent again."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from xpressbot.entrypoints.http.forms import Form
from xpressbot.entrypoints.http.rendering import Renderer

_KEPT: Final = "visitor_form"
"""Under this name a request's state has the form that it brought."""
_FIELDS: Final = ("text", "option", "send", "visitor", "after")


def keep_for_error_page(request: Request, form: Form) -> None:
    """Remember a form until the request is answered."""
    setattr(request.state, _KEPT, form)


def customer_error(renderer: Renderer, request: Request, status: int, *, title: str, detail: str, reference: str | None) -> Response:
    """An error page in the look of the chat page. Where the fault is ours, it has the form that was sent, to be sent again."""
    form: Form = getattr(request.state, _KEPT, Form())
    kept = {name: form[name] for name in _FIELDS if form[name]} if status >= 500 else {}
    again = request.scope["path"] if "send" in kept else None
    return renderer.page(
        request, "chat_error.html", None, status=status, title=title, detail=detail, reference=reference, kept=kept, again=again
    )
