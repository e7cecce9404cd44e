"""One event on one conversation, and what changes by it. Pure: which script is run is decided here, and read by the caller."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from xpressbot.chat.conversations.conversation import Author, Conversation, ConversationState, NewMessage
from xpressbot.chat.conversations.events import NobodyCame, ReadEvent, is_storable
from xpressbot.chat.scripts.engine import run
from xpressbot.chat.scripts.events import Ended, HandedOver, LimitReached, Message, NobodyThere, NothingMatched, Remembered, Run, Said
from xpressbot.chat.scripts.script import Script
from xpressbot.chat.scripts.state import State, read_state


@dataclass(frozen=True, slots=True)
class LiveBot:
    """The bot of a channel, and its published version. Conversations of a version below `restart_below` start over."""

    id: str
    version: int
    restart_below: int


@dataclass(frozen=True, slots=True)
class Talk:
    """What is known of a contact before an event. conversation: the open one, if there is one. fields: what scripts remember.

    The fields stand here alone: script_state is kept without them.
    """

    contact_id: str
    conversation: Conversation | None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """It is the bot's turn. state: where its script stands; its version is the script to run."""

    bot_id: str
    state: State


@dataclass(frozen=True, slots=True)
class Change:
    """What an event has changed. limit: where the script was stopped, for its author."""

    talk: Talk
    messages: tuple[NewMessage, ...] = ()
    limit: LimitReached | None = None


def turn_of(talk: Talk, event: ReadEvent, bot: LiveBot | None, now: int) -> Turn | None:
    """Whether the bot's script is run on an event, from which state; None if not.

    A conversation keeps its version, until its script is over, its version is below the bot's `restart_below`, or the channel has
    another bot. One that waits for a person, or that a person has, is not run on what the customer writes.
    """
    conversation = talk.conversation
    if bot is None:
        return None
    anew = Turn(bot.id, State(bot.version, fields=talk.fields))
    if conversation is None:
        return anew if isinstance(event, Message) else None
    is_kept = conversation.bot_id == bot.id and conversation.version is not None
    kept = replace(read_state(conversation.script_state, conversation.version or 0), fields=talk.fields)
    match event:
        case Message():
            if conversation.state is not ConversationState.BOT:
                return None
            starts_over = not is_kept or kept.version < bot.restart_below or kept.is_over(now)
            return anew if starts_over else Turn(bot.id, kept)
        case NobodyCame():
            is_waited_for = conversation.id == event.conversation_id and conversation.state is ConversationState.WAITING
            return Turn(bot.id, kept) if is_waited_for and is_kept else None
        case _:
            assert_never(event)


def after_event(talk: Talk, event: ReadEvent, now: int, turn: Turn | None, script: Script | None, new_id: str) -> Change:
    """What an event changes that was received at `now`.

    script: that of the turn. new_id: of the conversation that the event opens, if it opens one.
    Raises ValueError where the script says what no database keeps.
    """
    match event:
        case Message():
            change = _after_message(_opened(talk, now, new_id), talk, event, now, turn, script)
        case NobodyCame():
            change = _after_nobody_came(talk, now, turn, script)
        case _:
            assert_never(event)
    if not all(map(is_storable, _texts(change))):
        raise ValueError("a text that cannot be kept")
    return change


def after_failure(talk: Talk, event: ReadEvent | None, now: int, new_id: str) -> Change:
    """What is left of an event whose handling has failed: the message, if it could be read, and that a person is asked for."""
    conversation = _opened(talk, now, new_id)
    messages: tuple[NewMessage, ...] = ()
    if isinstance(event, Message):
        conversation, messages = conversation.written_to(now), (NewMessage(Author.CUSTOMER, event.text, now),)
    if conversation.state is not ConversationState.PERSON:
        conversation = conversation.handed_over(now, conversation.note, conversation.due_at)
    return Change(replace(talk, conversation=conversation), messages)


def _opened(talk: Talk, now: int, new_id: str) -> Conversation:
    return talk.conversation or Conversation(
        id=new_id, contact_id=talk.contact_id, state=ConversationState.BOT, opened_at=now, last_event_at=now, last_message_at=now
    )


def _after_message(conversation: Conversation, talk: Talk, event: Message, now: int, turn: Turn | None, script: Script | None) -> Change:
    written, message = conversation.written_to(now), NewMessage(Author.CUSTOMER, event.text, now)
    if turn is None or script is None:
        waits = written if written.state is not ConversationState.BOT else written.handed_over(now)
        return Change(replace(talk, conversation=waits), (message,))
    came = run(script, turn.state, event, now)
    missed_by = turn.bot_id if any(isinstance(effect, NothingMatched) for effect in came.effects) else None
    change = _carried_out(_on_script(written, turn, came), came, now)
    return replace(change, messages=(replace(message, missed_by=missed_by), *change.messages))


def _after_nobody_came(talk: Talk, now: int, turn: Turn | None, script: Script | None) -> Change:
    """The bot says that nobody is there. A person stays asked for, unless the script asks a question or ends the conversation."""
    conversation = talk.conversation
    if conversation is None or turn is None or script is None:
        return Change(talk)
    came = run(script, turn.state, NobodyThere(), now)
    if came.state.question is not None:
        return _carried_out(_on_script(replace(conversation, state=ConversationState.BOT), turn, came), came, now)
    change = _carried_out(_on_script(conversation, turn, came), came, now)
    after = change.talk.conversation
    if after is not None and after.state is ConversationState.WAITING:
        after = replace(after, note=after.note or conversation.note, waiting_since=conversation.waiting_since)
    return replace(change, talk=replace(change.talk, conversation=after))


def _on_script(conversation: Conversation, turn: Turn, came: Run) -> Conversation:
    state = replace(came.state, fields={}).written()
    return replace(conversation, bot_id=turn.bot_id, version=came.state.version, script_state=state)


def _carried_out(conversation: Conversation, came: Run, now: int) -> Change:
    messages: list[NewMessage] = []
    limit = None
    for effect in came.effects:
        match effect:
            case Said():
                messages.append(NewMessage(Author.BOT, effect.text, now, effect.options))
                conversation = conversation.answered_by_bot(now)
            case HandedOver():
                conversation = conversation.handed_over(now, effect.note, effect.due_at)
            case Ended():
                conversation = conversation.closed(now)
            case LimitReached():
                limit, conversation = effect, replace(conversation, stopped_step=effect.step)
            case Remembered() | NothingMatched():
                pass  # the state has the fields, and the message what it missed
            case _:
                assert_never(effect)
    return Change(Talk(conversation.contact_id, conversation, came.state.fields), tuple(messages), limit)


def _texts(change: Change) -> list[str]:
    conversation = change.talk.conversation
    said = [part for message in change.messages for part in (message.text, *(option.label for option in message.options))]
    return [*said, (conversation.note or "") if conversation else "", *change.talk.fields.values()]
