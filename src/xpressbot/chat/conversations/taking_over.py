"""Who has a conversation: a person takes it over, hands it back to the bot, or closes it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from xpressbot.chat.actor import Actor
from xpressbot.chat.conversations.conversation import Conversation
from xpressbot.chat.conversations.store import Lane, lock_conversation, save_contact, save_conversation
from xpressbot.chat.scripts.state import read_state
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions


class ConversationRefusal(StrEnum):
    """Why nothing became of a conversation."""

    NO_SUCH_CONVERSATION = "no_such_conversation"
    CONVERSATION_CLOSED = "conversation_closed"
    CONVERSATION_TAKEN = "conversation_taken"
    """Another member of the team took it over, or wrote, after the page was shown."""
    NO_BOT = "no_bot"
    """There is no published bot that it could be handed back to."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page showed whose form was sent. owner_id: who had the conversation; None for nobody. seq: the newest message."""

    owner_id: str | None
    seq: int


def is_taken(conversation: Conversation, actor: Actor, shown: Shown) -> bool:
    """Whether another person has it than the page showed. Whom it did show, one may take it over from."""
    owner = conversation.owner
    return owner is not None and owner.id not in {actor.id, shown.owner_id}


class TakingOver:
    """Takes conversations over, hands them back and closes them, each in one transaction under the lock of the contact."""

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system

    def take_over(self, actor: Actor, conversation_id: str, shown: Shown) -> Conversation | ConversationRefusal:
        """From the commit on the bot is silent. Of two people who take over at once the second is refused, and told."""
        return self._change(actor, conversation_id, shown, lambda _, conversation: conversation.taken_over(actor))

    def hand_back(self, actor: Actor, conversation_id: str, shown: Shown) -> Conversation | ConversationRefusal:
        """The bot answers from the next message on, which is matched anew. What it remembers of the person stays."""
        return self._change(actor, conversation_id, shown, _handed_back)

    def close(self, actor: Actor, conversation_id: str, shown: Shown) -> Conversation | ConversationRefusal:
        """Close it; the next message of the person opens another."""
        return self._change(actor, conversation_id, shown, lambda _, conversation: conversation.closed(self._system.now()))

    def _change(
        self,
        actor: Actor,
        conversation_id: str,
        shown: Shown,
        change: Callable[[Lane, Conversation], Conversation | ConversationRefusal],
    ) -> Conversation | ConversationRefusal:
        with self._transactions.writing() as tx:
            found = lock_conversation(tx, conversation_id)
            if found is None:
                return ConversationRefusal.NO_SUCH_CONVERSATION
            lane, conversation = found
            if not conversation.is_open:
                return ConversationRefusal.CONVERSATION_CLOSED
            if is_taken(conversation, actor, shown):
                return ConversationRefusal.CONVERSATION_TAKEN
            changed = change(lane, conversation)
            if isinstance(changed, Conversation):
                save_conversation(tx, changed)
                save_contact(tx, lane, lane.contact.last_seq, self._system.now())
                tx.commit()
            return changed


def _handed_back(lane: Lane, conversation: Conversation) -> Conversation | ConversationRefusal:
    """To the bot that it had; if it had none, or the channel has another by now, to the channel's."""
    if lane.bot is None:
        return ConversationRefusal.NO_BOT
    had = conversation.version if conversation.bot_id == lane.bot.id else None
    version = lane.bot.version if had is None else had
    return conversation.handed_back(lane.bot.id, version, read_state(conversation.script_state, version).handed_back().written())
