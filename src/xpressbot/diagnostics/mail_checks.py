"""Mail: whether there is a server, and whether what waits leaves."""

from collections.abc import Sequence
from typing import Final

from xpressbot.diagnostics.check import Check, CheckRun, Finding, Problem, Severity
from xpressbot.diagnostics.database_checks import SCHEMA
from xpressbot.foundation.database.transaction import ReadTransactions
from xpressbot.foundation.mail.outbox_overview import look
from xpressbot.foundation.times import HOUR

MAIL_CHECK: Final = "mail"
LATE_AFTER: Final = 1 * HOUR
MAIL_NOT_SET_UP: Final = Problem("mail_not_set_up", Severity.NOTE)
MAIL_DEAD_LETTERS: Final = Problem("mail_dead_letters", Severity.WARNING)
MAIL_WAITS: Final = Problem("mail_waits", Severity.WARNING)


def _check_mail(run: CheckRun) -> Sequence[Finding]:
    now = run.now()
    with ReadTransactions(run.database).reading() as tx:
        found = look(tx, now)
    findings = []
    if not run.settings.smtp_url:
        findings.append(Finding(MAIL_CHECK, MAIL_NOT_SET_UP, {"directory": str((run.settings.data_dir / "mail").absolute())}))
    if found.dead:
        findings.append(Finding(MAIL_CHECK, MAIL_DEAD_LETTERS, {"count": found.dead}))
    if found.oldest is not None and found.oldest < now - LATE_AFTER:
        findings.append(Finding(MAIL_CHECK, MAIL_WAITS, {"count": found.waiting, "since": found.oldest, "reason": found.failure or ""}))
    return findings


MAIL: Final = Check(
    MAIL_CHECK,
    _check_mail,
    problems=(MAIL_NOT_SET_UP, MAIL_DEAD_LETTERS, MAIL_WAITS),
    needs=(SCHEMA,),
    fields=frozenset({"smtp_url", "smtp_password_file", "mail_from", "database_url", "data_dir"}),
)
