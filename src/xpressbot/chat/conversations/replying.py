"""A person's answer. It takes the conversation over: from its commit on the bot is silent."""

import hashlib

from xpressbot.chat.actor import Actor
from xpressbot.chat.conversations.conversation import Author, Conversation, NewMessage
from xpressbot.chat.conversations.store import (
    add_messages,
    has_message_of,
    lock_conversation,
    other_person_wrote,
    save_contact,
    save_conversation,
)
from xpressbot.chat.conversations.taking_over import ConversationRefusal, Shown, is_taken
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions


class Replying:
    """Stores what members of the team answer."""

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system

    def reply(self, actor: Actor, conversation_id: str, text: str, form_id: str, shown: Shown) -> Conversation | ConversationRefusal:
        """Add an answer to a conversation, once for each form and text: the same form sent twice is one message.

        form_id: an identifier that the page drew for its form. Refused where another member has taken over, or has written, since the
        page was shown; nothing is stored then.
        """
        client_id = hashlib.sha256(f"{form_id}\n{text}".encode()).hexdigest()
        with self._transactions.writing() as tx:
            found = lock_conversation(tx, conversation_id)
            if found is None:
                return ConversationRefusal.NO_SUCH_CONVERSATION
            lane, conversation = found
            if has_message_of(tx, conversation.contact_id, client_id):
                return conversation
            if not conversation.is_open:
                return ConversationRefusal.CONVERSATION_CLOSED
            if is_taken(conversation, actor, shown) or other_person_wrote(tx, conversation.contact_id, shown.seq, actor):
                return ConversationRefusal.CONVERSATION_TAKEN
            now = self._system.now()
            answered = conversation.answered_by(actor, now)
            message = NewMessage(Author.PERSON, text, now, by=actor, client_id=client_id)
            last_seq = add_messages(tx, lane, conversation.id, [message])
            save_conversation(tx, answered)
            save_contact(tx, lane, last_seq, now)
            tx.commit()
            return answered
