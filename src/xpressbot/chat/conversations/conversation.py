"""A conversation as a value, and what becomes of it: who answers, who waits and since when. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from xpressbot.chat.actor import Actor
from xpressbot.chat.scripts.events import OfferedOption


class ConversationState(StrEnum):
    """Who answers the next message."""

    BOT = "bot"
    WAITING = "waiting"
    """A person is to answer, and nobody has taken it over. The bot is silent."""
    PERSON = "person"
    CLOSED = "closed"


class Author(StrEnum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    BOT = "bot"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message that has no number yet. by: the member of the team who wrote it. client_id: of the form that it was sent with.

    missed_by: the bot in whose script nothing matched it.
    """

    author: Author
    text: str
    at: int
    options: Sequence[OfferedOption] = ()
    by: Actor | None = None
    client_id: str | None = None
    missed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation with one contact. Of a contact at most one is not closed. Times are microseconds since 1970 UTC.

    owner: who has taken it over. waiting_since: since when a message of the customer has no answer, or a person is asked for; None
    while nobody waits. bot_id, version: the script it runs; None where there was no bot. script_state: as State.written
    gives it. note: what the script tells whoever takes over. stopped_step: before which the script was last stopped at a limit, for its
    author. due_at: when the script is run on NobodyThere, unless a person answers.
    """

    id: str
    contact_id: str
    state: ConversationState
    opened_at: int
    last_event_at: int
    last_message_at: int
    owner: Actor | None = None
    waiting_since: int | None = None
    bot_id: str | None = None
    version: int | None = None
    script_state: str | None = None
    note: str | None = None
    stopped_step: str | None = None
    due_at: int | None = None
    closed_at: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether the next message belongs to it."""
        return self.state is not ConversationState.CLOSED

    def written_to(self, now: int) -> "Conversation":
        """After a message of the customer that nobody has answered yet."""
        return replace(self, last_event_at=now, last_message_at=now, waiting_since=self.waiting_since or now)

    def answered_by_bot(self, now: int) -> "Conversation":
        """After the bot's answer: nobody waits any more."""
        return replace(self, last_message_at=now, waiting_since=None)

    def handed_over(self, now: int, note: str | None = None, due_at: int | None = None) -> "Conversation":
        """A person is asked for."""
        return replace(self, state=ConversationState.WAITING, owner=None, note=note, due_at=due_at, waiting_since=self.waiting_since or now)

    def taken_over(self, actor: Actor) -> "Conversation":
        """A person has it, and the bot is silent. Who waits goes on waiting until there is an answer."""
        return replace(self, state=ConversationState.PERSON, owner=actor, due_at=None)

    def answered_by(self, actor: Actor, now: int) -> "Conversation":
        """After a person's answer, which takes the conversation over where nobody or another person had it."""
        return replace(self.taken_over(actor), last_message_at=now, waiting_since=None)

    def handed_back(self, bot_id: str, version: int, script_state: str) -> "Conversation":
        """The bot answers again, from the next message on.

        script_state: where the script begins then. What was written meanwhile is not answered by it.
        """
        return replace(
            self,
            state=ConversationState.BOT,
            bot_id=bot_id,
            version=version,
            owner=None,
            note=None,
            due_at=None,
            waiting_since=None,
            script_state=script_state,
        )

    def closed(self, now: int) -> "Conversation":
        """Nothing more belongs to it."""
        return replace(self, state=ConversationState.CLOSED, waiting_since=None, due_at=None, closed_at=now)
