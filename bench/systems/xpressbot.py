"""XpressBot: `xpressbot serve`, with nothing left out."""

import sys
from collections.abc import Mapping
from functools import cached_property
from typing import Final

from bench.messages import Answer, get, post_form
from bench.people import PASSWORD, Person
from bench.seeding import Installation
from bench.servers import Command
from bench.systems import Statuses
from xpressbot import __version__
from xpressbot.entrypoints.http.form_subject import FIELD, FormSubject, FormSubjects, Holder
from xpressbot.foundation.crypto.encryption import KeyedDigests
from xpressbot.foundation.crypto.key_ring import load_key_ring

LARGE_PAGES: Final = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""As deploy/xpressbot.service sets it."""


class XpressBot:
    """An installation of ours, served by so many workers."""

    statuses = Statuses(password=303, right_code=303, wrong_code=401)
    page_shows = "2FA Enabled"

    def __init__(
        self, installation: Installation, port: int, *, workers: int = 1, name: str = "XpressBot", asked_at: int | None = None
    ) -> None:
        """asked_at: the port of the proxy before it, to which requests go; its own if there is none."""
        self.installation = installation
        self.name = name
        self.port = asked_at or port
        self._own_port = port
        self._workers = workers

    def command(self) -> Command:
        return Command(
            self._own_port,
            get(self._own_port, "/healthz"),
            [sys.executable, "-m", "xpressbot", "serve", "--port", str(self._own_port), "--workers", str(self._workers)],
            self.installation.directory,
            self.installation.environment | LARGE_PAGES | {"XPRESSBOT_PUBLIC_URL": f"http://127.0.0.1:{self.port}"},
        )

    def versions(self) -> Mapping[str, str]:
        return {"XpressBot": __version__}

    def password(self, person: Person) -> bytes:
        return post_form(self.port, "/sign-in", {"email": person.email, "password": PASSWORD, "next": "/"}, _from(person))

    def code(self, person: Person, answer: Answer, code: str) -> bytes:
        fields = {"code": code, FIELD: self._form_subjects.value(FormSubject(person.account_id, person.email, Holder.PENDING_SIGN_IN))}
        return post_form(self.port, "/sign-in/code", fields, _from(person) | dict(answer.cookie_header))

    @cached_property
    def _form_subjects(self) -> FormSubjects:
        """What the page with the form would say of whom it is shown to. The installation has its ring by the time anybody signs in."""
        return FormSubjects(KeyedDigests(load_key_ring(self.installation.settings.key_file)))

    def session(self, answer: Answer) -> bytes:
        return get(self.port, "/api/v1/session", answer.cookie_header)

    def page(self, person: Person, answer: Answer) -> bytes:
        return get(self.port, "/account", _from(person) | dict(answer.cookie_header))

    def alive(self) -> bytes:
        """GET /healthz."""
        return get(self.port, "/healthz")


def _from(person: Person) -> dict[str, str]:
    """Each person is at an address of their own, as a proxy tells it: throttling counts them apart."""
    return {"X-Forwarded-For": person.network_address}
