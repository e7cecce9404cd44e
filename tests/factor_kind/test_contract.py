"""What every kind of factor holds to, whatever its proofs are (docs/adr: kinds of factors)."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Table, func, select

from tests.factor_kind.challenge_response.core.store import EXPIRING_CHALLENGES, LIFETIME
from tests.factor_kind.challenge_response.core.tables import AUTHENTICATOR_KEY, CHALLENGE
from tests.factor_kind.holders import HOLDERS, ChallengeResponseHolder, Holder, TotpHolder
from tests.factor_kind.registry import kinds_and_one_more
from tests.support.installation import CLIENT, PASSWORD, Installation
from tests.support.people import adding, caller_with, claimant_of, reset
from xpressbot.bootstrap import end_what_is_open
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.crypto.encrypted_columns import StoredSecret, newest_secrets
from xpressbot.foundation.crypto.encryption import Encryption
from xpressbot.foundation.crypto.key_ring import KEY_BYTES, change_key_ring, load_key_ring, with_key, with_only
from xpressbot.foundation.database.transaction import ReadTransactions, Transactions
from xpressbot.foundation.times import SECOND
from xpressbot.foundation.tokens import Token
from xpressbot.identity.administration.after_restore import Restored
from xpressbot.identity.factors.kind import FactorKind, ProofRefusal
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.factors.two_factor import InPlace
from xpressbot.identity.outcomes import Denied, Done, EnrolmentRequired, Reason, SessionRenewed, SignedIn
from xpressbot.identity.sign_in.refusals import SignInRefusal
from xpressbot.identity.sign_in.second_step import SecondStepOutcome
from xpressbot.identity.throttling.charges import ThrottleRefusal
from xpressbot.identity.throttling.rules import SECOND_FACTOR
from xpressbot.identity.use_cases import at_restore, expiring_rows

RACERS = 50


@pytest.fixture(params=HOLDERS, ids=lambda holder: holder.kind)
def holder(request: pytest.FixtureRequest, installation: Installation) -> Holder:
    made = request.param(installation)
    assert isinstance(made, Holder)
    return made


def kind_of(holder: Holder) -> FactorKind:
    kind = holder.installation.services.identity.kinds.find(holder.kind)
    assert kind is not None
    return kind


def refusal(outcome: SecondStepOutcome | Denied[Reason]) -> Reason | None:
    return outcome.reason if isinstance(outcome, Denied) else None


def secrets_of(holder: Holder) -> int:
    with ReadTransactions(holder.installation.services.database).reading() as tx:
        return sum(len(newest_secrets(tx, column, "", 1000)) for column in kind_of(holder).encrypted_columns)


def after_restore(installation: Installation) -> Restored:
    """What `restore` does, in the time of the test and with one kind more."""
    system = System(installation.clock, installation.entropy)
    return end_what_is_open(installation.services.settings.url, system, kinds_and_one_more)


def rows_of(installation: Installation, table: Table) -> int:
    with installation.services.database.read() as connection:
        count: int = connection.execute(select(func.count()).select_from(table)).scalar_one()
    return count


def test_a_right_proof_signs_in_by_the_kinds_method(holder: Holder) -> None:
    """The session rests on it."""
    waiting = holder.waiting()
    outcome = holder.verify(waiting, holder.proof(waiting))
    assert isinstance(outcome, SignedIn)
    found = holder.installation.services.identity.sessions.find(outcome.session)
    assert isinstance(found, tuple)
    assert found is not None
    assert found[0].amr == {"pwd", kind_of(holder).method}


def test_a_proof_is_good_once(holder: Holder) -> None:
    """In another sign-in of the same person it is refused."""
    first, second = holder.waiting(), holder.waiting()
    proof = holder.proof(first)
    assert isinstance(holder.verify(first, proof), SignedIn)
    assert refusal(holder.verify(second, proof)) is ProofRefusal.CODE_ALREADY_USED


def test_of_fifty_equal_proofs_at_once_one_signs_in(holder: Holder) -> None:
    """Each in a sign-in of its own; the others are refused or made to wait."""
    waiting = [holder.waiting() for _racer in range(RACERS)]
    proof = holder.proof(waiting[0])
    start = threading.Barrier(RACERS, timeout=60)

    def race(token: Token) -> bool:
        start.wait()
        return isinstance(holder.verify(token, proof), SignedIn)

    with ThreadPoolExecutor(RACERS) as threads:
        outcomes = Counter(threads.map(race, waiting))
    assert outcomes == {True: 1, False: RACERS - 1}


def test_a_wrong_proof_is_charged_and_the_fifth_in_a_row_makes_the_next_wait(holder: Holder) -> None:
    """By the kind's own bucket; a proof of another kind is still looked at."""
    waiting = holder.waiting()
    for _try in range(SECOND_FACTOR.free):
        assert refusal(holder.verify(waiting, holder.wrong)) is ProofRefusal.WRONG_CODE
    refused = holder.verify(waiting, holder.proof(waiting))
    assert isinstance(refused, Denied)
    assert (refused.reason, refused.bucket) == (ThrottleRefusal.THROTTLED, kind_of(holder).bucket_names[0])


