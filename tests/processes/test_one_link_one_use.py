"""A link is used once, though many browsers bring it to two processes at the same moment."""

import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import delete, func, select

from tests.processes.conftest import TwoWorkers
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.concurrent_requests import Form, found_no_place, send
from tests.support.cookies import cookie_name
from tests.support.installation import PASSWORD
from tests.support.people import enrolling_again, must_enrol, protected, reset, session_by_password, shown_to
from tests.support.people import signed_in as signed_in_account
from xpressbot.foundation.tokens import Token
from xpressbot.identity.tables import ACCOUNT, AUTHENTICATOR, RECOVERY_CODE, RECOVERY_CODE_SET, SESSION, THROTTLE_BUCKET

BROWSERS = 20
CONFIRM = "/account/2fa/confirm"
_NUMBERS = itertools.count(1)


@pytest.fixture
def email(two_workers: TwoWorkers) -> str:
    """An address that no account has, while no network has tried anything."""
    with two_workers.services.database.write() as connection:
        connection.execute(delete(THROTTLE_BUCKET))
        connection.commit()
    return f"link{next(_NUMBERS)}@example.com"


@pytest.fixture
def link(two_workers: TwoWorkers, email: str) -> Token:
    """What the operator hands to a new person, whose 2FA was reset."""
    protected(two_workers.services, email)
    return reset(two_workers.services, email)


def set_up(two_workers: TwoWorkers, email: str, link: Token) -> tuple[Token, AuthenticatorApp]:
    """A browser that has given the password and scanned a QR code of its own."""
    waiting = must_enrol(two_workers.services, email)
    return waiting, enrolling_again(two_workers.services, waiting, link)[1]


def subject_of(two_workers: TwoWorkers, email: str) -> dict[str, str]:
    """What the page says of whom it is shown to."""
    with two_workers.services.database.read() as connection:
        return shown_to(two_workers.services, connection.execute(select(ACCOUNT.c.id).where(ACCOUNT.c.email == email)).scalar_one(), email)


def signed_in(answers: list[httpx.Response]) -> list[httpx.Response]:
    return [answer for answer in answers if cookie_name("session", str(answer.url)) in answer.cookies]


def account_state(two_workers: TwoWorkers, email: str) -> dict[str, int]:
    """What the account has now."""
    with two_workers.services.database.read() as connection:
        account_id = connection.execute(select(ACCOUNT.c.id).where(ACCOUNT.c.email == email)).scalar_one()
        active = (AUTHENTICATOR.c.account_id == account_id, AUTHENTICATOR.c.state == "active")
        codes = select(func.count()).select_from(RECOVERY_CODE.join(RECOVERY_CODE_SET)).where(RECOVERY_CODE_SET.c.account_id == account_id)
        return {
            "apps": connection.execute(select(func.count()).select_from(AUTHENTICATOR).where(*active)).scalar_one(),
            "codes": connection.execute(codes).scalar_one(),
            "sessions": connection.execute(select(func.count()).where(SESSION.c.account_id == account_id)).scalar_one(),
        }


def test_many_browsers_with_one_link_and_right_codes_get_one_session(two_workers: TwoWorkers, email: str, link: Token) -> None:
    """Each has a secret of its own; one is bound, and everybody else starts again."""
    browsers = [set_up(two_workers, email, link) for _browser in range(BROWSERS)]
    answers = send(
        two_workers.server.url,
        [Form(CONFIRM, {"code": app.code()} | subject_of(two_workers, email), waiting, link) for waiting, app in browsers],
    )

    (winner,) = signed_in(answers)
    assert winner.headers["location"] == "/account/2fa/recovery-codes"
    others = Counter(answer.headers["location"].partition("?")[0] for answer in answers if answer is not winner)
    assert sum(others.values()) == BROWSERS - 1
    assert set(others) <= {"/sign-in", "/link/re-enrolment"}
    assert account_state(two_workers, email) == {"apps": 1, "codes": 10, "sessions": 1}
    assert not two_workers.services.identity.re_enrolment.is_open(link)


def test_a_double_click_on_the_first_code_gives_one_session_and_leads_the_other_half_onward(
    two_workers: TwoWorkers, email: str, link: Token
) -> None:
    """Whichever half is answered last: with the session that has just begun the person comes to the recovery codes."""
    waiting, app = set_up(two_workers, email, link)
    form = Form(CONFIRM, {"code": app.code()} | subject_of(two_workers, email), waiting, link)
    answers = send(two_workers.server.url, [form] * 4)

    (winner,) = signed_in(answers)
    late = [answer.headers["location"] for answer in answers if answer is not winner]
    assert set(late) <= {f"/sign-in?next=/account/2fa/setup&reason={reason}" for reason in ("just_signed_in", "start_again")}
    assert account_state(two_workers, email) == {"apps": 1, "codes": 10, "sessions": 1}
    with httpx.Client(base_url=two_workers.server.url, follow_redirects=True, cookies={**winner.cookies}) as client:
        for location in late:
            assert client.get(location).url.path == "/account/2fa/recovery-codes"


