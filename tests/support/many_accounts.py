"""Rows of many accounts, so that query plans are those of a large database."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Table, insert

from tests.support.installation import Installation
from xpressbot.foundation.database.engine import METADATA
from xpressbot.foundation.database.expiry import ExpiringRows
from xpressbot.foundation.identifiers import identifier
from xpressbot.foundation.mail.outbox import OUTBOX, MailState, Priority
from xpressbot.foundation.times import HOUR, MINUTE, SECOND
from xpressbot.identity import tables
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.sessions.rules import session
from xpressbot.identity.sign_in.rules import pending as pending_sign_in
from xpressbot.identity.team.tables import INVITATION
from xpressbot.identity.use_cases import expiring_rows

Row = dict[str, Any]
EXPIRING: Final[Mapping[str, ExpiringRows]] = {rows.name: rows for rows in expiring_rows(Kinds((), ()))}
"""What all packages remove some time after it has ended, by its name."""


def add_accounts(installation: Installation, accounts: int, *, first: int = 0) -> None:
    """Write accounts, numbered from `first`, with 2 sessions each, a sign-in, a browser, an app, 10 codes, 10 events and counts."""
    rows_of = _Rows(installation)
    rows = [rows_of.person(first + number) for number in range(accounts)]
    with installation.services.database.write() as connection:
        for table in rows[0]:
            connection.execute(insert(METADATA.tables[table]), [row for person in rows for row in person[table]])
        connection.commit()


def add_expired_rows(installation: Installation, account_id: str, kinds: Iterable[str] = EXPIRING, *, rows: int = 1) -> None:
    """Write rows of each kind that have their day to this very microsecond."""
    rows_of, now = _Rows(installation), installation.clock.now()
    with installation.services.database.write() as connection:
        for kind in kinds:
            made = [rows_of.outdated(kind, account_id, now) for _row in range(rows)]
            connection.execute(insert(made[0][0]), [row for _table, row in made])
        connection.commit()


class _Rows:
    """Makes rows from the installation's time and chance."""

    def __init__(self, installation: Installation) -> None:
        self._now = installation.clock.now()
        self._random = installation.entropy.token_bytes

    def person(self, number: int) -> dict[str, Sequence[Row]]:
        age = number * 40 * SECOND
        account_id, set_id = self._id(age), self._id(age)
        app = self.authenticator(account_id, state="active", begun_in=None)
        email = f"person{number}@example.com"
        return {
            "account": [
                {
                    "id": account_id,
                    "email": email,
                    "email_key": email,
                    "name": f"Person {number}",
                    "status": "active",
                    "security_version": 1,
                    "password_hash": "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                    "created_at": self._now - age,
                    "role": "agent",
                    "role_since": self._now - age,
                    "protected_since": self._now - age,
                    "email_confirmed_at": self._now - age,
                }
            ],
            "session": [self.session(account_id, self._now - age) for _session in range(2)],
            "pending_sign_in": [self.pending(account_id, self._now - number * SECOND // 4)],
            "known_browser": [self.device(account_id, self._now - age)],
            "authenticator": [app],
            "totp_authenticator": [self.totp(app)],
            "recovery_code_set": [
                {"id": set_id, "account_id": account_id, "state": "in_force", "session_id": self._id(), "created_at": self._now}
            ],
            "recovery_code": [
                {"id": self._id(), "set_id": set_id, "position": position, "digest": self._random(32), "shown_copy": None}
                for position in range(10)
            ],
            "totp_refused_step": [{"authenticator_id": app["id"], "step": 1}],
            "reserved_address": [self.reserved_address(account_id, self._now + HOUR)],
            "link": [self.link(self._now + HOUR) | {"email": email, "email_key": email}],
            "invitation": [self.invitation(self._now + HOUR)],
            "chain_head": [{"subject": account_id, "seq": 10, "hash": self._random(32)}],
            "security_event": [
                {
                    "subject": account_id,
                    "seq": seq,
                    "kind": "sign_in.completed",
                    "at": self._now - age,
                    "details": "{}",
                    "salt": self._random(16),
                    "details_hash": self._random(32),
                    "hash": self._random(32),
                }
                for seq in range(1, 11)
            ],
            "notice": [
                {
                    "account_id": account_id,
                    "first_seq": seq,
                    "last_seq": seq,
                    "kind": "two_factor.enabled",
                    "count": 1,
                    "several_places": False,
                    "acknowledged_at": acknowledged_at,
                }
                for seq, acknowledged_at in ((1, self._now), (2, self._now), (3, None))
            ],
            "outbox": [self.mail(account_id, self._now - age, MailState.SENT if number % 10 else MailState.WAITING)],
            "throttle_bucket": [
                self.count(f"stranger:{self._random(32).hex()}", self._now - age),
                self.count(f"network:{self._random(32).hex()}", self._now - number * SECOND),
                self.count(f"totp:{account_id}", self._now - age),
            ],
        }

    def outdated(self, kind: str, account_id: str, now: int) -> tuple[Table, Row]:
        """A row that has had its day since `now`, and its table."""
        ended = EXPIRING[kind].ended_by(now)
        enrolment = self.authenticator(account_id, state="pending", begun_in=self._id())
        return {
            "sessions": (tables.SESSION, self.session(account_id, ended - session.ABSOLUTE_LIFETIME)),
            "pending_sign_ins": (tables.PENDING_SIGN_IN, self.pending(account_id, ended - pending_sign_in.LIFETIME)),
            "links": (tables.LINK, self.link(ended)),
            "enrolments": (tables.AUTHENTICATOR, enrolment | {"expires_at": ended}),
            "known_browsers": (tables.KNOWN_BROWSER, self.device(account_id, ended)),
            "network_counts": (tables.THROTTLE_BUCKET, self.count(f"network:{self._random(32).hex()}", ended)),
            "password_counts": (tables.THROTTLE_BUCKET, self.count(f"known_browser:{self._random(32).hex()}", ended)),
            "stranger_counts": (tables.THROTTLE_BUCKET, self.count(f"stranger:{self._random(32).hex()}", ended)),
            "link_counts": (tables.THROTTLE_BUCKET, self.count(f"link:{self._random(32).hex()}", ended)),
            "new_password_counts": (tables.THROTTLE_BUCKET, self.count(f"new_password:{self._id()}", ended)),
            "password_request_counts": (tables.THROTTLE_BUCKET, self.count(f"password_request:{self._random(32).hex()}", ended)),
            "email_link_counts": (tables.THROTTLE_BUCKET, self.count(f"email_link:{self._id()}", ended)),
            "invitation_counts": (tables.THROTTLE_BUCKET, self.count(f"invitation:{self._id()}", ended)),
            "reset_request_counts": (tables.THROTTLE_BUCKET, self.count(f"reset_request:{self._id()}", ended)),
            "invitations": (INVITATION, self.invitation(ended)),
            "export_counts": (tables.THROTTLE_BUCKET, self.count(f"export:{self._id()}", ended)),
            "reserved_addresses": (tables.RESERVED_ADDRESS, self.reserved_address(account_id, ended)),
            "step_up_counts": (tables.THROTTLE_BUCKET, self.count(f"step_up:{self._id()}", ended)),
            "sent_mails": (OUTBOX, self.mail(account_id, ended, MailState.SENT)),
            "low_priority_mails": (OUTBOX, self.mail(account_id, ended, MailState.SENT, Priority.LOW)),
            "dead_letters": (OUTBOX, self.mail(account_id, ended, MailState.DEAD)),
            "enrolment_counts": (tables.THROTTLE_BUCKET, self.count(f"enrolment:{self._id()}", ended)),
        }[kind]

    def invitation(self, until: int) -> Row:
        email = f"{self._random(8).hex()}@example.com"
        return {"id": self._id(), "email": email, "email_key": email, "role": "agent", "invited_at": self._now, "expires_at": until}

    def reserved_address(self, account_id: str, until: int) -> Row:
        email = f"{self._random(8).hex()}@example.com"
        return {"email_key": email, "account_id": account_id, "email": email, "reserved_until": until}

    def session(self, account_id: str, made_at: int) -> Row:
        return {
            "id": identifier(made_at, self._random(10)),
            "token_hash": self._random(32),
            "account_id": account_id,
            "security_version": 1,
            "amr": "otp pwd",
            "authenticated_at": made_at,
            "proven_at": made_at,
            "last_used_at": made_at,
            "expires_at": made_at + session.ABSOLUTE_LIFETIME,
            "recovery_grant_until": 0,
            "codes_visible_until": 0,
            "address": "192.0.2.7",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        }

    def pending(self, account_id: str, made_at: int) -> Row:
        return {
            "id": identifier(made_at, self._random(10)),
            "token_hash": self._random(32),
            "account_id": account_id,
            "security_version": 1,
            "amr": "pwd",
            "next_step": "second_factor",
            "next_path": "/",
            "password_bucket": f"stranger:{self._random(32).hex()}",
            "created_at": made_at,
            "expires_at": made_at + pending_sign_in.LIFETIME,
        }

    def device(self, account_id: str, signed_in_at: int) -> Row:
        return {
            "id": identifier(signed_in_at, self._random(10)),
            "token_hash": self._random(32),
            "previous_token_hash": self._random(32),
            "account_id": account_id,
            "last_sign_in_at": signed_in_at,
        }

    def authenticator(self, account_id: str, *, state: str, begun_in: str | None) -> Row:
        return {
            "id": self._id(),
            "account_id": account_id,
            "kind": "totp",
            "name": "",
            "state": state,
            "created_at": self._now,
            "begun_in": begun_in,
            "security_version": 1,
            "plan": "replace",
            "renews_backups": False,
            "expires_at": None,
        }

    def totp(self, authenticator: Row) -> Row:
        return {"id": authenticator["id"], "account_id": authenticator["account_id"], "secret": self._random(60), "last_step": 1}

    def link(self, expires_at: int) -> Row:
        return {
            "token_hash": self._random(32),
            "kind": LinkKind.INVITE.value,
            "created_at": expires_at - 24 * HOUR,
            "expires_at": expires_at,
        }

    def mail(self, account_id: str, ended_at: int, state: MailState, priority: Priority = Priority.URGENT) -> Row:
        return {
            "id": identifier(ended_at - MINUTE, self._random(10)),
            "kind": "notice",
            "priority": priority.value,
            "account_id": account_id,
            "parameters": '{"first_seq": 1}',
            "about": f"notice:{self._random(16).hex()}:1",
            "state": state.value,
            "wanted_at": ended_at,
            "due_at": ended_at,
            "tries": 1,
            "ended_at": None if state is MailState.WAITING else ended_at,
        }

    def count(self, key: str, tried_at: int) -> Row:
        return {
            "key": key,
            "tries": 1,
            "next_allowed_at": 0,
            "window_began_at": tried_at,
            "charged_at": tried_at,
            "reported_tries": 0,
        }

    def _id(self, age: int = MINUTE) -> str:
        return identifier(self._now - age, self._random(10))
