"""Throttling of guesses (ASVS 6.3.1, NIST SP 800-63B-4 section 3.2.2): failures and time in, a decision out.

A try is charged before anything is verified, so that parallel tries cannot outrun the count. `make docs`
writes the numbers into docs/operations.md.
"""

from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.times import HOUR, MINUTE, SECOND

FORGOTTEN_AFTER: Final = 24 * HOUR
"""How long after its last try the count that strangers share for an address is forgotten, whether it has an account or not."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How many tries a bucket gives, and how long it makes the next one wait.

    free: tries before the first wait. first_delay doubles with every further try up to longest_delay. suspend_at: at
    this many in a row no wait helps any more. window: when set, the count starts anew once it is over. forgotten_after:
    when set, the count starts anew so long after its last try.
    """

    free: int
    first_delay: int
    longest_delay: int
    suspend_at: int | None = None
    alarm_at: int | None = None
    window: int | None = None
    forgotten_after: int | None = None

    def delay_after(self, tries: int) -> int:
        """How long the try after `tries` charged ones has to wait."""
        if tries < self.free:
            return 0
        doublings = min(tries - self.free, 62)
        return min(self.first_delay << doublings, self.longest_delay)

    def schedule(self) -> list[tuple[int, int]]:
        """(tries, delay) for each count below the one from which the delay stays at its longest."""
        steps: list[tuple[int, int]] = [(self.free - 1, 0)]
        tries = self.free
        while (delay := self.delay_after(tries)) < self.longest_delay:
            steps.append((tries, delay))
            tries += 1
        return steps

    def cut(self, next_allowed_at: int, now: int) -> int:
        """A wait longer than the longest delay can only come from a clock that was set back."""
        return min(next_allowed_at, now + self.longest_delay)


PASSWORD: Final = Policy(free=5, first_delay=30 * SECOND, longest_delay=15 * MINUTE, alarm_at=100)
STRANGERS: Final = Policy(free=5, first_delay=30 * SECOND, longest_delay=15 * MINUTE, alarm_at=100, forgotten_after=FORGOTTEN_AFTER)
SECOND_FACTOR: Final = Policy(free=5, first_delay=30 * SECOND, longest_delay=1 * HOUR, suspend_at=50, alarm_at=20)
CODE_CHECK: Final = Policy(free=5, first_delay=30 * SECOND, longest_delay=15 * MINUTE)
ADDRESS: Final = Policy(free=30, first_delay=1 * MINUTE, longest_delay=1 * MINUTE, window=1 * MINUTE)
LINK: Final = Policy(free=10, first_delay=1 * HOUR, longest_delay=1 * HOUR, window=1 * HOUR)
NEW_PASSWORD: Final = Policy(free=10, first_delay=1 * HOUR, longest_delay=1 * HOUR, window=1 * HOUR)
PASSWORD_REQUEST: Final = Policy(free=10, first_delay=1 * HOUR, longest_delay=1 * HOUR, window=1 * HOUR)
EMAIL_LINK: Final = Policy(free=5, first_delay=1 * HOUR, longest_delay=1 * HOUR, window=1 * HOUR)
EXPORT: Final = Policy(free=10, first_delay=1 * HOUR, longest_delay=1 * HOUR, window=1 * HOUR)
INVITATION: Final = Policy(free=30, first_delay=1 * HOUR, longest_delay=1 * HOUR, window=1 * HOUR)
RESET_REQUEST: Final = Policy(free=3, first_delay=24 * HOUR, longest_delay=24 * HOUR, window=24 * HOUR)


