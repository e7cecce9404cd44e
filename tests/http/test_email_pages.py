"""The pages of the e-mail address: asking, the link that confirms, the link that stops."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from tests.http.conftest import Protected, both_engines
from tests.http.raw_requests import LINK_COOKIE, SAME_ORIGIN, SESSION_COOKIE, contents, set_cookies, words
from tests.support.browser import Browser
from tests.support.installation import Installation
from tests.support.mailed_links import links_to
from tests.support.mails import send
from xpressbot.foundation.tokens import Token
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.tables import ACCOUNT

ANNA, NEW = "anna@example.com", "anna.berg@example.net"
ASK, LINK, STOP = "/account/email", "/link/email", "/link/email-stop"


def ask(browser: Browser, installation: Installation, email: str = NEW) -> Token:
    assert "Check your inbox" in browser.post(ASK, email=email).text
    return links_to(installation, email, LinkKind.EMAIL)[-1]


def opened(browser: Browser, path: str, token: Token) -> str:
    assert browser.get(f"{path}?token={token.text}").headers["location"] == path
    return words(browser.get(path).text)


def addresses(installation: Installation) -> set[str]:
    with installation.services.database.read() as connection:
        return set(connection.execute(select(ACCOUNT.c.email)).scalars())


def unconfirm(installation: Installation) -> None:
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).values(email_confirmed_at=None))
        connection.commit()


@both_engines
def test_the_address_is_changed_by_the_link_and_brought_back_by_the_other(
    installation: Installation, protected: Protected, new_browser: Callable[..., Browser]
) -> None:
    """Opening either changes nothing; each button says what it does and what it did."""
    browser = protected.browser
    token = ask(browser, installation)
    before = contents(installation)
    page = opened(browser, LINK, token)
    assert contents(installation) == before
    assert all(said in page for said in ("Nothing has changed yet.", NEW, "No other browser is signed in.", f"A mail goes to {ANNA}."))
    done = browser.post(LINK)
    assert (done.status_code, set(set_cookies(done))) == (200, {LINK_COOKIE, SESSION_COOKIE})
    assert f"Sign in with {NEW} from now on." in words(done.text)
    assert browser.me()["account"]["email"] == NEW
    assert "You can change it again from" in words(browser.get(ASK).text)
    (stop,) = links_to(installation, ANNA, LinkKind.EMAIL_STOP)
    person = new_browser()
    before = contents(installation)
    page = opened(person, STOP, stop)
    assert contents(installation) == before
    assert all(said in page for said in (ANNA, "It signs out 1 browser", "Your password stops working"))
    assert NEW not in page
    stopped = person.post(STOP)
    assert (stopped.status_code, set(set_cookies(stopped))) == (200, {LINK_COOKIE})
    said = words(stopped.text)
    assert f"{ANNA} is the address of your account again." in said
    assert "The operator of this XpressBot can give you a link for a new password." in said
    assert (browser.who(), person.who(), addresses(installation)) == (None, None, {ANNA})
    for path, link in ((LINK, token), (STOP, stop)):
        answer = person.get(f"{path}?token={link.text}")
        assert (answer.status_code, "This link was used" in words(answer.text)) == (410, True)


def test_an_unconfirmed_address_is_said_and_confirmed(installation: Installation, signed_in: Browser) -> None:
    """Account Settings has the button; nobody is signed out by confirming."""
    assert "Not confirmed" not in signed_in.get("/account").text
    unconfirm(installation)
    assert "Not confirmed" in words(signed_in.get("/account").text)
    token = ask(signed_in, installation, ANNA)
    assert "It confirms that mail to anna@example.com reaches you." in opened(signed_in, LINK, token)
    done = signed_in.post(LINK)
    assert (done.status_code, set(set_cookies(done))) == (200, {LINK_COOKIE})
    assert "Not confirmed" not in words(signed_in.get("/account").text)
    again = signed_in.post(ASK, email=ANNA)
    assert (again.status_code, "and it is confirmed." in words(again.text)) == (422, True)


@both_engines
def test_the_owner_is_told_how_many_addresses_are_not_confirmed(
    installation: Installation, signed_in: Browser, new_browser: Callable[..., Browser]
) -> None:
    """And where it stands which; nobody else is. A closed account has none to confirm."""
    said, where = "not confirmed, so", "xpressbot accounts list says which. People confirm theirs in Account Settings."
    for email in ("berta@example.com", "carla@example.com"):
        installation.add_account(email)
    assert said not in words(signed_in.get("/").text)
    unconfirm(installation)
    page = words(signed_in.get("/").text)
    assert f"The addresses of 3 accounts are {said} they get no link for a forgotten password." in page
    assert where in page
    bertas, carlas = new_browser(), new_browser()
    bertas.sign_in("berta@example.com")
    assert said not in words(bertas.get("/").text)
    carlas.sign_in("carla@example.com")
    assert carlas.post("/account/close").status_code == 303
    opened(bertas, LINK, ask(bertas, installation, "berta@example.com"))
    assert bertas.post(LINK).status_code == 200
    assert f"The address of 1 account is {said} it gets no link for a forgotten password." in words(signed_in.get("/").text)


def test_the_button_of_account_settings_mails_the_link(installation: Installation, signed_in: Browser) -> None:
    """One press and no field to fill in: the form has the address already."""
    unconfirm(installation)
    form = re.search(r'(?s)<form[^>]*action="/account/email".*?</form>', signed_in.get("/account").text)
    assert form is not None
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form[0]))
    assert signed_in.request("POST", ASK, data=fields, headers=SAME_ORIGIN).status_code == 200
    assert links_to(installation, ANNA, LinkKind.EMAIL)


def test_without_a_session_one_signs_in_and_comes_back(
    installation: Installation, signed_in: Browser, new_browser: Callable[..., Browser]
) -> None:
    """The link's cookie lives on through the sign-in; who has the link alone learns no address and does nothing."""
    token = ask(signed_in, installation)
    phone = new_browser()
    page = opened(phone, LINK, token)
    assert "Sign in to confirm the address" in page
    assert not {ANNA, NEW} & set(page.split())
    assert phone.post(LINK).headers["location"] == "/sign-in?next=/link/email"
    assert addresses(installation) == {ANNA}
    assert phone.sign_in(next="/link/email").headers["location"] == LINK
    assert "Change the email address" in words(phone.get(LINK).text)
    assert phone.post(LINK).status_code == 200
    assert (addresses(installation), signed_in.who()) == ({NEW}, None)


