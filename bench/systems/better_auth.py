"""better-auth on Node, with its twoFactor plugin."""

import json
from collections.abc import Mapping
from pathlib import Path

from bench.machine import node_version
from bench.messages import Answer, get, post_json
from bench.people import PASSWORD, Person
from bench.servers import Command
from bench.systems import Statuses


class BetterAuth:
    """Installed and seeded in a folder of its own."""

    name = "better-auth"
    statuses = Statuses(password=200, right_code=200, wrong_code=401)

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self.port = port

    def command(self) -> Command:
        environment = {"NODE_ENV": "production", "PORT": str(self.port)}
        return Command(self.port, get(self.port, "/hello"), ["node", "server.mjs"], self._folder, environment)

    def versions(self) -> Mapping[str, str]:
        package = json.loads((self._folder / "node_modules" / "better-auth" / "package.json").read_text())
        return {"better-auth": package["version"], "Node": node_version()}

    def password(self, person: Person) -> bytes:
        return post_json(self.port, "/api/auth/sign-in/email", {"email": person.email, "password": PASSWORD})

    def code(self, _person: Person, answer: Answer, code: str) -> bytes:
        return post_json(self.port, "/api/auth/two-factor/verify-totp", {"code": code}, answer.cookie_header)

    def session(self, answer: Answer) -> bytes:
        return get(self.port, "/api/auth/get-session", answer.cookie_header)
