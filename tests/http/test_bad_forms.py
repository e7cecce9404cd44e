"""Forms of a wrong shape: a clear 4xx page, never a 500, and no try at anything."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from tests.http.conftest import Protected, both_engines
from tests.http.raw_requests import FORM, SAME_ORIGIN, concrete, contents, send, small_forms, tries
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.browser import Browser, otpauth_uri
from tests.support.installation import PASSWORD, Installation
from xpressbot.entrypoints.http.forms import MAX_BODY_BYTES

CODES = {
    "nothing": b"",
    "empty": b"code=",
    "only spaces": b"code=+++",
    "five digits": b"code=12345",
    "seven digits": b"code=1234567",
    "seven arabic-indic digits": b"code=%D9%A1%D9%A2%D9%A3%D9%A4%D9%A5%D9%A6%D9%A7",
    "a list": b"code=123456+234567",
    "a list with commas": b"code=123456%2C234567",
    "two recovery codes": b"code=0123-4567-89AB-CDEF+0123-4567-89AB-CDEF",
    "a number without its code": b"code=3.",
    "chinese numerals": b"code=%E4%B8%80%E4%BA%8C%E4%B8%89%E5%9B%9B%E4%BA%94%E5%85%AD",
    "superscripts": b"code=12345%C2%B2",
    "letters": b"code=abcdef",
    "a sign": b"code=%2B12345",
    "a decimal": b"code=1234.5",
    "an underscore": b"code=12_456",
    "hexadecimal": b"code=0x1234",
    "NUL inside": b"code=123%00456",
    "NUL behind": b"code=123456%00",
    "a dash before it": b"code=-123456",
    "markup": b"code=%3Cscript%3Ealert(1)%3C/script%3E",
    "10 kB of digits": b"code=" + b"1" * 10_000,
    "60 kB of spaces": b"code=" + b"+" * 60_000,
    "an array": b"code[]=123456",
    "a map": b"code[$ne]=",
    "a JSON array": b"code=%5B%22123456%22%5D",
    "true": b"code=true",
    "null": b"code=null",
    "another field": b"otp=123456",
    "another case": b"CODE=123456",
    "a stray percent sign": b"code=%zz3456",
    "a percent sign at the end": b"code=12345%",
}
UNREADABLE = {
    "repeated": b"code=123456&code=123456",
    "repeated and different": b"code=000000&code=123456",
    "another field repeated": b"code=123456&x=1&x=2",
    "broken UTF-8": b"code=%ff%fe",
    "overlong UTF-8": b"code=%c0%b1",
    "a surrogate": b"code=%ed%a0%80",
    "raw bytes": b"code=\xff\xfe",
    "raw UTF-8": b"code=\xef\xbc\x91",
    "no equals sign": b"code",
    "an empty pair": b"code=123456&",
    "only separators": b"&&&",
    "21 fields": b"&".join(b"f%d=1" % number for number in range(21)),
    "thousands of fields": b"&".join(b"f%d=" % number for number in range(8000)),
    "binary": bytes(range(256)),
}
FORMS_WITH_A_CODE = ["/sign-in/code", "/sign-in/recovery-code", "/account/2fa/confirm", "/account/confirm-identity"]


@pytest.fixture
def at_each_code_field(protected: Protected, pending: Browser) -> dict[str, Browser]:
    """The browser that has the form with a code open, by its address."""
    assert protected.browser.post("/account/2fa/start").headers["location"] == "/account/2fa/setup"
    return {path: pending if path.startswith("/sign-in") else protected.browser for path in FORMS_WITH_A_CODE}


@both_engines
def test_what_has_not_the_shape_of_a_code_is_422_and_no_guess(at_each_code_field: dict[str, Browser], installation: Installation) -> None:
    """The page again with a message beside the field; no bucket, no enrolment, no step-up is charged; nothing is repeated."""
    before = contents(installation)
    for path, browser in at_each_code_field.items():
        for name, body in CODES.items():
            response = send(browser, path, b"password=violet-anchor-meadow-kettle" + (body and b"&" + body))
            assert response.status_code == 422, (path, name)
            assert 'id="code-error"' in response.text, (path, name)
            assert 'aria-invalid="true"' in response.text
            assert "<script>alert" not in response.text
            assert len(response.text) < 20_000
    assert contents(installation) == before


def test_a_form_that_cannot_be_read_is_422_at_every_state_changer(
    app: Starlette, at_each_code_field: dict[str, Browser], installation: Installation
) -> None:
    """Broken encodings, repeated fields, too many fields: nothing was done, and the page says so."""
    before = contents(installation)
    for path in map(concrete, small_forms(app)):
        browser = at_each_code_field.get(path, at_each_code_field["/account/2fa/confirm"])
        for name, body in UNREADABLE.items():
            response = send(browser, concrete(path), body)
            assert response.status_code == 422, (path, name)
            said = "Nothing was sent. Open the chat anew" if path.startswith("/chat/") else "Nothing was done. Open the page anew"
            assert said in response.text
    assert contents(installation) == before


def test_a_right_code_with_spaces_signs_in(protected: Protected, pending: Browser) -> None:
    """Spaces are forgiven: "123 456" is what apps show."""
    code = protected.phone.next_code()
    assert send(pending, "/sign-in/code", f"code=+{code[:3]}%20{code[3:]}%E2%80%89".encode()).status_code == 303


@pytest.mark.parametrize("separator", ["", "-", " \u2013 "])
@pytest.mark.parametrize("zero", "0\u0660\uff10")
def test_a_right_code_in_the_digits_of_another_script_is_right(
    zero: str, separator: str, protected: Protected, pending: Browser, installation: Installation
) -> None:
    """At sign-in, at "Confirm it's you" and at the set-up: what a phone's keyboard or a clipboard makes of a code."""

    def written(code: str) -> str:
        digits = "".join(chr(ord(zero) + int(digit)) for digit in code)
        return f"{digits[:3]}{separator}{digits[3:]}"

    assert pending.post("/sign-in/code", code=written(protected.phone.next_code())).headers["location"] == "/"
    confirmed = pending.post("/account/confirm-identity", code=written(protected.phone.next_code()), password=PASSWORD)
    assert confirmed.status_code == 303
    pending.post("/account/2fa/start")
    phone = AuthenticatorApp(otpauth_uri(pending.get("/account/2fa/setup").text), installation.clock)
    assert pending.post("/account/2fa/confirm", code=written(phone.code())).status_code == 303


