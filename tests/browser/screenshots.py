"""Pictures of the real pages for the README: `python -m tests.browser.screenshots`.

The account is made up, the clock and the secrets are the tests' own: the pictures differ only when the pages do.
"""

from playwright.sync_api import Browser

from tests.browser.chromium import PHONE, launch
from tests.browser.pictures import FIREFOX, TARGET, fresh_site, take, visitor
from tests.browser.screenshots_of_chat import take_a_first_bot, take_inbox
from tests.browser.shortcuts import protect
from tests.support import labels, people
from tests.support.stored_chats import conversation, published_bot, web_channel
from xpressbot.foundation.logging import configure_logging


def main() -> None:
    """Make all pictures anew."""
    configure_logging(json_lines=False, level="ERROR")
    TARGET.mkdir(parents=True, exist_ok=True)
    with launch() as chromium:
        for make in (
            take_the_guide,
            take_several_apps,
            take_sessions,
            take_team,
            take_dark_and_phone,
            take_first_run,
            take_a_first_bot,
            take_inbox,
        ):
            make(chromium)


def take_the_guide(chromium: Browser) -> None:
    """The guide's steps on a desktop, in light."""
    with fresh_site() as site:
        site.installation.add_account()
        with visitor(chromium, site, user_agent=FIREFOX) as earlier:
            earlier.sign_in()
        site.clock.advance(hours=3)
        with visitor(chromium, site) as anna:
            anna.sign_in()
            site.clock.advance(minutes=2)
            anna.open_account_settings()
            take(anna.page, "settings-2fa-disabled")
            phone = anna.start_2fa()
            take(anna.page, "set-up-qr-code")
            anna.confirm_code(phone.code())
            anna.is_on(labels.SAVE_YOUR_RECOVERY_CODES)
            take(anna.page, "recovery-codes")
            anna.button(labels.CONTINUE).click()
            anna.is_on(labels.ACCOUNT_SETTINGS)
            take(anna.page, "settings-2fa-enabled")
            anna.sign_out()
            anna.enter_password()
            anna.is_on(labels.ENTER_YOUR_CODE)
            take(anna.page, "sign-in-code")
            services = site.installation.services
            for name in ("Shop", "Bookings"):
                channel = web_channel(services, name, published_bot(services, name))
            for _person in range(3):
                conversation(services, channel)
            services.background_check.renew()  # the jobs's last one was before 2FA
            anna.enter_code(phone.next_code())
            anna.is_on(labels.DASHBOARD)
            take(anna.page, "dashboard")
            anna.sign_out()
            anna.enter_password()
            anna.enter_code(phone.code())
            anna.sees(labels.CODE_ALREADY_USED)
            take(anna.page, "sign-in-code-already-used")


def take_several_apps(chromium: Browser) -> None:
    """A second app, the question of a move, and the page that asks for the link after a reset."""
    with fresh_site() as site:
        site.installation.add_account()
        phone = protect(site).phone
        with visitor(chromium, site) as anna:
            anna.sign_in_with_code(phone)
            anna.open("/account/2fa/apps/add")
            anna.page.get_by_label(labels.NAME_OF_NEW_APP).fill("Tablet")
            anna.button(labels.SHOW_THE_QR_CODE).click()
            anna.sees(labels.NEW_APP_SIGNS_IN_AS_WELL)
            tablet = anna.scan_qr_code()
            anna.confirm_code(tablet.code(), button=labels.ADD_THIS_APP)
            anna.is_on(labels.AUTHENTICATOR_APPS)
            take(anna.page, "authenticator-apps")
            anna.open("/account/2fa/move")
            anna.is_on(labels.MOVE_TO_A_NEW_PHONE)
            take(anna.page, "move-to-a-new-phone")
            people.reset(site.installation.services)
            anna.enter_password()
            anna.is_on(labels.SET_UP_2FA_AGAIN)
            take(anna.page, "after-a-reset")


