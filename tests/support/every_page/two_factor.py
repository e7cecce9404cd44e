"""Setting 2FA up, living with it, and turning it off."""

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.browser import Browser
from tests.support.every_page import team
from tests.support.every_page.walk import Walk, reasons, wrong_first_codes


def setting_up(walk: Walk, owner: Browser) -> tuple[AuthenticatorApp, list[str]]:
    """The set-up in a session; the phone and the codes."""
    walk.post(owner, "/account/2fa/start")
    wrong_first_codes(walk, owner)
    walk.get(owner, "/account")
    walk.post(owner, "/account/2fa/start-over")
    phone = owner.enable_2fa()
    walk.get(owner, "/account/2fa/recovery-codes")
    codes = owner.recovery_codes()
    walk.post(owner, "/account/2fa/recovery-codes/continue")
    return phone, codes


def protected(walk: Walk, owner: Browser, codes: list[str]) -> None:
    """What an account with 2FA shows."""
    walk.get(owner, "/account/history", "/account/history?group=x&from=2026-02-30&to=x&before=x", "/account/history?to=2020-01-01")
    walk.get(owner, "/account/history?from=2020-01-02&to=2020-01-01&group=account", "/account/history?before=1")
    walk.get(owner, "/", "/account", "/account/confirm-identity", "/account/2fa/move", "/account/2fa/disable")
    team.record(walk, owner)
    walk.get(owner, *reasons("/account/2fa/recovery-codes"))
    walk.post(owner, "/account/confirm-identity", password="", code="")
    walk.post(owner, "/account/confirm-identity", password="wrong", code="000000")
    for code in ("", "nonsense", codes[0], "0000-0000-0000-0000"):
        walk.post(owner, "/account/2fa/recovery-codes/check", code=code)
    walk.post(owner, "/account/2fa/recovery-codes/reveal")
    walk.post(owner, "/account/2fa/recovery-codes/download")
    walk.post(owner, "/account/2fa/recovery-codes/regenerate")
    walk.post(owner, "/account/2fa/recovery-codes/continue", set="of-another-tab")
    walk.post(owner, "/account/2fa/start", lost="yes")
    walk.post(owner, "/account/2fa/start", lost="no")


def several_apps(walk: Walk, owner: Browser) -> None:
    """Apps that are added, renamed and removed, up to the most there may be."""
    walk.get(owner, *reasons("/account/2fa/apps"), "/account/2fa/apps/add")
    for name in ("", _stand_in(walk), "Tablet"):
        walk.post(owner, "/account/2fa/apps/add", name=name)
    owner.add_app("Tablet")
    walk.post(owner, "/account/2fa/apps/add", name="Tablet")
    tablet = owner.apps()["Tablet"]
    for app, name in ((tablet, ""), (tablet, _stand_in(walk)), ("no-such-app", "Phone")):
        walk.post(owner, "/account/2fa/apps/rename", app=app, name=name)
    walk.get(owner, "/account/2fa/apps", "/account/2fa/move", "/account/2fa/disable", "/account")
    for name in ("Laptop", "Watch", "W" * 40):
        owner.add_app(name)
    walk.get(owner, "/account/2fa/apps", "/account/2fa/apps/add")
    walk.post(owner, "/account/2fa/apps/remove", app=tablet)
    walk.post(owner, "/account/2fa/start", app=owner.apps()["Laptop"], lost="no")


def _stand_in(walk: Walk) -> str:
    """What an app without a name is called."""
    return walk.texts.gettext("Authenticator app")


def turning_off(walk: Walk) -> None:
    """2FA that is disabled."""
    dora = walk.browser()
    dora.sign_in("dora@example.com")
    dora.enable_2fa()
    dora.post("/account/2fa/recovery-codes/continue")
    walk.post(dora, "/account/2fa/disable")
