"""What mails are made of, how the settings name server and sender, and mails as files."""

import stat
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpressbot.foundation.identifiers import ENTROPY_BYTES, identifier
from xpressbot.foundation.mail.files import FILES_KEPT, MailFiles
from xpressbot.foundation.mail.message import Letter, Sender, compose, read_sender
from xpressbot.foundation.mail.smtp_url import Security, SmtpServer, about_mail, read_smtp_url
from xpressbot.foundation.times import SECOND

NOW = 1_790_000_000 * SECOND
ID = "a" * 32
BOT = Sender("bot@example.com", "Bot")
HEADERS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "Content-Language",
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
}


def sent(sender: Sender, letter: Letter) -> bytes:
    return compose(sender, letter, ID, NOW).as_bytes()


def test_a_mail_is_plain_text_of_a_program() -> None:
    """Its Message-ID follows from the row, so that a second copy can be told from another mail."""
    mail = message_from_bytes(sent(BOT, Letter("anna@example.com", "2FA enabled", "Größe\n", "en")), policy=default)
    assert set(mail) == HEADERS
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == (f"<{ID}@example.com>", "auto-generated")
    assert (mail["Date"], mail["From"]) == ("Mon, 21 Sep 2026 14:13:20 +0000", "Bot <bot@example.com>")
    assert mail.get_content_type() == "text/plain"


@pytest.mark.parametrize("broken", ["a\nBcc: mallory@example.com", "a\r\nBcc: mallory@example.com", "a\rBcc: x", "a\n\nb"])
def test_no_text_makes_a_header_of_its_own(broken: str) -> None:
    """Not as a subject, a name or an address: a line break is refused."""
    for sender, letter in (
        (BOT, Letter("anna@example.com", broken, "", "en")),
        (Sender("bot@example.com", broken), Letter("anna@example.com", "s", "", "en")),
        (BOT, Letter(f"{broken}@example.com", "s", "", "en")),
        (BOT, Letter(f"anna@example.com{broken}", "s", "", "en")),
    ):
        with pytest.raises(ValueError):
            compose(sender, letter, ID, NOW)


@given(words=st.lists(st.text("anäशसñ2\u093f", min_size=1, max_size=12), min_size=1, max_size=20))
def test_a_subject_keeps_its_words_apart(words: list[str]) -> None:
    """However long it is and wherever it is folded."""
    subject = f"XpressBot: {' '.join(words)}"
    raw = sent(BOT, Letter("anna@example.com", subject, "text\n", "hi"))
    assert message_from_bytes(raw, policy=default)["Subject"] == subject
    assert max(map(len, raw.splitlines())) <= 78


@given(subject=st.text(max_size=200), name=st.text(max_size=100))
def test_whatever_a_name_holds_the_headers_stay_the_same(subject: str, name: str) -> None:
    """It is refused, or encoded: quotes, commas, brackets and letters of any script."""
    try:
        raw = sent(Sender("bot@example.com", name), Letter("anna@example.com", subject, "text\n", "en"))
    except (ValueError, IndexError):
        return
    mail = message_from_bytes(raw, policy=default)
    assert set(mail) == HEADERS
    assert mail["To"] == "anna@example.com"
    assert [address.addr_spec for address in mail["From"].addresses] == ["bot@example.com"]
    assert mail.get_content().split() == ["text"]


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        ("bot@example.com", Sender("bot@example.com")),
        ("XpressBot <bot@example.com>", Sender("bot@example.com", "XpressBot")),
        ('"Bot, the" <bot@bücher.example>', Sender("bot@xn--bcher-kva.example", "Bot, the")),
    ],
)
def test_a_sender_is_one_address_with_or_without_a_name(text: str, sender: Sender) -> None:
    """A domain goes by IDNA."""
    assert read_sender(text) == sender


