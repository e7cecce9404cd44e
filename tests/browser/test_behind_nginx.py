"""What a browser makes of https: cookies under their prefixes, and forms that come from elsewhere."""

import pytest

from tests.browser.conftest import BEHIND_NGINX
from tests.browser.person import Person
from tests.browser.shortcuts import protect
from tests.browser.site import Site
from tests.support import labels
from tests.support.cookies import cookie_name

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("site", [BEHIND_NGINX], indirect=True)]

FOREIGN_FORM = '<form method="post" action="{}/account/2fa/start"><button>Win a phone</button></form>'


def test_the_browser_keeps_the_cookies_as_the_prefix_demands(site: Site, anna: Person) -> None:
    """Chromium drops a cookie with this prefix unless it is Secure, of this host alone, and for every path."""
    phone = protect(site).phone
    anna.enter_password()
    anna.is_on(labels.ENTER_YOUR_CODE)
    assert _kept(anna) == {cookie_name("sign-in", site.url)}
    anna.enter_code(phone.next_code())
    anna.is_on(labels.DASHBOARD)
    assert _kept(anna) == {cookie_name(kind, site.url) for kind in ("session", "device")}


def test_a_form_of_another_site_changes_nothing(site: Site, anna: Person) -> None:
    """The browser says where it comes from, nginx passes that on, and the application refuses."""
    anna.sign_in()
    with anna.page.context.expect_page() as opened:
        anna.page.evaluate("window.open('about:blank')")
    other = opened.value
    other.goto("data:text/html," + FOREIGN_FORM.format(site.url))
    with other.expect_response(f"{site.url}/account/2fa/start") as answer:
        other.get_by_role("button").click()
    assert answer.value.status == 403
    anna.open("/account")
    assert anna.box(labels.TWO_FACTOR_DISABLED).is_visible()


def _kept(person: Person) -> set[str]:
    cookies = person.page.context.cookies()
    assert [cookie for cookie in cookies if not (cookie["secure"] and cookie["httpOnly"] and cookie["sameSite"] == "Lax")] == []
    assert {(cookie["domain"], cookie["path"]) for cookie in cookies} == {("chat.example.com", "/")}
    return {cookie["name"] for cookie in cookies}
