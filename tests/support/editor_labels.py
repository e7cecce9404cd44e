"""What the pages of the script editor say, for tests that read them in a browser."""

ADD_THE_OPTION = "Add the option"
ASK = "Ask"
IF = "If"
KEEP_AS_A_CHECK = "Keep as a check"
KEEP_THE_CHECK = "Keep the check"
MOVE_THE_STEP = "Move the step"
MOVE_TO_END_OF = "Move it to the end of"
NAME_OF_THE_CHECK = "Name of the check"
NEW_TOPIC = "New topic"
NOT_EVERYTHING_SAVED = "Not everything could be saved"
OFFER_CHOICES = "Offer choices"
ONE_MORE_OPTION = "One more option"
QUESTION = "Question"
SAVE = "Save"
SAY = "Say"
SEND = "Send"
SOMEBODY_ELSE_HAS_WRITTEN = "Somebody else has written this meanwhile:"
UNDO = "Undo"
WHAT_THE_BOT_SAYS = "What the bot says"
WRITE_AS_A_CUSTOMER = "Write as a customer"


def kept_as(name: str) -> str:
    """After a dialogue was kept."""
    return f"Kept as “{name}”."


def move_elsewhere(step: str) -> str:
    """The button that asks where to."""
    return f"Move elsewhere: {step}"


def move_up(step: str) -> str:
    """The button that changes places with the step above."""
    return f"Move up: {step}"


def remove(step: str) -> str:
    """The button that removes a step."""
    return f"Remove: {step}"


def removed(step: str) -> str:
    """What was done last."""
    return f"Removed: {step}"


def topic(name: str) -> str:
    """A topic as the place where a step can be moved to."""
    return f"Topic “{name}”"


def when_chosen(label: str) -> str:
    """The legend of an option's steps."""
    return f"When “{label}” is chosen"
