"""Flask-Security with its authenticator app as second factor, under gunicorn."""

from collections.abc import Mapping
from pathlib import Path

from bench.messages import Answer, get, post_json
from bench.peers import installed_versions
from bench.people import PASSWORD, Person
from bench.servers import Command
from bench.systems import Statuses

_JSON = {"Accept": "application/json"}


class FlaskSecurity:
    """Installed and seeded in a folder of its own."""

    name = "Flask-Security"
    statuses = Statuses(password=200, right_code=200, wrong_code=400)
    page_shows = "Currently setup two-factor method: authenticator"

    def __init__(self, folder: Path, programs: Path, port: int) -> None:
        self._folder = folder
        self._programs = programs
        self.port = port

    def command(self) -> Command:
        server: list[str | Path] = [self._programs / "gunicorn", "--workers", "1", "--threads", "4", "--no-control-socket"]
        address = ["--bind", f"127.0.0.1:{self.port}", "app:app"]
        return Command(self.port, get(self.port, "/hello"), [*server, *address], self._folder)

    def versions(self) -> Mapping[str, str]:
        return installed_versions(self._programs, "Flask-Security", "Flask", "gunicorn")

    def password(self, person: Person) -> bytes:
        return post_json(self.port, "/login", {"email": person.email, "password": PASSWORD}, _JSON)

    def code(self, _person: Person, answer: Answer, code: str) -> bytes:
        return post_json(self.port, "/tf-validate", {"code": code}, _JSON | dict(answer.cookie_header))

    def session(self, answer: Answer) -> bytes:
        return get(self.port, "/who-am-i", _JSON | dict(answer.cookie_header))

    def page(self, _person: Person, answer: Answer) -> bytes:
        return get(self.port, "/tf-setup", answer.cookie_header)
