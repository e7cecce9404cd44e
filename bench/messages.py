"""Requests as bytes, and answers read from bytes: what goes over the wire and nothing more."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def get(port: int, path: str, headers: Mapping[str, str] | None = None) -> bytes:
    """A GET request."""
    return _request("GET", port, path, headers or {})


def post_form(port: int, path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> bytes:
    """A form as a browser sends it."""
    return _post(port, path, urlencode(fields).encode(), "application/x-www-form-urlencoded", headers)


def post_json(port: int, path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> bytes:
    """A JSON document as a script of the page sends it."""
    return _post(port, path, json.dumps(fields).encode(), "application/json", headers)


def _post(port: int, path: str, body: bytes, media_type: str, headers: Mapping[str, str] | None) -> bytes:
    own = {"Origin": f"http://127.0.0.1:{port}", "Content-Type": media_type, "Content-Length": str(len(body))}
    return _request("POST", port, path, own | {"Sec-Fetch-Site": "same-origin"} | dict(headers or {})) + body


def _request(method: str, port: int, path: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"User-Agent: {_BROWSER}", "Accept: */*"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode()


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; empty if none came. Both moments are time.monotonic's."""

    content: bytes
    asked_at: float = 0.0
    answered_at: float = 0.0

    @property
    def status(self) -> int | None:
        """Its status code, None if no answer came."""
        return int(self.content[9:12]) if self.content else None

    @property
    def cookies(self) -> Mapping[str, str]:
        """The cookies it sets; those it clears are left out."""
        found: dict[str, str] = {}
        for line in self._head().split("\r\n")[1:]:
            name, _colon, value = line.partition(": ")
            if name.lower() == "set-cookie":
                found |= {morsel.key: morsel.coded_value for morsel in SimpleCookie(value).values() if morsel.value}
        return found

    @property
    def cookie_header(self) -> Mapping[str, str]:
        """What a browser sends from then on."""
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    def json(self) -> Any:
        """Its body as JSON."""
        body = self.content.partition(b"\r\n\r\n")[2]
        return json.loads(body[body.find(b"{") : body.rfind(b"}") + 1])

    def _head(self) -> str:
        return self.content.partition(b"\r\n\r\n")[0].decode("latin-1")
