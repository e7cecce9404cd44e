"""Bots: making, publishing and importing them, and what they missed."""

from tests.support import people
from tests.support.bots import EMPTY, LOOP, UNKNOWN, UNREACHABLE, converse, hours_script, make_bot, publish, replace_draft
from tests.support.chats import Chats
from tests.support.every_page.walk import Walk
from xpressbot.chat.scripts.writing import written
from xpressbot.identity.accounts.rules.roles import Role


def every_state(walk: Walk) -> None:
    """Bots in every state: none, a draft with errors and warnings, published with changes and checks that differ, archived; and files."""
    services = walk.installation.services
    petra = walk.holding(people.protected(services, "petra@example.com", role=Role.OWNER).caller)
    walk.get(petra, "/bots", "/bots/archived", "/bots/new", "/bots/import")
    for script in ("blank", "questions", "order", "handover"):
        walk.post(petra, "/bots/new", form=UNKNOWN, name="", language="en", script=script)
    walk.post(petra, "/bots/new", form=UNKNOWN, name="Clinic", language=walk.texts.tag, script="blank")
    faulty = make_bot(services, hours_script(extra=[EMPTY, UNREACHABLE]), name="Faulty")
    bot = make_bot(services, hours_script(with_check=True))
    channel_id = publish(services, bot.id).channel_id
    assert channel_id is not None
    converse(services, bot.id, channel_id, "Do you sell tyres?", "your opening hours", "x" * 200)
    publish(services, replace_draft(services, bot.id, hours_script("From 8 to 6.", with_check=True)).id)
    replace_draft(services, bot.id, hours_script("From 7 to 7.", extra=[UNREACHABLE], with_check=True))
    pages = (
        "",
        "/settings",
        "/publish",
        "/versions",
        "/versions?before=2",
        "/roll-back?number=1",
        "/roll-back?number=2",
        "/checks",
        "/missed",
    )
    walk.get(petra, "/bots", f"/bots/import?bot={bot.id}", f"/bots/{bot.id}/export", *(f"/bots/{bot.id}{page}" for page in pages))
    walk.get(petra, *(f"/bots/{faulty.id}{page}" for page in ("", "/publish", "/versions", "/checks", "/missed")))
    looping = Chats(services, hours_script(extra=[LOOP]))
    looping.write("loop")
    walk.get(petra, f"/bots/{looping.bot_id}")
    path = f"/bots/{bot.id}"
    walk.post(petra, f"{path}/rename", name="")
    walk.post(petra, f"{path}/publish", revision="3", newest="2", running="restart")
    walk.post(petra, f"{path}/publish", revision="1", newest="2", running="restart")
    walk.post(petra, f"/bots/{faulty.id}/publish", revision="1", newest="0")
    walk.post(petra, f"{path}/roll-back", number="1", newest="1", running="finish")
    for phrase, topic in (("???", "hours"), ("tyres", "greeting"), ("tyres", "hours")):
        walk.post(petra, f"{path}/missed/phrase", phrase=phrase, topic=topic)
    walk.post(petra, "/bots/import")
    for content in (b"{}", b"[", written(hours_script()).encode()[:-2], written(hours_script()).replace("say", "call").encode()):
        walk.see("POST /bots/import", petra.upload("/bots/import", content, bot=bot.id), petra)
    walk.post(petra, f"{path}/checks/remove", name="Hours")
    walk.post(petra, f"{path}/archive")
    walk.get(petra, "/bots/archived", *(f"{path}{page}" for page in pages))
    walk.post(petra, f"{path}/rename", name="Other")
    walk.post(petra, f"{path}/restore")
