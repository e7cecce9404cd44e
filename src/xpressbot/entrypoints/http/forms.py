"""Forms: shape and length only. A form that is refused here was no try at anything, and is charged nowhere."""

from collections.abc import Collection
from typing import Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.identity.factors.proof import RecoveryCodeText, SecondFactor, TotpCode
from xpressbot.identity.factors.recovery_codes import rules as recovery_code
from xpressbot.identity.factors.totp.rules import totp
from xpressbot.identity.passwords import rules as password

MAX_BODY_BYTES: Final = 64 * 1024
_MAX_FIELDS: Final = 20
USED_MARK: Final = N_("used")
"""What stands beside a used code on its page and in its file. Copied with the code, it is no part of it."""
_MEDIA_TYPE: Final = "application/x-www-form-urlencoded"


class Form:
    """The fields of a form, each at most once."""

    def __init__(self, fields: dict[str, str] | None = None) -> None:
        self._fields = fields or {}

    def __getitem__(self, name: str) -> str:
        """The field's text; empty when it was not sent."""
        return self._fields.get(name, "")


async def read_form(request: Request) -> Form:
    """Read the body of a POST.

    Raises HTTPException: 413 for a body over MAX_BODY_BYTES, 415 for anything but a URL-encoded form, 422 for one that
    is not UTF-8, repeats a field, or has too many.
    """
    body = await _read_body(request)
    if not body:
        return Form()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _MEDIA_TYPE:
        raise HTTPException(415)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_MAX_FIELDS)
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


def parse_totp_code(text: str) -> TotpCode | None:
    """A code from the app, in digits of any script; spaces and dashes are forgiven."""
    digits = totp.parse_code(text)
    return None if digits is None else TotpCode(digits)


def code_problem(texts: Texts, text: str) -> str:
    """What is wrong with the shape of a 6-digit code."""
    if not text.strip():
        return texts.gettext("Enter the 6-digit code that your app shows.")
    return texts.gettext("The code has 6 digits, like 123 456. Check what you typed.")


def parse_recovery_code(text: str, used_marks: Collection[str] = ()) -> RecoveryCodeText | None:
    """A recovery code, however it was typed, or a line copied from our page or file.

    used_marks: USED_MARK in each language that the line may be in.
    """
    code = recovery_code.parse_code(text) or recovery_code.parse_code(_without_mark(text, used_marks))
    return None if code is None else RecoveryCodeText(code)


def recovery_code_problem(texts: Texts, text: str) -> str:
    """What is wrong with the shape of a recovery code."""
    if not text.strip():
        return texts.gettext("Enter one of your recovery codes.")
    return texts.gettext("A recovery code has 16 letters and digits, in groups of four. Check what you typed.")


def parse_second_factor(text: str, used_marks: Collection[str] = ()) -> SecondFactor | None:
    """A code from the app or a recovery code, told apart by their shape."""
    return parse_totp_code(text) or parse_recovery_code(text, used_marks)


def _without_mark(text: str, marks: Collection[str]) -> str:
    """A line of our list without the word that marks a used code."""
    line = text.rstrip()
    return next((line[: -len(mark)] for mark in marks if line[-len(mark) :].casefold() == mark.casefold()), text)


async def _read_body(request: Request) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MAX_BODY_BYTES:
        raise HTTPException(413)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(413)
    return bytes(body)
