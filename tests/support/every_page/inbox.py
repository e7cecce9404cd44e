"""The inbox: its lists, conversations in each state, and what is done to people."""

from tests.support import people
from tests.support.actors import BO
from tests.support.browser import Browser
from tests.support.customers import UNKNOWN
from tests.support.every_page.walk import Walk
from tests.support.stored_chats import conversation, published_bot, web_channel
from xpressbot.chat.conversations.conversation import Author, Conversation, ConversationState
from xpressbot.identity.accounts.rules.roles import Role

FORM = "00000000-0000-4000-8000-000000000000"
MESSAGES = ((Author.CUSTOMER, "Hello"), (Author.BOT, "Good day"), (Author.PERSON, "Bo here"))


def every_conversation(walk: Walk) -> None:
    """Empty lists and full ones; a conversation that waits, one of one's own, of the bot, of a colleague, a closed one."""
    services = walk.installation.services
    inga = walk.holding(people.protected(services, "inga@example.com", role=Role.OWNER).caller)
    agent = walk.holding(people.signed_in(services, "nora@example.com"))
    lists = [f"/inbox?show={name}" for name in ("waiting", "person", "bot", "closed", "all")]
    walk.get(agent, "/inbox", "/inbox?show=x&at=x&after=x", *lists)
    channel = web_channel(services, "[Counter]", published_bot(services))
    waiting = conversation(services, channel, MESSAGES[:2])
    states = [
        conversation(services, channel, MESSAGES, state=state, owner=owner)
        for state, owner in (
            (ConversationState.BOT, None),
            (ConversationState.PERSON, BO),
            (ConversationState.CLOSED, None),
        )
    ]
    long = conversation(services, channel, [(Author.CUSTOMER, "x" * 200)] * 120, name="[Ana]")
    for _more in range(60):
        conversation(services, channel)
    walk.get(agent, *lists, f"/inbox?show=all&at=1&after={waiting.id}")
    walk.get(agent, *(f"/inbox/{one.id}" for one in (waiting, *states, long)), f"/inbox/{long.id}?before=60", f"/inbox/{'f' * 32}")
    _answering(walk, agent, waiting, states)
    _people(walk, inga, agent, long.contact_id, states[0].contact_id)


def _answering(walk: Walk, agent: Browser, waiting: Conversation, states: list[Conversation]) -> None:
    """Refused texts, an answer, and what comes too late."""
    path = f"/inbox/{waiting.id}"
    for text in ("", "x" * 5000):
        walk.post(agent, f"{path}/reply", form=FORM, text=text, seen="2")
    walk.post(agent, f"{path}/reply", form="x", text="Hello")
    walk.post(agent, f"{path}/reply", form=FORM, text="Too early", seen="0")
    walk.post(agent, f"{path}/take-over", seen="2")
    walk.post(agent, f"{path}/reply", form=FORM, text="Hello", seen="2")
    for one in states:
        walk.post(agent, f"/inbox/{one.id}/reply", form=FORM, text="Too late", seen="3")
        walk.post(agent, f"/inbox/{one.id}/take-over", seen="3")
    for edit in ("hand-back", "hand-back", "close", "close"):
        walk.post(agent, f"{path}/{edit}", seen="9", owner="")
        walk.post(agent, f"{path}/{edit}", seen="9", owner=_owner(walk, agent, path))


def _owner(walk: Walk, agent: Browser, path: str) -> str:
    """Who has the conversation, as its page says."""
    page = agent.get(path).text
    return page.partition('name="owner" value="')[2].partition('"')[0]


def _people(walk: Walk, owner: Browser, agent: Browser, contact: str, other: str) -> None:
    """Blocking by an agent; erasing by an owner, who is asked for a proof when the last is old."""
    path = f"/inbox/people/{contact}"
    walk.get(agent, f"{path}/block", f"{path}/erase", f"/inbox/people/{UNKNOWN[-32:]}/block")
    for edit in ("block", "block", "unblock", "unblock", "block"):
        walk.post(agent, f"{path}/{edit}")
    walk.get(agent, "/inbox?show=closed")
    walk.get(owner, f"{path}/erase")
    walk.post(owner, f"{path}/erase")
    walk.post(owner, f"{path}/erase")
    walk.post(agent, f"{path}/unblock")
    walk.get(owner, "/inbox?show=closed", f"{path}/block", f"{path}/erase", "/bots/record")
    walk.installation.clock.advance(minutes=6)
    walk.get(owner, f"/inbox/people/{other}/erase")