def test_a_proof_of_another_person_is_wrong(holder: Holder) -> None:
    """Proofs count for the account whose factor it is."""
    other = type(holder)(holder.installation, "berta@example.com")
    theirs = other.proof(other.waiting())
    assert refusal(holder.verify(holder.waiting(), theirs)) is ProofRefusal.WRONG_CODE


def test_a_proof_of_another_kind_is_wrong_to_each(holder: Holder) -> None:
    """What a use case hands over by mistake proves nothing, and breaks nothing; the kind's own proof stays good."""
    waiting = holder.waiting()
    proof = holder.proof(waiting)
    others = [other.wrong for other in HOLDERS if other.kind != holder.kind]
    assert len(others) == 2
    with Transactions(holder.installation.services.database).writing() as tx:
        for other in others:
            checked = kind_of(holder).check(tx, holder.caller.account.id, other, CLIENT, holder.installation.clock.now())
            assert checked == Denied(ProofRefusal.WRONG_CODE)
        tx.commit()
    assert isinstance(holder.verify(waiting, proof), SignedIn)


@pytest.mark.parametrize("made", [TotpHolder, ChallengeResponseHolder], ids=lambda made: made.kind)
def test_a_set_up_is_confirmed_by_a_proof_of_its_own_kind_alone(installation: Installation, made: type[Holder]) -> None:
    """Another is a wrong try."""
    holder, identity = made(installation), installation.services.identity
    assert identity.authenticators.add(holder.caller, holder.set_up_kind, "Second") == Done()
    others = [other.wrong for other in HOLDERS if other.kind != holder.kind]
    refusals = [identity.two_factor.confirm(holder.caller, other) for other in others]
    assert refusals == [Denied(ProofRefusal.WRONG_CODE, tries_left=left) for left in (4, 3)]
    assert len(identity.authenticators.listed(holder.caller)) == 1


def test_what_another_row_holds_proves_nothing(holder: Holder) -> None:
    """A ciphertext is bound to its row: copied from another account's, it cannot be decrypted."""
    columns = kind_of(holder).encrypted_columns
    assert columns
    other = type(holder)(holder.installation, "berta@example.com")
    ring = load_key_ring(holder.installation.services.settings.key_file)
    encryption = Encryption(ring, holder.installation.entropy, lambda: ring)
    with ReadTransactions(holder.installation.services.database).reading() as tx:
        for column in columns:
            mine, theirs = (
                next(secret for secret in newest_secrets(tx, column, "", 1000) if secret.owner == one.caller.account.id)
                for one in (holder, other)
            )
            copied = StoredSecret(column, mine.owner, mine.row_id, theirs.ciphertext)
            assert mine.can_be_decrypted(encryption)
            assert not copied.can_be_decrypted(encryption)


def test_disabling_2fa_removes_the_kinds_secrets(holder: Holder) -> None:
    """And the password alone signs in again."""
    assert secrets_of(holder)
    assert isinstance(holder.installation.services.identity.two_factor.disable(holder.caller), SessionRenewed)
    assert secrets_of(holder) == 0


def test_a_reset_removes_the_kinds_secrets(holder: Holder) -> None:
    """The next sign-in must set 2FA up anew."""
    reset(holder.installation.services)
    assert secrets_of(holder) == 0
    identity = holder.installation.services.identity
    assert isinstance(identity.password_step.begin(holder.email, PASSWORD, "/", CLIENT), EnrolmentRequired)


