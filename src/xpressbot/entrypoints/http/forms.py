"""Forms: shape and length only. A form that is refused here was no try at anything, and is charged nowhere."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.identity.passwords import rules as password

MAX_BODY_BYTES: Final = 64 * 1024
_MAX_FIELDS: Final = 20
_MEDIA_TYPE: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class FormLimits:
    """What a page takes of a form: fields, and bytes of its body."""

    fields: int = _MAX_FIELDS
    body_bytes: int = MAX_BODY_BYTES


SMALL_FORM: Final = FormLimits()
"""Of all pages but those whose forms have a document in them."""


class Form:
    """The fields of a form, each at most once."""

    def __init__(self, fields: dict[str, str] | None = None) -> None:
        self._fields = fields or {}

    def __getitem__(self, name: str) -> str:
        """The field's text; empty when it was not sent."""
        return self._fields.get(name, "")


async def read_form(request: Request, limits: FormLimits) -> Form:
    """Read the body of a POST.

    Raises HTTPException: 413 for a body over its limit, 415 for anything but a URL-encoded form, 422 for one that
    is not UTF-8, repeats a field, or has too many.
    """
    body = await _read_body(request, limits.body_bytes)
    if not body:
        return Form()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _MEDIA_TYPE:
        raise HTTPException(415)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=limits.fields)
    except ValueError:
        raise HTTPException(422) from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise HTTPException(422)
    return Form(fields)


def password_problem(texts: Texts, text: str) -> str | None:
    """What is wrong with the shape of a password, if anything: it is empty, or longer than any can be."""
    if not text:
        return texts.gettext("Enter your password.")
    if len(text) > password.MAX_TYPED:
        return texts.gettext("This is longer than any password can be. Check what was pasted.")
    return None


async def _read_body(request: Request, most: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise HTTPException(413)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise HTTPException(413)
    return bytes(body)
