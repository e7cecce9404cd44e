"""Reading a QR code as a phone does: from what is on the screen."""

from io import BytesIO

import zxingcpp
from PIL import Image
from playwright.sync_api import Page

from tests.support import labels


def read_qr_code(page: Page) -> str:
    """Scroll to the QR code and read it from a picture of the whole screen."""
    code = page.get_by_role("img", name=labels.QR_CODE)
    code.wait_for()
    code.scroll_into_view_if_needed()
    with Image.open(BytesIO(page.screenshot())) as screen:
        # Other kinds of barcodes are seen in text now and then.
        found = zxingcpp.read_barcodes(screen.convert("RGB"), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    assert len(found) == 1, f"{len(found)} codes on the screen"
    return found[0].text