def test_a_locked_session_is_unlocked_first(installation: Installation, signed_in: Browser) -> None:
    """Then the button works."""
    opened(signed_in, LINK, ask(signed_in, installation))
    fields = signed_in.filled(LINK)
    installation.clock.advance(minutes=61)
    assert signed_in.post(LINK, fields).headers["location"] == "/sign-in/unlock?next=/link/email"
    assert addresses(installation) == {ANNA}


def test_with_another_accounts_session_it_is_refused_in_words(
    installation: Installation, signed_in: Browser, new_browser: Callable[..., Browser]
) -> None:
    """Nothing changes for either, and the page names no address."""
    token = ask(signed_in, installation)
    installation.add_account("ben@example.com", "Ben Falk")
    ben = new_browser()
    ben.sign_in(email="ben@example.com")
    ben.get(f"{LINK}?token={token.text}")
    before = contents(installation)
    answers = [ben.get(LINK), ben.post(LINK, ben.filled("/account"))]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert all("This link is for another account" in words(answer.text) and NEW not in answer.text for answer in answers)
    assert contents(installation) == before
    form = signed_in.filled("/account")
    refused = ben.post(LINK, form)
    assert (refused.status_code, addresses(installation)) == (409, {ANNA, "ben@example.com"})


@pytest.mark.parametrize(
    "email", ["", "anna", "x" * 300 + "@example.com", "a@example.com\r\nBcc: b@example.com", "\u00e4nna@example.com", "a b@example.com"]
)
def test_what_is_no_address_is_said_beside_the_field(email: str, installation: Installation, signed_in: Browser) -> None:
    """422, and nothing is charged or written: no mail can be sent to it."""
    before = contents(installation)
    answer = signed_in.post(ASK, {"email": email})
    assert (answer.status_code, 'id="email-error"' in answer.text) == (422, True)
    assert contents(installation) == before


