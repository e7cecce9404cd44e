"""Members of a team as chat is told them, who need no account."""

from xpressbot.chat.actor import Actor

ANNA, BO = Actor("a" * 32, "Anna Berg"), Actor("b" * 32, "Bo Lund")
