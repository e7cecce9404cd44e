"""The set-up page: a QR code that a phone reads, a key to type, and one field."""

import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import zxingcpp
from PIL import Image, ImageDraw
from sqlalchemy import update

from tests.http.raw_requests import rows, words
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.browser import Browser, otpauth_uri
from tests.support.installation import Installation
from tests.support.optional import present
from xpressbot.identity.tables import ACCOUNT

SETUP = "/account/2fa/setup"
PIXELS = 4


def drawn(page: str) -> tuple[Image.Image, int]:
    """The inline SVG as pixels, and its width in modules. It is made of horizontal strokes one module high."""
    svg = re.search(r'(?s)<svg role="img"[^>]*viewBox="0 0 (\d+) \1"[^>]*>(.*?)</svg>', page)
    assert svg is not None
    size = int(svg[1])
    background = re.search(rf'<path fill="#fff" d="M0 0h{size}v{size}h-{size}z"\s*/>', svg[2])
    strokes = re.search(r'<path class="qrline" stroke="#000" d="([^"]+)"\s*/>', svg[2])
    assert background is not None
    assert strokes is not None
    image = Image.new("L", (size * PIXELS, size * PIXELS), 255)
    pen, x, y = ImageDraw.Draw(image), 0.0, 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", strokes[1]):
        values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        if command == "h":
            pen.rectangle([x * PIXELS, (y - 0.5) * PIXELS, (x + values[0]) * PIXELS - 1, (y + 0.5) * PIXELS - 1], fill=0)
            x += values[0]
        else:
            x, y = (values[0], values[1]) if command == "M" else (x + values[0], y + values[1])
    return image, size


ODD_ADDRESSES = [
    "anna@example.com",
    "o'brien+a&b=c%d@example.com",
    "jörg#1?x@exämple.com",
    "x" * 200 + "@example.com",
    "\u5b57" * 240 + "@example.com",
    "\U0001f642" * 240 + "@example.com",
]


def signed_in_as(address: str, installation: Installation, browser: Browser) -> None:
    """A person whose account has an address that is refused for new ones, perhaps, but was taken once."""
    account = installation.add_account()
    browser.sign_in()
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == account.id).values(email=address))
        connection.commit()


@pytest.mark.parametrize("email", ODD_ADDRESSES)
def test_the_qr_code_says_what_the_link_says(email: str, installation: Installation, browser: Browser) -> None:
    """A decoder that is not ours reads the otpauth URI out of the page's own SVG, whatever the address holds."""
    signed_in_as(email, installation, browser)
    browser.post("/account/2fa/start")
    page = browser.get(SETUP).text
    image, _size = drawn(page)
    [found] = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    assert found.text == otpauth_uri(page)
    uri = urlsplit(found.text)
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert parse_qs(uri.query)["issuer"] == ["XpressBot localhost 8000"]
    assert AuthenticatorApp(found.text, installation.clock).code().isdigit()


def test_of_an_address_too_long_for_a_qr_code_the_beginning_is_shown(installation: Installation, browser: Browser) -> None:
    """And the app's name is kept whole: it is what tells two entries in one app apart."""
    address, face = "\u5b57" * 240 + "@example.com", "\U0001f642"
    signed_in_as(address, installation, browser)
    browser.enable_2fa()
    label = unquote(browser.add_app(face * 40).uri).partition("XpressBot localhost 8000:")[2].partition("?")[0]
    shown, _space, name = label.partition(" ")
    assert name.startswith(f"({face * 40}, ")
    assert address.startswith(shown)
    assert len(shown) > 100


def test_the_qr_code_is_dark_on_white_with_its_quiet_zone(signed_in: Browser) -> None:
    """Four modules of white on every side, drawn by the SVG itself, so that dark mode changes nothing."""
    signed_in.post("/account/2fa/start")
    image, size = drawn(signed_in.get(SETUP).text)
    left, top, right, bottom = present(image.point(lambda value: 255 - value).getbbox())
    assert (left, top, size * PIXELS - right, size * PIXELS - bottom) == (4 * PIXELS,) * 4


def test_a_refresh_keeps_the_secret_and_only_start_over_replaces_it(signed_in: Browser, installation: Installation) -> None:
    """Another look and another start show the same; start over shows another, and the first proves nothing any more."""
    signed_in.post("/account/2fa/start")
    first = otpauth_uri(signed_in.get(SETUP).text)
    installation.clock.advance(minutes=4)
    signed_in.post("/account/2fa/start")
    assert otpauth_uri(signed_in.get(SETUP).text) == first
    assert signed_in.post("/account/2fa/start-over").headers["location"] == SETUP
    second = otpauth_uri(signed_in.get(SETUP).text)
    assert second != first
    assert signed_in.post("/account/2fa/confirm", code=AuthenticatorApp(first, installation.clock).code()).status_code == 401
    assert otpauth_uri(signed_in.get(SETUP).text) == second
    assert signed_in.post("/account/2fa/confirm", code=AuthenticatorApp(second, installation.clock).code()).status_code == 303


def test_the_key_is_shown_in_groups_of_four_and_is_the_links(signed_in: Browser) -> None:
    """20 bytes in base32 without padding, for typing and for the copy button."""
    signed_in.post("/account/2fa/start")
    page = signed_in.get(SETUP).text
    secret = parse_qs(urlsplit(otpauth_uri(page)).query)["secret"][0]
    groups = re.findall(r"<span>([A-Z2-7]{4})</span>", page)
    assert (len(secret), "".join(groups), len(groups)) == (32, secret, 8)
    assert f'data-copy="{secret}"' in page


def test_the_page_says_until_when_the_code_is_good_and_how_many_tries_are_left(signed_in: Browser) -> None:
    """Ten minutes from the start; the tries from the first wrong one on."""
    signed_in.post("/account/2fa/start")
    assert "This QR code is good until 14:23 UTC." in words(signed_in.get(SETUP).text)
    assert "left before this QR code ends" not in words(signed_in.get(SETUP).text)
    signed_in.post("/account/2fa/confirm", code="000000")
    assert "4 tries left before this QR code ends." in words(signed_in.get(SETUP).text)


def test_one_text_field_takes_the_code(signed_in: Browser) -> None:
    """Numeric keyboard, offered by password managers, pasted whole; at set-up and at sign-in (ASVS 6.2.7)."""
    phone = signed_in.enable_2fa()
    signed_in.post("/account/2fa/start")
    pages = [signed_in.get(SETUP).text]
    signed_in.post("/sign-out")
    signed_in.sign_in()
    pages.append(signed_in.get("/sign-in/code").text)
    for page in pages:
        [field] = re.findall(r'<input (?!type="hidden")[^>]*>', page)
        for attribute in ('type="text"', 'name="code"', 'inputmode="numeric"', 'autocomplete="one-time-code"', "required"):
            assert attribute in field
        assert "pattern=" not in field
    assert signed_in.post("/sign-in/code", code=phone.next_code()).status_code == 303


def test_starting_changes_nothing(signed_in: Browser, installation: Installation) -> None:
    """Sign-in asks for the password alone until the secret has proven a code."""
    signed_in.post("/account/2fa/start")
    assert [row["state"] for row in rows(installation, "authenticator")] == ["pending"]
    signed_in.post("/sign-out")
    assert signed_in.sign_in().headers["location"] == "/"
