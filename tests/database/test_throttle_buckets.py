"""Charging tries: the count is never outrun, a refused try raises nothing, and all buckets of a try are charged or none."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from tests.support.installation import Installation
from tests.support.optional import present
from tests.support.races import Race, race_in_processes, race_in_threads
from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.foundation.times import MINUTE, SECOND
from xpressbot.identity.tables import THROTTLE_BUCKET
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.throttling.rules import (
    FORGOTTEN_AFTER,
    PASSWORD,
    SECOND_FACTOR,
    Bucket,
    Charge,
    DelayReport,
    Refusal,
    known_browser,
    network,
    second_factor,
    stranger,
)

BUCKET = second_factor("totp", "a" * 32)
PAUSED = known_browser("b" * 32)
SUSPEND_AT = present(SECOND_FACTOR.suspend_at)


@pytest.mark.parametrize(("race", "racers"), [(race_in_threads, 16), (race_in_processes, 8)], ids=["threads", "processes"])
def test_many_tries_at_once_never_exceed_the_bucket(installation: Installation, race: Race, racers: int) -> None:
    """Five tries pass, each with a number of its own, and the refused ones leave the count at five."""
    now = installation.clock.now()

    def attempt(tx: Writing, _number: int) -> int:
        charges = throttle_store.charge(tx, [BUCKET], now)
        return 0 if isinstance(charges, Refusal) else charges[0].tries

    results = race(installation, racers, attempt)

    assert sorted(results) == [0] * (racers - 5) + [1, 2, 3, 4, 5]
    assert _rows(installation) == {BUCKET.key: (5, now + 30 * SECOND)}


def test_a_refused_try_raises_nothing(installation: Installation) -> None:
    """However often it is tried during the wait, neither the count nor the wait grows."""
    for _try in range(5):
        _charge(installation, BUCKET)
    before = _rows(installation)
    installation.clock.advance(seconds=29)

    refusals = [_charge(installation, BUCKET) for _try in range(20)]

    assert all(refusal == Refusal(BUCKET, before[BUCKET.key][1]) for refusal in refusals)
    assert _rows(installation) == before


def test_when_one_bucket_refuses_none_is_raised(installation: Installation) -> None:
    """A try that the second bucket refuses is rolled back in the first."""
    full, other = stranger("full"), network("network")
    for _try in range(5):
        _charge(installation, full)
    before = _rows(installation)

    assert _charge(installation, other, full) == Refusal(full, before[full.key][1])
    assert _rows(installation) == before


def test_all_buckets_of_an_allowed_try_are_charged(installation: Installation) -> None:
    """Each bucket counts by itself."""
    first, second = stranger("one"), network("two")
    _charge(installation, first)

    charges = _charged(installation, first, second)

    assert [(charge.bucket, charge.tries) for charge in charges] == [(first, 2), (second, 1)]
    assert {key: tries for key, (tries, _next) in _rows(installation).items()} == {first.key: 2, second.key: 1}


def test_waits_double_up_to_the_longest_in_the_database_as_in_the_policy(installation: Installation) -> None:
    """The CASE of the charging statement says what Policy.delay_after says, try by try, up to the suspension."""
    waits = []
    for _tries in range(1, SUSPEND_AT + 1):
        charge, now = _charged(installation, BUCKET)[0], installation.clock.now()
        waits.append(max(0, charge.next_allowed_at - now))
        installation.clock.set(max(now, charge.next_allowed_at))

    assert waits == [SECOND_FACTOR.delay_after(tries) for tries in range(1, SUSPEND_AT + 1)]
    assert waits[4:7] == [30 * SECOND, 60 * SECOND, 120 * SECOND]
    assert _charge(installation, BUCKET) == Refusal(BUCKET, None)


def test_a_wait_ends_exactly_when_it_said(installation: Installation) -> None:
    """One microsecond before, the try is refused; at the moment itself it passes."""
    for _try in range(5):
        charge = _charged(installation, BUCKET)[0]
    installation.clock.set(charge.next_allowed_at - 1)
    assert isinstance(_charge(installation, BUCKET), Refusal)
    installation.clock.advance(seconds=1e-6)
    assert _charged(installation, BUCKET)[0].tries == 6


@pytest.mark.parametrize(("bucket", "tries", "left"), [(BUCKET, SUSPEND_AT, 0), (BUCKET, SUSPEND_AT - 1, SUSPEND_AT - 1), (PAUSED, 60, 60)])
def test_lifting_a_suspension_forgets_no_other_count(installation: Installation, bucket: Bucket, tries: int, left: int) -> None:
    """Neither one try short of it, nor of a policy that only makes tries wait: guesses would begin anew."""
    for _try in range(tries):
        installation.clock.set(_charged(installation, bucket)[0].next_allowed_at or installation.clock.now())
    with Transactions(installation.services.database).writing() as tx:
        throttle_store.lift_suspension(tx, bucket)
        tx.commit()
    assert [counted for counted, _next in _rows(installation).values()] == [left] * bool(left)


def test_free_tries_wait_for_nothing_on_clocks_that_differ(installation: Installation) -> None:
    """Of two nodes, one a little behind the other, neither sees a wait where there is none."""
    for behind in (0, 0.5, 2, 3600):
        installation.clock.advance(seconds=-behind)
        assert not isinstance(_charge(installation, BUCKET, stranger("someone")), Refusal)


def test_a_window_counts_anew_once_it_is_over_or_the_clock_went_back(installation: Installation) -> None:
    """Thirty tries a minute for a network: the next minute starts at one, and so does a clock set back."""
    counted = network("network")
    for _try in range(30):
        _charge(installation, counted)
    assert isinstance(_charge(installation, counted), Refusal)
    installation.clock.advance(minutes=1)
    assert _charged(installation, counted)[0].tries == 1
    installation.clock.advance(minutes=-30)
    assert _charged(installation, counted)[0].tries == 1


def test_a_try_given_back_opens_the_wait_that_it_began(installation: Installation) -> None:
    """A right password takes its own charge back, and no sign-in waits for it; a failed one's charge stays."""
    for _try in range(4):
        _charge(installation, BUCKET)
    last = _charged(installation, BUCKET)
    with _transactions(installation).writing() as tx:
        throttle_store.give_back(tx, last)
        tx.commit()

    assert _rows(installation) == {BUCKET.key: (4, 0)}
    assert _charged(installation, BUCKET)[0].tries == 5