def test_a_form_may_name_its_charset(protected: Protected, pending: Browser) -> None:
    """The media type counts, parameters and case do not."""
    body = f"code={protected.phone.next_code()}".encode()
    assert send(pending, "/sign-in/code", body, "Application/X-WWW-Form-Urlencoded; charset=UTF-8").status_code == 303


def test_twenty_fields_are_read(pending: Browser) -> None:
    """Browsers' extensions may add some; one more is refused above."""
    body = b"&".join([b"code=", *(b"f%d=1" % number for number in range(18))])
    assert "Enter the 6-digit code" in send(pending, "/sign-in/code", body).text


@pytest.mark.parametrize(("size", "status"), [(MAX_BODY_BYTES, 422), (MAX_BODY_BYTES + 1, 413), (1024 * 1024, 413)])
def test_a_body_over_64_kb_is_413_at_every_state_changer(
    size: int, status: int, app: Starlette, protected: Protected, installation: Installation
) -> None:
    """Measured at the limit, and with a password of 1 MB."""
    before = contents(installation)
    body = b"password=" + b"x" * (size - len(b"password=&password=")) + b"&password="
    assert len(body) == size
    for path in map(concrete, small_forms(app)):
        response = protected.browser.request("POST", path, content=body, headers=SAME_ORIGIN | {"Content-Type": FORM})
        assert response.status_code == status, path
    assert contents(installation) == before


def test_a_declared_length_is_believed_before_anything_is_read(browser: Browser) -> None:
    """413 at once, however little follows; a length that is no number is measured instead."""
    for declared, status in {"99999999": 413, "65537": 413, "9" * 400: 413, "-1": 422, "abc": 422, "": 422}.items():
        headers = SAME_ORIGIN | {"Content-Type": FORM, "Content-Length": declared}
        assert browser.request("POST", "/sign-in", content=b"email=", headers=headers).status_code == status, declared


def test_a_body_without_a_length_is_measured_as_it_comes(app: Starlette) -> None:
    """Chunked: it is read until the limit and no further, then 413."""
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while taken < 64 * MAX_BODY_BYTES:
            taken += 16_384
            yield b"x" * 16_384

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=SAME_ORIGIN) as client:
            return await client.post("/sign-in", content=endless(), headers={"Content-Type": FORM})

    response = asyncio.run(ask())
    assert "content-length" not in response.request.headers
    assert response.status_code == 413
    assert taken <= MAX_BODY_BYTES + 16_384


def test_a_right_shape_is_charged(pending: Browser, installation: Installation) -> None:
    """The other side of it: six digits are a guess, and 16 characters too."""
    assert pending.post("/sign-in/code", code="000000").status_code == 401
    assert pending.post("/sign-in/recovery-code", code="0000-0000-0000-0000").status_code == 401
    assert (tries(installation, "totp:"), tries(installation, "recovery_code:")) == (1, 1)


@pytest.mark.parametrize("kind", ["no_such", "recovery_code", "TOTP", "totp\x00"])
@pytest.mark.parametrize("path", ["/account/2fa/start", "/account/2fa/apps/add"])
def test_a_kind_of_authenticator_that_there_is_not_begins_nothing(
    path: str, kind: str, installation: Installation, protected: Protected
) -> None:
    """Another one would be set up in its place."""
    before = contents(installation)
    response = protected.browser.post(path, {"name": "Second", "kind": kind})
    assert response.status_code == 422
    assert contents(installation) == before
