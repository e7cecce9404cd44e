"""The script editor: topics, steps and trying them out."""

from tests.support import people
from tests.support.actors import ANNA
from tests.support.bots import make_bot
from tests.support.every_page.walk import Walk
from tests.support.restaurant import a_script, form_of
from xpressbot.chat.editing.edits import RemoveTopic
from xpressbot.chat.editing.merging import typed_parts
from xpressbot.identity.accounts.rules.roles import Role


def every_step(walk: Walk) -> None:
    """The script editor: each kind of step, each thing that can be wrong with one, what others changed, and trying it out."""
    services = walk.installation.services
    owner = walk.holding(people.signed_in(services, "edda@example.com", role=Role.OWNER))
    bot = make_bot(walk.installation.services, a_script())
    home, path = f"/bots/{bot.id}", f"/bots/{bot.id}/topics/hours"
    walk.get(owner, home, path, f"{path}?moving=s1", f"{path}?turn=hours", f"/bots/{bot.id}/topics/nowhere")
    parts = form_of(a_script(), "hours")
    for kind in ("say", "ask", "choices", "if", "go_to", "hand_over", "end"):
        walk.post(owner, path, **parts, do=f"add:{kind}:topic:hours")
    for do in ("remove:s6", "up:s2", "up:nothing", "move:s3", "undo:1", "theirs:step:s1"):
        walk.post(owner, path, **parts, do=do, to="option:o1")
    for turn in ("opening hours", "nothing of it", "8", "Inside", "a person?"):
        walk.post(owner, path, **parts, do="try", write=turn, **{"turn.0": "opening hours", "turn.1": "8"})
    walk.post(owner, path, **parts, do="try", write="x" * 501)
    walk.post(owner, path, **parts, do="keep", check="")
    walk.post(owner, path, **parts, do="keep", check="Hours", **{"turn.0": "opening hours"})
    for wrong in ({"step.s2.into": "2!"}, {"step.s1.text": "Mine"}, {"topic.hours.on": "nothing_matched"}, {"step.o1.label": "y" * 90}):
        services.chat.editing.edit(ANNA, bot.id, typed_parts({**parts, "step.s1.text": "Theirs"}), None)
        walk.post(owner, path, **{**parts, **wrong})
    for fields in (
        {"do": "add", "name": ""},
        {"do": "add", "name": "Parking"},
        {"do": "down:hours"},
        {"do": "remove:bye"},
        {"do": "undo:1"},
    ):
        walk.post(owner, f"{home}/topics", **fields)
    walk.get(owner, home)
    services.chat.editing.edit(ANNA, bot.id, (), RemoveTopic("hours"))
    walk.post(owner, path, **{**parts, "step.s1.text": "Lost?"})
    services.chat.bots.archive(ANNA, bot.id)
    walk.post(owner, f"/bots/{bot.id}/topics/rest", **form_of(a_script(), "rest"))
    walk.get(owner, home)
