"""django-allauth with its MFA and headless parts, under granian, which served it fastest of the servers tried."""

from collections.abc import Mapping
from pathlib import Path

from bench.messages import Answer, get, post_json
from bench.peers import installed_versions
from bench.people import PASSWORD, Person
from bench.servers import Command
from bench.systems import Statuses

_API = "/_allauth/app/v1/auth"


class DjangoAllauth:
    """Installed and seeded in a folder of its own."""

    name = "django-allauth"
    statuses = Statuses(password=401, right_code=200, wrong_code=400)
    page_shows = "Authentication using an authenticator app is active."

    def __init__(self, folder: Path, programs: Path, port: int) -> None:
        self._folder = folder
        self._programs = programs
        self.port = port

    def command(self) -> Command:
        server: list[str | Path] = [
            self._programs / "granian",
            "--interface",
            "wsgi",
            "--workers",
            "1",
            "--blocking-threads",
            "1",
            "--no-access-log",
        ]
        address = ["--host", "127.0.0.1", "--port", str(self.port), "wsgi:application"]
        return Command(self.port, get(self.port, "/hello"), [*server, *address], self._folder, {"DJANGO_SETTINGS_MODULE": "settings"})

    def versions(self) -> Mapping[str, str]:
        return installed_versions(self._programs, "django-allauth", "Django", "granian")

    def password(self, person: Person) -> bytes:
        return post_json(self.port, f"{_API}/login", {"username": person.email, "password": PASSWORD})

    def code(self, _person: Person, answer: Answer, code: str) -> bytes:
        return post_json(self.port, f"{_API}/2fa/authenticate", {"code": code}, _token(answer))

    def session(self, answer: Answer) -> bytes:
        return get(self.port, f"{_API}/session", _token(answer))

    def page(self, _person: Person, answer: Answer) -> bytes:
        # What the API calls a token is the session's key, which a browser keeps in this cookie.
        return get(self.port, "/accounts/2fa/", {"Cookie": f"sessionid={_token(answer)['X-Session-Token']}"})


def _token(answer: Answer) -> dict[str, str]:
    return {"X-Session-Token": answer.json()["meta"]["session_token"]}
