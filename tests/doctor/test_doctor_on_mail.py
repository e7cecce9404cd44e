"""Mail: no server, dead letters, and what waits for too long."""

from tests.doctor.report import run_doctor
from tests.support.command_line import Shell
from tests.support.installation import Installation
from tests.support.people import Person
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.mail import claims, outbox
from xpressbot.foundation.mail.claims import ClaimedMail
from xpressbot.foundation.mail.outbox import MailState
from xpressbot.foundation.times import HOUR, MINUTE

NO_SERVER = {"XPRESSBOT_SMTP_URL": "", "XPRESSBOT_MAIL_FROM": ""}


def claimed(installation: Installation) -> ClaimedMail:
    """The one mail that waits, of 2FA being enabled."""
    with Transactions(installation.services.database).writing() as tx:
        mail = claims.claim(tx, installation.clock.now(), installation.clock.now())
        tx.commit()
    assert mail is not None
    return mail


def test_that_no_server_is_set_is_a_note(shell: Shell, anna: Person) -> None:
    """With where the mails go instead. It is no fault."""
    report = run_doctor(shell.with_settings(**NO_SERVER))
    assert (report.code, report.problems) == (0, {"mail_not_set_up"})
    assert str(shell.directory / "var" / "data" / "mail") in report.about("mail_not_set_up")["what"]


def test_dead_letters_are_a_warning_until_they_are_revived(shell: Shell, installation: Installation, anna: Person) -> None:
    """How many, and what to run."""
    mail = claimed(installation)
    with Transactions(installation.services.database).writing() as tx:
        claims.end(tx, mail, MailState.DEAD, installation.clock.now(), "recipient_refused")
        tx.commit()
    report = run_doctor(shell)
    assert (report.code, report.problems) == (1, {"mail_dead_letters"})
    assert report.about("mail_dead_letters")["facts"] == {"count": 1}
    answer = shell.run("mail", "retry")
    assert (answer.code, answer.out) == (0, "Mails that wait again: 1. The service sends them.\n")
    assert run_doctor(shell).problems == set()
    assert shell.run("mail", "retry").out == "No mail was given up.\n"


def test_a_mail_that_is_late_is_told_with_its_reason(shell: Shell, installation: Installation, anna: Person) -> None:
    """After an hour: a server that is away for some minutes is no news."""
    mail = claimed(installation)
    for waited, problems in ((59 * MINUTE, set[str]()), (2 * HOUR, {"mail_waits"})):
        with Transactions(installation.services.database).writing() as tx:
            tx.execute(outbox.OUTBOX.update().values(wanted_at=installation.clock.now() - waited))
            claims.postpone(tx, mail, installation.clock.now() + HOUR, "connection_refused")
            tx.commit()
        assert run_doctor(shell).problems == problems
    assert "The connection was refused" in run_doctor(shell).about("mail_waits")["what"]


def test_a_mail_that_nobody_has_tried_to_send_points_to_the_service(shell: Shell, installation: Installation, anna: Person) -> None:
    """And what a newer version has noted is no crash."""
    with Transactions(installation.services.database).writing() as tx:
        tx.execute(outbox.OUTBOX.update().values(wanted_at=installation.clock.now() - 2 * HOUR))
        tx.commit()
    assert "the service may not be running" in run_doctor(shell).about("mail_waits")["what"]
    with Transactions(installation.services.database).writing() as tx:
        tx.execute(outbox.OUTBOX.update().values(last_failure="of the future"))
        tx.commit()
    assert "It is not known why." in run_doctor(shell).about("mail_waits")["what"]


def test_neither_the_doctor_nor_a_complaint_shows_the_password(shell: Shell, anna: Person) -> None:
    """Of a URL that works, and of one that does not."""
    for url in ("smtp://user:hidden@mail.example.com", "smtp://user:hidden@mail.example.com/path", "smtp://hidden@@"):
        answer = shell.with_settings(XPRESSBOT_SMTP_URL=url).run("doctor")
        assert "hidden" not in answer.out + answer.err
        answer = shell.with_settings(XPRESSBOT_SMTP_URL=url).run("accounts", "list")
        assert "hidden" not in answer.out + answer.err
