"""A hundred wrong guesses at one moment: no more are verified than the bucket allows."""

import itertools
from collections import Counter

import pytest
from sqlalchemy import delete, func, select

from tests.processes.conftest import TwoWorkers
from tests.support.concurrent_requests import Form, found_no_place, send
from tests.support.cookies import cookie_name
from tests.support.installation import PASSWORD
from tests.support.people import pending, protected, shown_to, signed_in
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.tables import SECURITY_EVENT, THROTTLE_BUCKET
from xpressbot.identity.throttling.rules import PASSWORD as PASSWORD_POLICY
from xpressbot.identity.throttling.rules import SECOND_FACTOR

GUESSES = 100
PASSWORDS = 40
"""Each needs one of two places, and all are to have theirs before the first wait of 30 s is over."""
_NUMBERS = itertools.count(1)


@pytest.fixture
def email(two_workers: TwoWorkers) -> str:
    with two_workers.services.database.write() as connection:
        connection.execute(delete(THROTTLE_BUCKET))
        connection.commit()
    return f"guessed{next(_NUMBERS)}@example.com"


@pytest.mark.parametrize(("path", "bucket"), [("/sign-in/code", "totp"), ("/sign-in/recovery-code", "recovery_code")])
def test_wrong_codes_are_never_more_than_the_bucket_allows(two_workers: TwoWorkers, email: str, path: str, bucket: str) -> None:
    """Five are looked at and refused, the others are told to wait; no client is signed in."""
    person = protected(two_workers.services, email)
    right = {person.phone.code(steps=steps) for steps in range(-2, 4)}
    wrong = [code for number in range(GUESSES + 6) if (code := f"{number:06}") not in right][:GUESSES]
    codes = wrong if bucket == "totp" else [f"0000-0000-0000-{number:04}" for number in range(GUESSES)]
    tokens = [pending(two_workers.services, email) for _browser in range(10)]
    subject = shown_to(two_workers.services, person.account.id, email)
    forms = [Form(path, {"code": code} | subject, tokens[number % 10]) for number, code in enumerate(codes)]

    answers = send(two_workers.server.url, forms)

    allowed = SECOND_FACTOR.free
    assert Counter(answer.status_code for answer in answers) == {401: allowed, 429: GUESSES - allowed}
    assert all(1 <= int(answer.headers["retry-after"]) <= 30 for answer in answers if answer.status_code == 429)
    assert not any(cookie_name("session", str(answer.url)) in answer.cookies for answer in answers)
    with two_workers.services.database.read() as connection:
        refused = (SECURITY_EVENT.c.subject == person.account.id, SECURITY_EVENT.c.kind == EventKind.SECOND_FACTOR_REFUSED.value)
        assert connection.execute(select(func.count()).select_from(SECURITY_EVENT).where(*refused)).scalar_one() == allowed
        key = f"{bucket}:{person.account.id}"
        assert connection.execute(select(THROTTLE_BUCKET.c.tries).where(THROTTLE_BUCKET.c.key == key)).scalar_one() == allowed


@pytest.mark.parametrize("known", [True, False], ids=["known address", "unknown address"])
def test_wrong_passwords_are_never_more_than_the_bucket_allows(two_workers: TwoWorkers, email: str, *, known: bool) -> None:
    """Five are hashed; the others are told to wait, once they have found a place to be. An unknown address answers alike."""
    if known:
        signed_in(two_workers.services, email)
    logged = len(two_workers.server.stderr.read_bytes())
    forms = [Form("/sign-in", {"email": email, "password": f"{PASSWORD}-{number}"}) for number in range(PASSWORDS)]

    answers = send(two_workers.server.url, forms, again=found_no_place)

    allowed = PASSWORD_POLICY.free
    assert Counter(answer.status_code for answer in answers) == {401: allowed, 429: PASSWORDS - allowed}
    assert all(1 <= int(answer.headers["retry-after"]) <= 30 for answer in answers if answer.status_code == 429)
    with two_workers.services.database.read() as connection:
        tries = connection.execute(select(THROTTLE_BUCKET.c.tries).where(THROTTLE_BUCKET.c.key.like("stranger:%"))).scalar_one()
    assert tries == allowed
    log = two_workers.server.stderr.read_bytes()[logged:].decode()
    assert log.count("reason=wrong_credentials") == allowed
    assert email not in log
