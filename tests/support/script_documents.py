"""Scripts as files hold them."""

from typing import Any

Document = dict[str, Any]
"""An object of JSON."""


def document() -> Document:
    """A script with a step of each kind and with each key that may be left out."""
    return {
        "format": "xpressbot-script/1",
        "name": "Shop",
        "language": "en-GB",
        "nobody_after_minutes": 7,
        "topics": [
            {
                "id": "t1",
                "name": "Hours",
                "starts": {"on": "phrases", "phrases": ["opening hours"]},
                "steps": [
                    {"id": "s1", "kind": "say", "text": "Hello"},
                    {"id": "s2", "kind": "ask", "text": "How many?", "into": "count", "answer": "number", "again": "A number"},
                    {
                        "id": "s3",
                        "kind": "choices",
                        "text": "Which?",
                        "into": "which",
                        "again": "One of these",
                        "options": [{"id": "o1", "label": "Red", "steps": [{"id": "s4", "kind": "go_to", "topic": "t2"}]}],
                    },
                    {
                        "id": "s5",
                        "kind": "if",
                        "field": "count",
                        "is": "greater",
                        "value": "3",
                        "then": [{"id": "s6", "kind": "hand_over", "text": "Wait", "note": "Many"}],
                        "else": [{"id": "s7", "kind": "end", "text": "Bye"}],
                    },
                ],
            },
            {"id": "t2", "name": "Else", "starts": {"on": "nothing_matched"}, "steps": []},
        ],
        "checks": [{"name": "Hours", "turns": [{"write": "opening hours", "said": ["Hello", "How many?"]}]}],
    }
