"""What stands where in a script: topics and questions by their ids, and what follows a step."""

from xpressbot.chat.scripts.script import Ask, Choices, On, Question, Script, Step, Topic, blocks, steps_of


def topic_by_id(script: Script, topic_id: str) -> Topic | None:
    """The topic of this id, if the script has it."""
    return next((topic for topic in script.topics if topic.id == topic_id), None)


def topic_on(script: Script, on: On) -> Topic | None:
    """The topic that starts on something that is no phrase, if the script has one."""
    return next((topic for topic in script.topics if topic.starts.on is on), None)


def question_by_id(script: Script, topic_id: str, step_id: str) -> tuple[Topic, Question] | None:
    """The question of this id with its topic, if there is still such a question in this topic."""
    topic = topic_by_id(script, topic_id)
    steps = steps_of(topic) if topic is not None else ()
    return next(((topic, step) for step in steps if topic and step.id == step_id and isinstance(step, Ask | Choices)), None)


def steps_after(steps: tuple[Step, ...], step_id: str) -> tuple[Step, ...] | None:
    """What is run after a step: the rest of its row, then of each row around it; None if the step is not among these."""
    for i, step in enumerate(steps):
        rest = (
            () if step.id == step_id else next((found for _, row in blocks(step) if (found := steps_after(row, step_id)) is not None), None)
        )
        if rest is not None:
            return (*rest, *steps[i + 1 :])
    return None