def test_giving_back_leaves_the_wait_that_others_earned(installation: Installation) -> None:
    """A try that was charged before later failures opens no wait that those began."""
    first = _charged(installation, BUCKET)
    for _try in range(4):
        _charge(installation, BUCKET)
    installation.clock.advance(seconds=30)
    sixth = _charged(installation, BUCKET)[0]
    with _transactions(installation).writing() as tx:
        throttle_store.give_back(tx, first)
        tx.commit()

    assert _rows(installation) == {BUCKET.key: (5, sixth.next_allowed_at)}


def test_two_waits_are_cut_to_the_earlier(installation: Installation) -> None:
    """Cutting brings a wait forward and never prolongs one."""
    for _try in range(5):
        charge = _charged(installation, BUCKET)[0]
    for moment in (charge.next_allowed_at + MINUTE, charge.next_allowed_at - SECOND):
        with _transactions(installation).writing() as tx:
            throttle_store.cut(tx, BUCKET, moment)
            tx.commit()
        assert _rows(installation)[BUCKET.key][1] == min(charge.next_allowed_at, moment)


def test_password_tries_are_never_suspended(installation: Installation) -> None:
    """A hundred and twenty failures alarm, and still the next try after the wait is allowed."""
    bucket = Bucket("stranger", "x", PASSWORD)
    for _try in range(120):
        charge = _charged(installation, bucket)[0]
        installation.clock.set(max(installation.clock.now(), charge.next_allowed_at))
    assert _charged(installation, bucket)[0].tries == 121
    with _transactions(installation).writing() as tx:
        report = throttle_store.report_delays(tx, bucket)
        assert throttle_store.report_delays(tx, bucket) is None
        tx.commit()
    assert report is not None
    assert (report.delays, report.alarm) == (117, True)


