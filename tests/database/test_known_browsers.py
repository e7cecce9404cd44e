"""Known browsers: a new token after each sign-in, at most twenty an account."""

from sqlalchemy import select

from tests.support.installation import Installation
from tests.support.people import signed_in
from xpressbot.foundation.database.transaction import Reading, Transactions
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.sessions import known_browser_store
from xpressbot.identity.sessions.rules.known_browser import LIFETIME, MOST_PER_ACCOUNT
from xpressbot.identity.tables import KNOWN_BROWSER

ANNA = "anna@example.com"


def token(number: int) -> bytes:
    return number.to_bytes(32, "big")


def remember(installation: Installation, account_id: str, old: bytes | None, new: bytes) -> None:
    with Transactions(installation.services.database).writing() as tx:
        now = installation.clock.now()
        known_browser_store.remember(tx, old, new, account_id, installation.services.entropy.token_bytes(16).hex(), now)
        tx.commit()


def known(installation: Installation, digest: bytes, email: str = ANNA) -> str | None:
    def find(tx: Reading) -> str | None:
        account = account_store.by_email(tx, email)
        return known_browser_store.find(tx, digest, account.id if account else "", installation.clock.now())

    with Transactions(installation.services.database).reading() as tx:
        return find(tx)


def test_a_browser_keeps_its_place_under_a_new_token(installation: Installation) -> None:
    """The row stays, so that its throttle bucket does."""
    account = installation.add_account()
    remember(installation, account.id, None, token(1))
    before = known(installation, token(1))
    remember(installation, account.id, token(1), token(2))

    assert before is not None
    assert known(installation, token(2)) == before
    assert _count(installation) == 1


def test_a_browser_that_lost_an_answer_is_known_by_its_last_token_but_one(installation: Installation) -> None:
    """The same browser in the same place, and from its next sign-in on under a new token that the lost one is not."""
    account = installation.add_account()
    remember(installation, account.id, None, token(1))
    before = known(installation, token(1))
    remember(installation, account.id, token(1), token(66))
    assert before is not None
    assert known(installation, token(1)) == before

    remember(installation, account.id, token(1), token(2))
    assert known(installation, token(66)) is None
    assert known(installation, token(2)) == known(installation, token(1)) == before
    remember(installation, account.id, token(2), token(3))
    assert known(installation, token(1)) is None
    assert known(installation, token(3)) == before
    assert _count(installation) == 1


def test_an_answer_may_be_lost_more_than_once_in_a_row(installation: Installation) -> None:
    """The token that the browser still holds counts until one after it was seen to arrive."""
    account = installation.add_account()
    remember(installation, account.id, None, token(1))
    before = known(installation, token(1))
    for lost in (61, 62, 63):
        remember(installation, account.id, token(1), token(lost))

    assert known(installation, token(1)) == before
    assert known(installation, token(61)) is None
    assert known(installation, token(62)) is None


def test_a_lost_token_gains_nothing_for_another_account(installation: Installation) -> None:
    """Neither the token planted from the attacker's own account, nor the one before it, makes a browser known to a victim."""
    victim, mallory = installation.add_account(), installation.add_account("mallory@example.com", "Mallory")
    remember(installation, victim.id, None, token(1))
    remember(installation, mallory.id, None, token(65))
    remember(installation, mallory.id, token(65), token(66))
    assert (known(installation, token(65)), known(installation, token(66))) == (None, None)

    remember(installation, victim.id, token(66), token(2))
    assert (known(installation, token(65)), known(installation, token(66))) == (None, None)
    assert known(installation, token(2)) not in {None, known(installation, token(1))}


def test_one_token_stands_for_all_accounts_of_a_browser(installation: Installation) -> None:
    """Two people at one browser: both stay known through either's sign-in, and no others become so."""
    anna, bela = installation.add_account(), installation.add_account("bela@example.com", "Bela")
    remember(installation, anna.id, None, token(1))
    remember(installation, bela.id, token(1), token(2))
    remember(installation, anna.id, token(2), token(3))

    assert known(installation, token(3)) is not None
    assert known(installation, token(3), "bela@example.com") is not None
    assert known(installation, token(3)) != known(installation, token(3), "bela@example.com")
    installation.add_account("carl@example.com", "Carl")
    assert known(installation, token(3), "carl@example.com") is None


def test_a_token_that_an_attacker_planted_gains_nothing(installation: Installation) -> None:
    """The token that a browser brings to a sign-in is replaced, known or not."""
    account = installation.add_account()
    remember(installation, account.id, token(66), token(1))

    assert known(installation, token(66)) is None
    assert known(installation, token(1)) is not None


def test_the_twenty_first_browser_pushes_out_the_one_that_was_away_longest(installation: Installation) -> None:
    """Age counts from the last sign-in, not the first."""
    account = installation.add_account()
    for number in range(MOST_PER_ACCOUNT):
        remember(installation, account.id, None, token(number))
        installation.clock.advance(seconds=1)
    remember(installation, account.id, token(0), token(100))
    installation.clock.advance(seconds=1)
    remember(installation, account.id, None, token(101))

    assert known(installation, token(1)) is None
    assert all(known(installation, token(number)) for number in (*range(2, MOST_PER_ACCOUNT), 100, 101))
    assert _count(installation) == MOST_PER_ACCOUNT == 20


def test_browsers_of_others_do_not_count(installation: Installation) -> None:
    """Twenty of one account push out none of another's."""
    anna, bela = installation.add_account(), installation.add_account("bela@example.com", "Bela")
    remember(installation, anna.id, None, token(1))
    for number in range(2, MOST_PER_ACCOUNT + 5):
        installation.clock.advance(seconds=1)
        remember(installation, bela.id, None, token(number))

    assert known(installation, token(1)) is not None
    assert _count(installation) == MOST_PER_ACCOUNT + 1


def test_a_browser_is_forgotten_ninety_days_after_its_last_sign_in(installation: Installation) -> None:
    """A microsecond before it is known."""
    account = installation.add_account()
    remember(installation, account.id, None, token(1))
    installation.clock.set(installation.clock.now() + LIFETIME - 1)
    assert known(installation, token(1)) is not None
    installation.clock.set(installation.clock.now() + 1)
    assert known(installation, token(1)) is None


def test_only_the_digest_of_a_device_token_is_stored(installation: Installation) -> None:
    """A sign-in hands out 32 random bytes; their SHA-256 stands in the row."""
    signed_in(installation.services)
    with installation.services.database.read() as connection:
        stored = connection.execute(select(KNOWN_BROWSER.c.token_hash)).scalar_one()
    assert len(stored) == 32
    assert known(installation, stored) is not None


def _count(installation: Installation) -> int:
    with installation.services.database.read() as connection:
        return len(connection.execute(select(KNOWN_BROWSER.c.id)).all())
