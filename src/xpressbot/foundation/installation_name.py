"""What tells this installation from others: for browsers, for authenticator apps, on paper and in files."""

import re
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlsplit

from xpressbot.foundation.settings import Settings

PRODUCT: Final = "XpressBot"
_SEPARATES: Final = re.compile(r"[^\w.-]", re.ASCII)
"""What means something in the label of an authenticator app, or in the name of a file: of a host, the colons of an IPv6 address."""


@dataclass(frozen=True, slots=True)
class InstallationName:
    """By the public URL, since that is what people see of it.

    host: without a colon; those of an IPv6 address are dashes ("2001-db8--1"). port: empty where it is the scheme's own.
    address: host and port as people type them.
    """

    host: str
    port: str
    address: str

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The name of the installation with these settings."""
        public = urlsplit(settings.public_url)
        is_usual = public.port in {None, 443 if settings.https else 80}
        return cls(_SEPARATES.sub("-", public.hostname or ""), "" if is_usual else str(public.port), settings.public_host)

    @property
    def issuer(self) -> str:
        """For authenticator apps: some overwrite an entry whose issuer and account are the same, and people read which is which."""
        return " ".join(part for part in (PRODUCT, self.host, self.port) if part)

    @property
    def in_cookies(self) -> str:
        """What follows a cookie's name: browsers keep one jar for all ports of a host (RFC 6265 section 8.5)."""
        return f"-{self.port}" if self.port else ""

    @property
    def in_files(self) -> str:
        """What follows a file's name."""
        return "".join(f"-{part}" for part in (self.host, self.port) if part)