def test_strangers_count_anew_a_day_after_their_last_try(installation: Installation) -> None:
    """To the microsecond, removed or not; a known browser's count goes on."""
    shared, own = stranger("someone"), known_browser("browser")
    for _try in range(4):
        _charge(installation, shared, own)
    installation.clock.set(installation.clock.now() + FORGOTTEN_AFTER - 1)
    assert [charge.tries for charge in _charged(installation, shared)] == [5]
    installation.clock.set(installation.clock.now() + FORGOTTEN_AFTER)
    assert [charge.tries for charge in _charged(installation, shared, own)] == [1, 5]
    installation.clock.advance(minutes=1)
    assert [charge.tries for charge in _charged(installation, shared)] == [2]


def test_waits_of_a_forgotten_count_are_told_once(installation: Installation) -> None:
    """Those of two counts that were forgotten, and of the one that goes on, with the first moment and the last."""
    bucket, moments = stranger("someone", "a" * 32), []
    for _count in range(3):
        installation.clock.set(installation.clock.now() + FORGOTTEN_AFTER)
        for _try in range(6):
            charge = _charged(installation, bucket)[0]
            moments.append(charge.charged_at)
            installation.clock.set(max(installation.clock.now(), charge.next_allowed_at))
    with _transactions(installation).writing() as tx:
        report = throttle_store.report_delays(tx, bucket)
        assert throttle_store.report_delays(tx, bucket) is None
        tx.commit()
    assert report == DelayReport(6, moments[4], moments[-1], alarm=False)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_tries_given_back_leave_the_moment_of_the_last_that_was_not(installation: Installation, order: tuple[int, int]) -> None:
    """A right password, or two at once, in whichever order they are checked, put off no forgetting."""
    bucket = stranger("someone")
    _charge(installation, bucket)
    filled = installation.clock.now()
    right = []
    for _click in range(2):
        installation.clock.advance(hours=1)
        right.append(_charged(installation, bucket))
    for number in order:
        with _transactions(installation).writing() as tx:
            throttle_store.give_back(tx, right[number])
            tx.commit()
    installation.clock.set(filled + FORGOTTEN_AFTER - 1)
    assert _charged(installation, bucket)[0].tries == 2
    with _transactions(installation).writing() as tx:
        throttle_store.give_back(tx, [Charge(bucket, 2, 0, installation.clock.now(), filled)])
        tx.commit()
    installation.clock.set(filled + FORGOTTEN_AFTER)
    assert _charged(installation, bucket)[0].tries == 1


def _charge(installation: Installation, *buckets: Bucket) -> Sequence[Charge] | Refusal:
    with _transactions(installation).writing() as tx:
        charges = throttle_store.charge(tx, buckets, installation.clock.now())
        if not isinstance(charges, Refusal):
            tx.commit()
        return charges


def _charged(installation: Installation, *buckets: Bucket) -> Sequence[Charge]:
    charges = _charge(installation, *buckets)
    assert not isinstance(charges, Refusal), charges
    return charges


def _transactions(installation: Installation) -> Transactions:
    return Transactions(installation.services.database)


def _rows(installation: Installation) -> dict[str, tuple[int, int]]:
    columns = THROTTLE_BUCKET.c
    with installation.services.database.read() as connection:
        rows = connection.execute(select(columns.key, columns.tries, columns.next_allowed_at)).all()
    return {row.key: (row.tries, row.next_allowed_at) for row in rows}