def take_sessions(chromium: Browser) -> None:
    """The list of sessions, the history, and a session that was not used for an hour."""
    with fresh_site() as site:
        site.installation.add_account()
        protected = protect(site)
        with visitor(chromium, site, user_agent=FIREFOX) as earlier:
            earlier.sign_in_with_recovery_code(protected.codes[0])
            site.clock.advance(minutes=6)
            with visitor(chromium, site) as anna:
                anna.sign_in_with_code(protected.phone)
                anna.open("/account/sessions")
                anna.is_on(labels.WHERE_YOU_ARE_SIGNED_IN)
                take(anna.page, "sessions")
                anna.open("/account/history")
                anna.is_on(labels.ACCOUNT_HISTORY)
                take(anna.page, "history")
                site.clock.advance(minutes=61)
                anna.open("/account")
                anna.is_on(labels.SESSION_LOCKED)
                take(anna.page, "session-locked")


def take_team(chromium: Browser) -> None:
    """The roster, a member's page, and the policy."""
    with fresh_site() as site:
        site.installation.add_account()
        phone = protect(site).phone
        for email, name in (("berta@example.com", "Berta Sommer"), ("carl@example.com", "Carl Lind")):
            member = site.installation.add_account(email, name)
        people.invitation(site.installation.services, "dora@example.com")
        with visitor(chromium, site) as anna:
            anna.sign_in_with_code(phone)
            for path, heading, name in (
                ("/team", labels.TEAM, "team"),
                (f"/team/members/{member.id}", "Carl Lind", "team-member"),
                ("/team/policy", labels.POLICY, "team-policy"),
            ):
                anna.open(path)
                anna.is_on(heading)
                take(anna.page, name)


def take_dark_and_phone(chromium: Browser) -> None:
    """The same in dark, and on a phone, up to a recovery code."""
    with fresh_site() as site:
        site.installation.add_account()
        with visitor(chromium, site, color_scheme="dark") as anna:
            anna.sign_in()
            phone = anna.start_2fa()
            take(anna.page, "set-up-qr-code-dark")
            anna.confirm_code(phone.code())
            codes = anna.shown_codes()
            anna.button(labels.CONTINUE).click()
            anna.is_on(labels.ACCOUNT_SETTINGS)
            take(anna.page, "settings-2fa-enabled-dark")
        site.clock.advance(hours=5)
        with visitor(chromium, site, **PHONE) as anna:
            anna.open("/sign-in")
            anna.is_on(labels.SIGN_IN)
            take(anna.page, "sign-in-phone")
            anna.enter_password()
            anna.is_on(labels.ENTER_YOUR_CODE)
            take(anna.page, "sign-in-code-phone")
            anna.sign_in_with_recovery_code(codes[0])
            anna.open_account_settings()
            take(anna.page, "settings-after-recovery-code-phone")
            anna.button(labels.RESET_ON_NEW_PHONE).click()
            anna.is_on(labels.RESET_ON_NEW_PHONE)
            take(anna.page, "set-up-qr-code-phone")
        with visitor(chromium, site, **PHONE, color_scheme="dark") as anna:
            site.installation.services.background_check.renew()
            anna.sign_in_with_code(phone)
            anna.page.get_by_label(labels.PROFILE_MENU).click()
            take(anna.page, "dashboard-phone-dark")


def take_first_run(chromium: Browser) -> None:
    """The page behind the link that the first start prints."""
    with fresh_site() as site, visitor(chromium, site) as owner:
        owner.page.goto(site.welcome_link())
        owner.is_on(labels.WELCOME)
        owner.page.get_by_label(labels.YOUR_NAME).fill("Anna Berg")
        owner.page.get_by_label(labels.EMAIL).fill(owner.email)
        owner.page.get_by_label(labels.PASSWORD).type("twelve chars")
        take(owner.page, "welcome")


if __name__ == "__main__":
    main()
