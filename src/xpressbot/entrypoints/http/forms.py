"""Forms: shape and length only. A form that is refused here was no try at anything, and is charged nowhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message

from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.identity.passwords import rules as password

MAX_BODY_BYTES: Final = 64 * 1024
_MAX_FIELDS: Final = 20
_MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
_MEDIA_TYPE_WITH_FILE: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class FormLimits:
    """What a page takes of a form: fields, and bytes of its body. with_file: it is sent as multipart/form-data, with at most one file."""

    fields: int = _MAX_FIELDS
    body_bytes: int = MAX_BODY_BYTES
    with_file: bool = False


SMALL_FORM: Final = FormLimits()
"""Of all pages but those whose forms have a document in them."""


class Form:
    """The fields of a form, each at most once."""

    def __init__(self, fields: dict[str, str] | None = None, file: bytes | None = None) -> None:
        self._fields = fields or {}
        self.file: Final = file
        """The content of the file that was sent; None without one."""

    def __getitem__(self, name: str) -> str:
        """The field's text; empty when it was not sent."""
        return self._fields.get(name, "")

    @property
    def fields(self) -> Mapping[str, str]:
        """All fields that were sent."""
        return self._fields


async def read_form(request: Request, limits: FormLimits) -> Form:
    """Read the body of a POST.

    Raises HTTPException: 413 for a body over its limit, 415 for anything but a form of the kind that the page has, 422 for one that
    is not UTF-8, repeats a field, or has too many.
    """
    body = await _read_body(request, limits.body_bytes)
    if not body:
        return Form()
    header = request.headers.get("content-type", "")
    if header.partition(";")[0].strip().lower() != (_MEDIA_TYPE_WITH_FILE if limits.with_file else _MEDIA_TYPE):
        raise HTTPException(415)
    try:
        return await _form_with_file(body, header, limits) if limits.with_file else _form(body, limits)
    except (ValueError, MultiPartException):
        raise HTTPException(422) from None


def _form(body: bytes, limits: FormLimits) -> Form:
    pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=limits.fields)
    return Form(_once_each(pairs))


async def _form_with_file(body: bytes, content_type: str, limits: FormLimits) -> Form:
    """A form of multipart/form-data. Browsers name no charset in it: what they send is UTF-8 (HTML, section 4.10.21.8)."""
    if "charset" in content_type.lower():
        raise HTTPException(415)

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    held = Request({"type": "http", "method": "POST", "headers": [(b"content-type", content_type.encode("latin-1"))]}, receive)
    async with held.form(max_files=1, max_fields=limits.fields, max_part_size=limits.body_bytes) as sent:
        pairs = sent.multi_items()
        files = [await value.read() for _name, value in pairs if isinstance(value, UploadFile)]
    fields = _once_each([(name, value) for name, value in pairs if isinstance(value, str)])
    return Form(fields, files[0] if files else None)


def _once_each(pairs: list[tuple[str, str]]) -> dict[str, str]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise HTTPException(422)
    return fields


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