KNOWN_BROWSER: Final = "known_browser"
STRANGER: Final = "stranger"
NETWORK: Final = "network"
LINK_FORMS: Final = "link"
NEW_PASSWORDS: Final = "new_password"
PASSWORD_REQUESTS: Final = "password_request"
EMAIL_LINKS: Final = "email_link"
EXPORTS: Final = "export"
INVITATIONS: Final = "invitation"
RESET_REQUESTS: Final = "reset_request"
NAMES: Final = (
    KNOWN_BROWSER,
    STRANGER,
    NETWORK,
    LINK_FORMS,
    NEW_PASSWORDS,
    PASSWORD_REQUESTS,
    EMAIL_LINKS,
    EXPORTS,
    INVITATIONS,
    RESET_REQUESTS,
)
"""What counts are kept of, besides the factors, which name theirs themselves."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """One count of tries: what it is a count of, and of which subject.

    account_id: the account that is to be told of waits that strangers cause, if there is one.
    """

    name: str
    subject: str
    policy: Policy
    account_id: str | None = None

    @property
    def key(self) -> str:
        """What the row of this count is found by."""
        return f"{self.name}:{self.subject}"


@dataclass(frozen=True, slots=True)
class Charge:
    """A try that was allowed and counted. It may be given back once it is proven to be no guess."""

    bucket: Bucket
    tries: int
    next_allowed_at: int
    charged_at: int
    charged_before: int
    """When the try before this one was charged; 0 if there was none."""

    @property
    def follows_waits(self) -> bool:
        """Whether an earlier try of the same count had made this one wait."""
        return self.tries > self.bucket.policy.free

    @property
    def alarms(self) -> bool:
        """Whether the tries in a row look like somebody else's: at each alarm_at of them, not at all that follow.

        What the first alarm led to may be done by then, and one slip more of its person is no reason to do it again.
        """
        alarm_at = self.bucket.policy.alarm_at
        return alarm_at is not None and self.tries % alarm_at == 0

    @property
    def suspends(self) -> bool:
        """Whether this was the last try there is."""
        return self.bucket.policy.suspend_at == self.tries


@dataclass(frozen=True, slots=True)
class Refusal:
    """A try that was not allowed, and counted nowhere. next_allowed_at is None when waiting does not help."""

    bucket: Bucket
    next_allowed_at: int | None


@dataclass(frozen=True, slots=True)
class DelayReport:
    """What strangers did to a bucket since it was last reported: how many waits, the first and the last."""

    delays: int
    first_at: int
    last_at: int
    alarm: bool


def known_browser(browser_id: str, account_id: str | None = None) -> Bucket:
    """The password bucket of a browser in which this account has signed in before."""
    return Bucket(KNOWN_BROWSER, browser_id, PASSWORD, account_id)


def stranger(email_digest: str, account_id: str | None = None) -> Bucket:
    """The password bucket that all other browsers share for one address, which may have no account."""
    return Bucket(STRANGER, email_digest, STRANGERS, account_id)


def is_strangers(key: str) -> bool:
    """Whether a key is that of a bucket that strangers share.

    No sign-in clears such a bucket: for an address without an account none could, and the difference would show which addresses
    have one.
    """
    return key.startswith(f"{STRANGER}:")


def is_known_browsers(key: str) -> bool:
    """Whether a key is that of a browser known for an account."""
    return key.startswith(f"{KNOWN_BROWSER}:")


def network(address_digest: str) -> Bucket:
    """The bucket of one client network."""
    return Bucket(NETWORK, address_digest, ADDRESS)


def second_factor(name: str, account_id: str) -> Bucket:
    """The bucket for proofs of one kind of factor at an account's sign-in."""
    return Bucket(name, account_id, SECOND_FACTOR)


def link_forms(token_digest: str) -> Bucket:
    """The bucket for the forms of one link. It bounds what they cost, not guesses: a sender has the link already."""
    return Bucket(LINK_FORMS, token_digest, LINK)


def password_requests(address_digest: str) -> Bucket:
    """The bucket for requests of one client network for a link for a new password, to whichever address."""
    return Bucket(PASSWORD_REQUESTS, address_digest, PASSWORD_REQUEST)


def new_passwords(holder_id: str) -> Bucket:
    """The bucket for new passwords that are judged in one session, or at one sign-in: what they cost, and what the answers tell."""
    return Bucket(NEW_PASSWORDS, holder_id, NEW_PASSWORD)


def email_links(account_id: str) -> Bucket:
    """The bucket for links that one account has mailed to addresses: whatever a session does, strangers are not flooded by it."""
    return Bucket(EMAIL_LINKS, account_id, EMAIL_LINK)


def exports(account_id: str) -> Bucket:
    """The bucket for downloads of all that is kept about one account: each reads its whole history."""
    return Bucket(EXPORTS, account_id, EXPORT)


def invitations(account_id: str) -> Bucket:
    """The bucket for invitations that one member gives out: whatever a session does, strangers are not flooded by their mails."""
    return Bucket(INVITATIONS, account_id, INVITATION)


def reset_requests(account_id: str) -> Bucket:
    """The bucket for resets that are asked for one member, whoever asks: whom many mails tell of them stops the real one no more."""
    return Bucket(RESET_REQUESTS, account_id, RESET_REQUEST)
