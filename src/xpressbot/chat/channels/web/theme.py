"""The colours that a chat page makes of one accent colour, each with enough contrast, in light and dark. Pure (WCAG 2.2, 1.4.3)."""

from dataclasses import dataclass
from typing import Final, Self

CONTRAST: Final = 4.5
"""Between a text and what it stands on."""
LIGHT_GROUND: Final = "#eef1f4"
DARK_GROUND: Final = "#262d35"
"""What the messages of others stand on. The page itself is lighter, or darker: what can be read on these, can be read there."""
_WHITE, _BLACK = "#ffffff", "#000000"
_STEPS: Final = 255


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as #rrggbb.

    accent: what the visitor's own messages and the button stand on. on_accent: their text, white or black. light_ink, dark_ink: the
    accent as a colour of text and lines on the light and on the dark page, darkened or lightened until it can be read.
    """

    accent: str
    on_accent: str
    light_ink: str
    dark_ink: str

    @classmethod
    def of(cls, accent: str) -> Self:
        """The colours of an accent, #rrggbb. Every one has a text: at least one of white and black has 4.5 (their product is 21)."""
        on_accent = max(_WHITE, _BLACK, key=lambda ink: contrast(ink, accent))
        return cls(accent, on_accent, _readable(accent, LIGHT_GROUND, towards=_BLACK), _readable(accent, DARK_GROUND, towards=_WHITE))

    def css(self) -> str:
        """A style sheet that sets them."""
        return (
            f":root {{ --accent: {self.accent}; --on-accent: {self.on_accent}; --accent-ink: {self.light_ink}; }}\n"
            f"@media (prefers-color-scheme: dark) {{ :root {{ --accent-ink: {self.dark_ink}; }} }}\n"
        )


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _readable(accent: str, ground: str, *, towards: str) -> str:
    """The accent, mixed with as little of another colour as its contrast needs."""
    mixed = (_mixed(accent, towards, step) for step in range(_STEPS + 1))
    return next(mix for mix in mixed if contrast(mix, ground) >= CONTRAST)


def _mixed(one: str, other: str, step: int) -> str:
    return f"#{bytes(a + (b - a) * step // _STEPS for a, b in zip(_rgb(one), _rgb(other), strict=True)).hex()}"


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _rgb(colour: str) -> bytes:
    """Red, green and blue of #rrggbb."""
    return bytes.fromhex(colour.removeprefix("#"))
