"""The public URL as browsers write it: the Host and the Origin of their requests are compared with it, letter by letter.

WHATWG's URL standard says how they write it (host parsing and serialising; "domain to ASCII" is UTS 46, non-transitional).
"""

import ipaddress
import re
import socket
from typing import Final
from urllib.parse import unquote

_ORIGIN: Final = re.compile(
    r"(?P<scheme>https?)://(?:[^/?#\\]*@)?(?P<host>\[[^]/?#\\@]*\]|[^:/?#\\@\[\]]+)(?::(?P<port>[0-9]*))?(?:[/?#\\].*)?", re.IGNORECASE
)
_LABEL: Final = re.compile(r"[a-z0-9_-]{1,63}")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LONGEST_NAME: Final = 253
_PUNYCODE: Final = "xn--"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_BLOCKED_PORTS: Final = frozenset(
    {
        1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115,
        117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587,
        601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669,
        6679, 6697, 10080,
    }
)  # fmt: skip
"""To these browsers send nothing (WHATWG Fetch, "bad port")."""
_EXPLAINED: Final = "must be an origin like https://chat.example.com, spelt as browsers send it, without a path or anything else"


def public_origin(text: str) -> str:
    """The origin in lower case, without the scheme's own port and without a slash.

    Raises ValueError when browsers write it otherwise, with their spelling, or when no browser opens it. What is repeated of
    the text is scheme, host and port alone: a password may stand beside them.
    """
    first, *others = text.split(maxsplit=1)
    found = _ORIGIN.fullmatch(first)
    origin = None if found is None else _spelling(found["scheme"].lower(), found["host"], found["port"])
    if origin is None:
        raise ValueError(_EXPLAINED)
    own_port = "" if re.search(r":\d+\Z", origin) else f":{_DEFAULT_PORTS[origin.partition(':')[0]]}"
    if others or first.lower().removesuffix("/") not in {origin, origin + own_port}:
        raise ValueError(f"{_EXPLAINED}. Write {origin} instead")
    return origin


def _spelling(scheme: str, host: str, port: str | None) -> str | None:
    """How browsers write it; None when they open it by no spelling."""
    number = int(port) if port else _DEFAULT_PORTS[scheme]
    try:
        known = _ip_literal(host[1:-1]) if host.startswith("[") else _name_or_number(unquote(host))
    except (ValueError, OSError):
        return None
    if known is None or number > 65535 or number == 0 or number in _BLOCKED_PORTS:
        return None
    return f"{scheme}://{known}" if number == _DEFAULT_PORTS[scheme] else f"{scheme}://{known}:{number}"


def _ip_literal(text: str) -> str | None:
    """An IPv6 address; one that stands for an IPv4 address is written as that, and with a zone there is none."""
    address = ipaddress.IPv6Address(text)
    if address.scope_id is not None:
        return None
    return str(address.ipv4_mapped) if address.ipv4_mapped else f"[{address.compressed}]"


def _name_or_number(host: str) -> str | None:
    name = (host if host.isascii() else _mapped(host)).lower().removesuffix(".")
    labels = [_as_ascii(label) for label in name.split(".")]
    if _NUMBER.fullmatch(labels[-1]):
        return socket.inet_ntoa(socket.inet_aton(name))  # it takes what browsers take: fewer parts, octal, hexadecimal
    name = ".".join(labels)
    return name if len(name) <= _LONGEST_NAME and all(map(_LABEL.fullmatch, labels)) else None


def _as_ascii(label: str) -> str:
    """The label as it goes over the wire.

    Raises ValueError for one that claims to be Punycode and is none, or not what a browser would make of its text.
    """
    if label.startswith(_PUNYCODE):
        text = label.removeprefix(_PUNYCODE).encode("ascii").decode("punycode")
        if _mapped(text) != text or _as_ascii(text) != label:
            raise ValueError("no Punycode")
        return label
    return label if label.isascii() else _PUNYCODE + label.encode("punycode").decode("ascii")


def _mapped(text: str) -> str:
    from idna import uts46_remap  # noqa: PLC0415  # its tables take memory, and few names need them

    return uts46_remap(text, std3_rules=False)