def test_the_answer_is_the_same_for_an_address_of_somebody_else(installation: Installation, signed_in: Browser) -> None:
    """But for the address itself; nothing is sent."""
    installation.add_account("ben@example.com", "Ben Falk")
    answers = set()
    for email in ("nobody@example.com", "ben@example.com"):
        answers.add(words(signed_in.post(ASK, email=email).text).replace(email, ""))
        mailed = [mail["To"] for mail in send(installation)]
    assert (len(answers), mailed) == (1, ["nobody@example.com"])


def test_the_sixth_mail_of_an_hour_is_refused(installation: Installation, signed_in: Browser) -> None:
    """429 with the time; the form is there for later."""
    for number in range(5):
        signed_in.post(ASK, email=f"someone{number}@example.net")
    answer = signed_in.post(ASK, email=NEW)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3600")
    assert not links_to(installation, NEW, LinkKind.EMAIL)


def test_a_second_change_is_refused_with_its_time(installation: Installation, signed_in: Browser) -> None:
    """409 while the first can be stopped."""
    opened(signed_in, LINK, ask(signed_in, installation))
    signed_in.post(LINK)
    answer = signed_in.post(ASK, email="third@example.net")
    assert (answer.status_code, "You can change it again from" in words(answer.text)) == (409, True)


def test_asking_asks_who_is_there(protected: Protected, installation: Installation) -> None:
    """ASVS 7.5.1: after six minutes the session alone is not enough."""
    installation.clock.advance(minutes=6)
    for answer in (protected.browser.get(ASK), protected.browser.post(ASK, None, email=NEW)):
        assert answer.headers["location"] == f"/account/confirm-identity?next={ASK}"
    assert not links_to(installation, NEW, LinkKind.EMAIL)


def test_a_taken_address_is_told_at_the_button(installation: Installation, signed_in: Browser) -> None:
    """Somebody else was faster."""
    opened(signed_in, LINK, ask(signed_in, installation))
    installation.add_account(NEW, "Somebody else")
    answer = signed_in.post(LINK)
    assert (answer.status_code, "Another account has this address" in words(answer.text)) == (409, True)
    assert signed_in.me()["account"]["email"] == ANNA


@pytest.mark.parametrize("path", [LINK, STOP])
@pytest.mark.parametrize("token", ["", "x", "A" * 43, "%00"])
def test_an_unknown_link_is_gone(path: str, token: str, browser: Browser) -> None:
    """410."""
    assert browser.get(f"{path}?token={token}").status_code == 410


@pytest.mark.parametrize(("path", "kind"), [(LINK, LinkKind.EMAIL_STOP), (STOP, LinkKind.EMAIL)])
def test_a_link_opens_its_own_page_alone(path: str, kind: LinkKind, installation: Installation, signed_in: Browser) -> None:
    """Neither does what the other one does."""
    token = ask(signed_in, installation)
    opened(signed_in, LINK, token)
    if kind is LinkKind.EMAIL_STOP:
        signed_in.post(LINK)
        (token,) = links_to(installation, ANNA, LinkKind.EMAIL_STOP)
    assert signed_in.get(f"{path}?token={token.text}").status_code == 410


def test_a_stop_form_of_another_persons_link_is_refused(
    installation: Installation, signed_in: Browser, new_browser: Callable[..., Browser]
) -> None:
    """Two mails of two people in one browser: 409, and nothing is done."""
    installation.add_account("ben@example.com", "Ben Falk")
    ben, reader = new_browser(), new_browser()
    ben.sign_in(email="ben@example.com")
    for browser, new in ((signed_in, NEW), (ben, "ben.falk@example.net")):
        opened(browser, LINK, ask(browser, installation, new))
        assert browser.post(LINK).status_code == 200
    annas, bens = (links_to(installation, old, LinkKind.EMAIL_STOP)[0] for old in (ANNA, "ben@example.com"))
    opened(reader, STOP, annas)
    fields = reader.filled(STOP)
    opened(reader, STOP, bens)
    assert reader.post(STOP, fields).status_code == 409
    assert addresses(installation) == {NEW, "ben.falk@example.net"}
