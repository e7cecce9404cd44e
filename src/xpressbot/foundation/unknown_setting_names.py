"""Names in the environment that look like settings and are none.

Some are made by others: Kubernetes ("Accessing the Service", environment variables) and Docker (legacy container links) give
each container variables for a service that is called like us, and for another whose name begins so, a database say.
"""

import ipaddress
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

_OPTIONS: Final = {"PORT": "--port", "HOST": "--host", "WORKERS": "--workers or WEB_CONCURRENCY"}
"""What is looked for among the settings, and is an option of `xpressbot serve`."""
_ALIKE: Final = 0.85
_URL: Final = re.compile(r"(?:tcp|udp|sctp)://(?:\[[0-9a-fA-F:.]+\]|[0-9.]+):[0-9]{1,5}")
_PORT_NUMBER: Final = re.compile(r"[0-9]{1,5}")
_PROTOCOL: Final = re.compile(r"tcp|udp|sctp")
_EACH_PORT: Final = r"PORT_[0-9]{1,5}_(?:TCP|UDP|SCTP)"


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


_FORMS: Final[Mapping[str, Callable[[str], object]]] = {
    r"SERVICE_HOST": _is_address,
    r"SERVICE_PORT(?:_[A-Z0-9_]+)?": _PORT_NUMBER.fullmatch,
    r"PORT": _URL.fullmatch,
    _EACH_PORT: _URL.fullmatch,
    rf"{_EACH_PORT}_PROTO": _PROTOCOL.fullmatch,
    rf"{_EACH_PORT}_PORT": _PORT_NUMBER.fullmatch,
    rf"{_EACH_PORT}_ADDR": _is_address,
}


def about_unknown_names(environment: Mapping[str, str], known: Collection[str], *, prefix: str) -> list[str]:
    """What to say of the names with the prefix that are no settings: nothing, or sentences with what was probably meant.

    Names and values that are made for a service are passed over. Both must have the form: a plain port number under the
    shortest name is an operator's mistake, and no service's.
    """
    ours = {name: value for name, value in environment.items() if name.upper().startswith(prefix) and name not in known}
    unknown = sorted(name for name, value in ours.items() if not _is_of_a_service(name.removeprefix(prefix), value))
    if not unknown:
        return []
    return [" ".join([f"{', '.join(unknown)}: no such setting. docs/settings.md lists them all.", *_meant(unknown, known, prefix)])]


def _is_of_a_service(name: str, value: str) -> bool:
    return any(re.fullmatch(rf"(?:[A-Z0-9_]+_)?{form}", name) and fits(value) for form, fits in _FORMS.items())


def _meant(unknown: Sequence[str], known: Collection[str], prefix: str) -> Iterator[str]:
    for name in unknown:
        option = _OPTIONS.get(name.removeprefix(prefix))
        for meant in [f"xpressbot serve {option}"] if option else get_close_matches(name.upper(), known, n=1, cutoff=_ALIKE):
            yield f"For {name} there is {meant}."
