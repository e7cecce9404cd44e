"""The addresses that a server listens on, taken before anything else is done or said."""

import errno
import socket
from contextlib import ExitStack
from typing import Final

from xpressbot.foundation.settings import SettingsError

_NOT_OF_THIS_MACHINE: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


def bound_sockets(host: str, port: int) -> list[socket.socket]:
    """Take the port on every address of the host; without a host, on every address of this machine.

    Connections are accepted later: a client that comes before the service is ready is refused, and goes to another node.
    Of a name's addresses those that this machine lacks are left out; one at least must be there.

    Raises SettingsError.
    """
    bound: list[socket.socket] = []
    with ExitStack() as opened:
        try:
            addresses = dict.fromkeys(socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE))
            missing = None
            for family, kind, protocol, _name, address in addresses:
                made = opened.enter_context(socket.socket(family, kind, protocol))
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6 and len({family for family, *_others in addresses}) > 1:
                    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                try:
                    made.bind(address)
                    bound.append(made)
                except OSError as error:
                    made.close()
                    if error.errno not in _NOT_OF_THIS_MACHINE:
                        raise
                    missing = error
            if missing is not None and not bound:
                raise missing
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "that is no host's name"
            raise SettingsError(
                f"Nothing can listen on {host}, port {port}: {reason[0].lower()}{reason[1:]}. Name another --host or --port."
            ) from None
        opened.pop_all()
    return bound
