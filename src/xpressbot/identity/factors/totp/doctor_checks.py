"""What the doctor checks of apps: used codes and phones that tell of a wrong clock."""

from collections.abc import Sequence
from typing import Final

from xpressbot.diagnostics.check import Check, CheckRun, Finding, Problem, Severity
from xpressbot.diagnostics.database_checks import CLOCK, SCHEMA
from xpressbot.foundation.database.transaction import ReadTransactions
from xpressbot.foundation.times import latest_credible
from xpressbot.identity.factors.totp import store
from xpressbot.identity.factors.totp.rules.clock_sightings import AGREEMENT_MEMORY, clock_offset_seconds, common_offset
from xpressbot.identity.factors.totp.rules.totp import latest_credible_step

CODES_OF_THE_FUTURE: Final = Problem("codes_of_the_future", Severity.ERROR)
PHONES_AGREE: Final = Problem("phones_agree", Severity.WARNING)
APPS_LOOKED_AT: Final = 1000
"""Among how many apps, the newest ones, traces of a wrong clock are looked for, for the owner's page."""


def _check_clocks(run: CheckRun) -> Sequence[Finding]:
    """Whose codes are refused because one was used while a clock was ahead; and whether phones are off, all alike, of late."""
    now, among = run.now(), None if run.thorough else APPS_LOOKED_AT
    with ReadTransactions(run.database).reading() as tx:
        ahead = store.ahead_of(tx, latest_credible_step(now), among)
        sightings = store.sightings(tx, now - AGREEMENT_MEMORY, latest_credible(now), among)
    findings = []
    if accounts := [{"email": email} for email in ahead]:
        findings.append(Finding(CLOCK.name, CODES_OF_THE_FUTURE, {"accounts": accounts}))
    if (agreed := common_offset(sightings)) is not None:
        seconds = clock_offset_seconds(agreed.offset)
        facts = {"phones": agreed.phones, "seconds": abs(seconds), "direction": "ahead" if seconds > 0 else "behind"}
        findings.append(Finding(CLOCK.name, PHONES_AGREE, facts))
    return findings


CLOCKS: Final = Check(CLOCK.name, _check_clocks, problems=(CODES_OF_THE_FUTURE, PHONES_AGREE), needs=(SCHEMA,))