def test_many_starts_at_once_draw_one_secret(two_workers: TwoWorkers, email: str, link: Token) -> None:
    """Of one sign-in; each answer leads to the same QR code."""
    waiting = must_enrol(two_workers.services, email)
    answers = send(two_workers.server.url, [Form("/account/2fa/start", subject_of(two_workers, email), waiting, link)] * BROWSERS)

    assert Counter((answer.status_code, answer.headers["location"]) for answer in answers) == {(303, "/account/2fa/setup"): BROWSERS}
    with two_workers.services.database.read() as connection:
        pending = select(AUTHENTICATOR.c.id).join(ACCOUNT).where(ACCOUNT.c.email == email, AUTHENTICATOR.c.state == "pending")
        assert len(connection.execute(pending).all()) == 1


def test_wrong_first_codes_at_once_never_outrun_their_five(two_workers: TwoWorkers, email: str, link: Token) -> None:
    """Five are looked at; then the secret is gone, and the link is still good."""
    waiting, app = set_up(two_workers, email, link)
    wrong = str((int(app.code()) + 1) % 1_000_000).zfill(6)
    answers = send(two_workers.server.url, [Form(CONFIRM, {"code": wrong} | subject_of(two_workers, email), waiting, link)] * BROWSERS)

    assert signed_in(answers) == []
    assert Counter(answer.status_code for answer in answers)[401] <= 5
    assert account_state(two_workers, email) == {"apps": 0, "codes": 0, "sessions": 0}
    assert two_workers.services.identity.re_enrolment.is_open(link)


def test_a_reset_in_the_midst_of_confirmations_leaves_no_one_in(two_workers: TwoWorkers, email: str, link: Token) -> None:
    """Whichever came first: in the end no app, no session, and only the second link is good."""
    browsers = [set_up(two_workers, email, link) for _browser in range(6)]
    forms = [Form(CONFIRM, {"code": app.code()} | subject_of(two_workers, email), waiting, link) for waiting, app in browsers]
    with ThreadPoolExecutor(1) as operator:
        second = operator.submit(reset, two_workers.services, email)
        answers = send(two_workers.server.url, forms)

    assert len(signed_in(answers)) <= 1
    assert account_state(two_workers, email) == {"apps": 0, "codes": 0, "sessions": 0}
    assert [two_workers.services.identity.re_enrolment.is_open(token) for token in (link, second.result())] == [False, True]
    must_enrol(two_workers.services, email)


def test_many_who_accept_one_invitation_make_one_account(two_workers: TwoWorkers, email: str) -> None:
    """One is signed in; the others are told that the link was used."""
    token = two_workers.services.identity.invitations.issue(email)
    assert isinstance(token, Token)
    form = Form(
        "/link/invite", {"name": "Berta", "password": PASSWORD} | shown_to(two_workers.services, token.digest.hex(), email), link=token
    )
    answers = send(two_workers.server.url, [form] * BROWSERS, again=found_no_place)

    assert Counter(answer.status_code for answer in answers) == {303: 1, 410: BROWSERS - 1}
    assert len(signed_in(answers)) == 1
    assert account_state(two_workers, email)["sessions"] == 1


def test_invitations_that_were_made_at_once_make_one_account(two_workers: TwoWorkers, email: str) -> None:
    """However many operators invited one address, in however many spellings, and whichever links are still good."""
    spellings = [email, email.upper(), email.title()]
    with ThreadPoolExecutor(len(spellings)) as operators:
        links = list(operators.map(two_workers.services.identity.invitations.issue, spellings))
    forms = [
        Form(
            "/link/invite", {"name": "Berta", "password": PASSWORD} | shown_to(two_workers.services, token.digest.hex(), email), link=token
        )
        for token in links
        if isinstance(token, Token)
    ]
    answers = send(two_workers.server.url, forms * 2, again=found_no_place)

    assert len(forms) == len(spellings)
    assert Counter(answer.status_code for answer in answers) == {303: 1, 410: 5}
    with two_workers.services.database.read() as connection:
        accounts = connection.execute(select(func.count()).where(func.lower(ACCOUNT.c.email) == email)).scalar_one()
    assert accounts == 1


def test_many_forms_of_one_link_set_one_password(two_workers: TwoWorkers, email: str) -> None:
    """Each with a password of its own: one is set, and it alone opens the account; nobody is signed in."""
    services = two_workers.services
    account = signed_in_account(services, email).account
    token = services.identity.password_reset.issue(email)
    assert isinstance(token, Token)
    subject = shown_to(services, account.id, email)
    passwords = [f"copper-lantern-willow-{number}" for number in range(BROWSERS)]
    forms = [Form("/link/password", {"password": password} | subject, link=token) for password in passwords]
    answers = send(two_workers.server.url, forms, again=found_no_place)

    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[200] == 1
    assert set(statuses) <= {200, 410, 429}
    assert signed_in(answers) == []
    set_to = passwords[[answer.status_code for answer in answers].index(200)]
    assert session_by_password(services, email, set_to)
    assert account_state(two_workers, email)["sessions"] == 1