def test_secrets_are_encrypted_anew_and_the_old_key_can_go(holder: Holder) -> None:
    """The next proof is checked with the new key."""
    services = holder.installation.services
    change_key_ring(services.settings.key_file, lambda ring: with_key(ring, services.entropy.token_bytes(KEY_BYTES)))
    newest = load_key_ring(services.settings.key_file).newest_id
    assert services.identity.re_encryption.switch_to(newest)
    while services.identity.re_encryption.left():
        services.identity.re_encryption.next_batch()
    change_key_ring(services.settings.key_file, lambda ring: with_only(ring, newest))
    waiting = holder.waiting()
    assert isinstance(holder.verify(waiting, holder.proof(waiting)), SignedIn)


@pytest.mark.parametrize("made", [TotpHolder, ChallengeResponseHolder], ids=lambda made: made.kind)
def test_a_proof_from_before_a_restore_is_refused(installation: Installation, made: type[Holder]) -> None:
    """It may have been used since the backup was made."""
    holder = made(installation)
    proof = holder.proof(holder.waiting())
    after_restore(installation)
    assert isinstance(holder.verify(holder.waiting(), proof), Denied)


def test_what_a_kind_says_ends_at_a_restore_ends_and_is_counted(installation: Installation) -> None:
    """Its open challenges go; the keys of authenticators stay."""
    holder = ChallengeResponseHolder(installation)
    holder.proof(holder.waiting())
    assert after_restore(installation).ended["open challenges"] == 1
    assert rows_of(installation, CHALLENGE) == 0
    assert rows_of(installation, AUTHENTICATOR_KEY) == 1


def test_rows_that_a_kind_says_expire_are_removed(installation: Installation) -> None:
    """A challenge that was never answered goes when it has been kept for its time, and not before."""
    holder = ChallengeResponseHolder(installation)
    holder.proof(holder.waiting())
    installation.clock.advance(seconds=(LIFETIME + EXPIRING_CHALLENGES.kept) / SECOND - 1e-6)
    assert installation.services.expiry.next_round()[EXPIRING_CHALLENGES.name] == 0
    installation.clock.advance(seconds=1e-6)
    assert installation.services.expiry.next_round()[EXPIRING_CHALLENGES.name] == 1
    assert rows_of(installation, CHALLENGE) == 0


@pytest.mark.parametrize("made", [TotpHolder, ChallengeResponseHolder], ids=lambda made: made.kind)
def test_an_authenticator_that_was_removed_proves_nothing(installation: Installation, made: type[Holder]) -> None:
    """Another one of the account, of whichever kind, stays and signs in."""
    holder, identity = made(installation), installation.services.identity
    (first,) = identity.authenticators.listed(holder.caller)
    app = adding(installation.services, holder.caller, "Tablet")
    outcome = identity.two_factor.confirm(holder.caller, TotpCode(app.code()))
    assert isinstance(outcome, InPlace)
    caller = caller_with(installation.services, outcome.renewed.session)
    waiting = holder.waiting()
    proof = holder.proof(waiting)
    assert isinstance(identity.authenticators.remove(caller, first.id), SessionRenewed)
    again = holder.waiting()
    assert refusal(holder.verify(again, proof)) is ProofRefusal.WRONG_CODE
    assert refusal(holder.verify(waiting, proof)) is SignInRefusal.START_AGAIN
    assert isinstance(holder.verify(again, TotpCode(app.next_code())), SignedIn)


def test_each_table_and_each_kind_of_rows_is_stated_once(installation: Installation) -> None:
    """A restore treats no table twice, and a walk remembers by its name how far it has come."""
    kinds = installation.services.identity.kinds
    tables = [said.table for said in at_restore(kinds)]
    names = [rows.name for rows in expiring_rows(kinds)]
    assert len(set(tables)) == len(tables)
    assert len(set(names)) == len(names)
    assert {CHALLENGE, AUTHENTICATOR_KEY} <= set(tables)


def test_every_encrypted_column_belongs_to_one_kind(installation: Installation) -> None:
    """So that re-encryption, the doctor and a reset leave none out."""
    kinds = installation.services.identity.kinds
    columns = [column.column for kind in kinds for column in kind.encrypted_columns]
    assert len(columns) == len(set(columns)) == 3


def test_no_challenge_is_stored_for_a_claimant_whose_account_has_changed(installation: Installation) -> None:
    """What was decided at the password must hold under the account's lock."""
    holder = ChallengeResponseHolder(installation)
    services = installation.services
    claimant = claimant_of(services, holder.waiting())
    reset(services)
    before = rows_of(installation, CHALLENGE)
    assert services.identity.second_step.challenge(claimant, holder.kind) == Denied(SignInRefusal.START_AGAIN)
    assert rows_of(installation, CHALLENGE) == before
