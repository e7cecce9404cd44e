"""Looks at a page as axe does, and with a ruler: in light and dark, at desktop and phone width."""

from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser.chromium import DESKTOP, PHONE

WIDTHS = {"desktop": DESKTOP["viewport"], "phone": PHONE["viewport"]}
EVERY_RULE = {"rules": {"target-size": {"enabled": True}}}
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
"""All that the colour scheme can change."""
SCHEMES: dict[Literal["light", "dark"], object] = {"light": EVERY_RULE, "dark": COLOURS}
FINDINGS = """async options => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"], ...options });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 200)).join(" | ")}`);
}"""
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"
SMALLEST_TARGET = 44
SMALL_TARGETS = """smallest => [...document.querySelectorAll("a[href], button, input, summary")]
  .filter((target) => target.checkVisibility() && !target.closest(".visually-hidden, .skip, .message .text"))
  .filter((target) => (target.closest("label") ?? target).getBoundingClientRect().height < smallest)
  .map((target) => target.outerHTML.slice(0, 200))
"""


def inspect(page: Page) -> list[str]:
    """What is wrong with the page as it stands."""
    title, findings = page.title(), []
    page.evaluate(AXE_SCRIPT)
    for width, size in WIDTHS.items():
        page.set_viewport_size(size)
        for scheme, rules in SCHEMES.items():
            page.emulate_media(color_scheme=scheme)
            findings += [f"{title}, {scheme}, {width}: {finding}" for finding in page.evaluate(FINDINGS, rules)]
        if page.evaluate(TOO_WIDE):
            findings.append(f"{title}, {width}: wider than the screen")
        findings += [f"{title}, {width}: small target {target}" for target in page.evaluate(SMALL_TARGETS, SMALLEST_TARGET)]
    page.set_viewport_size(WIDTHS["desktop"])
    return findings