@pytest.mark.parametrize(
    "text", ["bot", "@example.com", "bot@", "a@example.com, b@example.com", "a@b\nBcc: c@d", "ä@example.com", "A <>", "<", ""]
)
def test_what_is_no_sender_is_refused(text: str) -> None:
    """Before any mail is made."""
    with pytest.raises(ValueError, match="must be one address"):
        read_sender(text)


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("smtp://mail.example.com", SmtpServer("mail.example.com", 587, Security.STARTTLS)),
        ("smtp://mail.example.com?starttls=required", SmtpServer("mail.example.com", 587, Security.STARTTLS)),
        ("smtp://mail.example.com/?starttls=no", SmtpServer("mail.example.com", 25, Security.NONE)),
        ("smtps://b%40x:p%3Aw%2F@[2001:db8::1]:4650", SmtpServer("2001:db8::1", 4650, Security.TLS, "b@x", "p:w/")),
    ],
)
def test_a_url_names_server_and_encryption(text: str, server: SmtpServer) -> None:
    """Encryption is left out only where that is asked for in so many words."""
    assert read_smtp_url(text) == server


@pytest.mark.parametrize(
    "text",
    [
        "mail.example.com",
        "http://mail.example.com",
        "smtp://",
        "smtp://mail.example.com:0",
        "smtp://mail.example.com:99999",
        "smtp://mail.example.com/path",
        "smtp://mail.example.com?starttls=maybe",
        "smtps://mail.example.com?starttls=no",
        "smtp://mail example.com",
        "smtp://:secret@mail.example.com",
        "smtp://user:sécret@mail.example.com",
    ],
)
def test_an_unusable_url_is_refused_without_repeating_it(text: str) -> None:
    """It may hold a password."""
    with pytest.raises(ValueError, match="must") as refused:
        read_smtp_url(text)
    assert "cret" not in str(refused.value)


def test_no_password_is_shown() -> None:
    """Where a server is printed, say in a traceback."""
    assert "secret" not in repr(read_smtp_url("smtp://user:secret@mail.example.com"))


@pytest.mark.parametrize(
    ("url", "file", "sender", "complaints"),
    [
        ("", None, "", 0),
        ("", Path("password"), "", 1),
        ("smtp://mail.example.com", None, "a@example.com", 0),
        ("smtp://mail.example.com", None, "", 1),
        ("smtp://user@mail.example.com", None, "a@example.com", 1),
        ("smtp://user@mail.example.com", Path("password"), "a@example.com", 0),
        ("smtp://user:password@mail.example.com", Path("password"), "a@example.com", 1),
        ("smtp://mail.example.com", Path("password"), "", 2),
    ],
)
def test_settings_that_lack_something_together_are_told(url: str, file: Path | None, sender: str, complaints: int) -> None:
    """A sentence for each."""
    assert len(about_mail(url, file, sender)) == complaints


def test_files_are_their_owners_only_and_the_oldest_go(tmp_path: Path) -> None:
    """By number and by age, when the jobs look and not for each that is written; one that is written twice is one file."""
    files = MailFiles(tmp_path / "data" / "mail", most=3)
    letter = compose(BOT, Letter("anna@example.com", "s", "t\n", "en"), ID, NOW)
    names = [identifier(NOW + hour * 3600 * SECOND, bytes(ENTROPY_BYTES)) for hour in range(5)]
    for name in (*names, names[-1]):
        assert files.send(name, letter) is None
    assert len(list(files.directory.iterdir())) == len(names)
    files.remove_outdated(NOW)
    kept = sorted(files.directory.iterdir())
    assert [file.stem for file in kept] == names[2:]
    assert {stat.S_IMODE(file.stat().st_mode) for file in kept} == {0o600}
    assert stat.S_IMODE(files.directory.stat().st_mode) == 0o700
    files.remove_outdated(NOW + 3 * 3600 * SECOND + FILES_KEPT)
    assert [file.stem for file in files.directory.iterdir()] == names[-1:]


def test_a_directory_that_takes_no_file_is_a_failure_and_no_crash(tmp_path: Path) -> None:
    """The mail goes on waiting."""
    (tmp_path / "mail").write_text("no directory")
    failure = MailFiles(tmp_path / "mail").send(ID, compose(BOT, Letter("anna@example.com", "s", "t\n", "en"), ID, NOW))
    assert failure is not None
    assert failure.reason.value == "file_not_written"
