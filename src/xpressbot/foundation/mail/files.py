"""Mails as files, where there is no SMTP server: what would have been sent can be read on the machine, and by nobody else."""

from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from xpressbot.foundation.files import make_directory, put_file
from xpressbot.foundation.identifiers import bound_of_identifiers
from xpressbot.foundation.mail.transport import FailureReason, SendFailure
from xpressbot.foundation.times import DAY

MOST_FILES: Final = 1000
"""Of them the newest are kept. Until the next look of the jobs there may be more."""
FILES_KEPT: Final = 7 * DAY
"""As long as the link in a mail can be good for at most."""
_SUFFIX: Final = ".eml"


class MailFiles:
    """Writes mails into a directory, each under its own name: a mail that is handed over twice is one file.

    Sending does not look into the directory: a burst of mails would read all names for each. `remove_outdated` does, once a minute.
    """

    def __init__(self, directory: Path, most: int = MOST_FILES) -> None:
        self.directory = directory
        self._most = most

    def send(self, mail_id: str, message: EmailMessage) -> SendFailure | None:
        """Write a mail."""
        try:
            make_directory(self.directory)
            put_file(self.path_of(mail_id), message.as_bytes())
        except OSError as error:
            return SendFailure(FailureReason.FILE_NOT_WRITTEN, error.strerror or type(error).__name__)
        return None

    def stop(self) -> None:
        """A file takes no time worth mentioning."""

    def path_of(self, mail_id: str) -> Path:
        """Where a mail is."""
        return self.directory / f"{mail_id}{_SUFFIX}"

    def remove_outdated(self, now: int) -> None:
        """Remove what was written long ago, and the oldest where there are too many. Their names tell when, and begin with the oldest."""
        bound = bound_of_identifiers(now - FILES_KEPT)
        files = sorted(self.directory.glob(f"*{_SUFFIX}"))
        for place, file in enumerate(files):
            if file.stem < bound or place < len(files) - self._most:
                with suppress(FileNotFoundError):  # another process was faster
                    file.unlink()
