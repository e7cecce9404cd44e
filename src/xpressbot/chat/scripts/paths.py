"""Which ways lead through a script: steps that are never run, topics that nothing leads to, and jumps that go round without a question."""

from collections.abc import Iterator, Mapping

from xpressbot.chat.scripts.script import Ask, Choices, End, GoTo, HandOver, If, On, Place, Script, Step, Topic, blocks, steps_of


def first_step_never_run(steps: tuple[Step, ...]) -> int | None:
    """Where a row goes on behind a step that every way leaves the row at; None if it does not."""
    behind = next((i + 1 for i, step in enumerate(steps) if _leaves(step)), len(steps))
    return behind if behind < len(steps) else None


def topics_led_to(script: Script) -> frozenset[str]:
    """The ids of the topics that a conversation can come to.

    Those that start on something other than a jump, and those that these jump to. What runs when nobody is there needs a
    HandOver in one of them.
    """
    by_id = {topic.id: topic for topic in script.topics}
    met: set[str] = set()
    waiting = [topic.id for topic in script.topics if topic.starts.on not in {On.GO_TO, On.NOBODY_THERE}]
    nobody_there = [topic.id for topic in script.topics if topic.starts.on is On.NOBODY_THERE]
    while waiting:
        topic_id = waiting.pop()
        if topic_id in met or topic_id not in by_id:
            continue
        met.add(topic_id)
        steps = tuple(steps_of(by_id[topic_id]))
        waiting += [step.topic for step in steps if isinstance(step, GoTo)]
        if any(isinstance(step, HandOver) for step in steps):
            waiting += nobody_there
    return frozenset(met)


def endless_jumps(script: Script) -> frozenset[str]:
    """The ids of the GoTo steps that a conversation can come back to without being asked anything in between."""
    jumps = {topic.id: tuple(_jumps_without_question(topic.steps)) for topic in script.topics}
    reached = {topic.id: _reached(jumps, topic.id) for topic in script.topics}
    return frozenset(jump.id for topic, found in jumps.items() for jump in found if topic in reached.get(jump.topic, ()))


def placed_rows(topic: Topic, place: Place) -> Iterator[tuple[Place, tuple[Step, ...]]]:
    """All rows of steps of a topic, its own first, each with its place."""
    waiting = [(place.within("steps"), topic.steps)]
    while waiting:
        here, row = waiting.pop()
        yield here, row
        waiting += [(here.within(i, *inner.path), block) for i, step in enumerate(row) for inner, block in blocks(step)]


def _leaves(step: Step) -> bool:
    """Whether no way leads to what follows a step."""
    match step:
        case GoTo() | HandOver() | End():
            return True
        case If() | Choices():
            rows = blocks(step)
            return bool(rows) and all(any(map(_leaves, row)) for _, row in rows)
        case _:
            return False


def _jumps_without_question(steps: tuple[Step, ...]) -> Iterator[GoTo]:
    """The jumps that a row can come to before it asks anything."""
    for step in steps:
        match step:
            case GoTo():
                yield step
            case If():
                yield from _jumps_without_question(step.then)
                yield from _jumps_without_question(step.otherwise)
            case _:
                pass
        if _asks_or_leaves(step):
            return


def _asks_or_leaves(step: Step) -> bool:
    if isinstance(step, If):
        return all(any(map(_asks_or_leaves, row)) for _, row in blocks(step))
    return isinstance(step, Ask | Choices | GoTo | HandOver | End)


def _reached(jumps: Mapping[str, tuple[GoTo, ...]], topic: str) -> frozenset[str]:
    met: set[str] = set()
    waiting = [topic]
    while waiting:
        here = waiting.pop()
        if here not in met:
            met.add(here)
            waiting += [jump.topic for jump in jumps.get(here, ())]
    return frozenset(met)
