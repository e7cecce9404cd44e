"""What the doctor says of the key ring, of who may read and replace files, of disks, and of memory."""

from collections.abc import Mapping, Sequence
from typing import Final

from xpressbot.entrypoints.messages.findings.words import CheckWords, ProblemWords, listed
from xpressbot.entrypoints.messages.translation import N_, Texts

_MEBIBYTE: Final = 1024**2


def _owners(texts: Texts, owners: Sequence[Mapping[str, str]]) -> str:
    return listed(texts, [f"{entry['path']} ({entry['owner']})" for entry in owners])


def _mebibytes(texts: Texts, count: int) -> str:
    return texts.gettext("%(count)d MiB") % {"count": count // _MEBIBYTE}


_FREE: Final = {"free": _mebibytes}
_PUT_THE_RING_BACK: Final = N_("Put your saved copy in its place, or set XPRESSBOT_KEY_FILE to where the right one is.")

CHECKS: Final[Mapping[str, CheckWords]] = {
    "key_ring": CheckWords(N_("Key ring"), N_("%(path)s has the keys that this database needs.")),
    "keys_apart": CheckWords(N_("Keys apart from data"), N_("The key ring does not lie with the data.")),
    "file_modes": CheckWords(N_("File modes"), N_("Keys and data are their owner's only.")),
    "disk_space": CheckWords(N_("Disk space"), N_("There is room left.")),
    "large_pages": CheckWords(N_("Large pages of memory"), N_("The system does not refuse them.")),
}

PROBLEMS: Final[Mapping[str, ProblemWords]] = {
    "key_ring_not_made": ProblemWords(N_("There is no key ring at %(path)s, and nothing needs one yet."), N_("The first start makes it.")),
    "key_ring_missing": ProblemWords(N_("The key ring %(path)s is missing, and the database needs it."), _PUT_THE_RING_BACK),
    "key_ring_unreadable": ProblemWords(
        N_("The key ring %(path)s cannot be read: %(error)s."),
        N_("Make it a file of the service's user, and run this as that user."),
    ),
    "key_ring_damaged": ProblemWords(N_("The key ring %(path)s is damaged."), _PUT_THE_RING_BACK),
    "key_ring_format_unknown": ProblemWords(
        N_("The key ring %(path)s has a format that this version does not know."),
        N_("Install the version that has written it, or a newer one."),
    ),
    "key_missing": ProblemWords(N_("The key ring %(path)s lacks keys that the database uses: %(keys)s."), _PUT_THE_RING_BACK),
    "key_doubled": ProblemWords(
        N_("In the key ring %(path)s one key serves two purposes: %(keys)s both encrypts and recognises recovery codes."),
        N_("Put your saved copy of the ring in its place; rings are not put together by hand."),
    ),
    "lookup_key_differs": ProblemWords(
        N_("The key ring %(path)s has another lookup key than this database was made with: no recovery code would be recognised."),
        _PUT_THE_RING_BACK,
    ),
    "keys_beside_data": ProblemWords(
        N_("The key ring %(path)s lies with the data in %(directory)s: one copy of that directory holds both."),
        N_("Stop the service, move the key ring elsewhere, and set XPRESSBOT_KEY_FILE to it."),
    ),
    "key_ring_open_to_others": ProblemWords(
        N_("The key ring %(path)s can be read by others (mode %(mode)s)."), N_("Run: chmod 600 %(path)s")
    ),
    "key_ring_mounted_open_to_others": ProblemWords(
        N_("The key ring %(path)s can be read by others (mode %(mode)s), and is mounted read-only."),
        N_(
            "Give it mode 0400 where it comes from, or 0440 with a group that the service's user is in. In Kubernetes that is defaultMode:"
            " 0400 with fsGroup."
        ),
    ),
    "key_ring_read_only": ProblemWords(
        N_("The key ring %(path)s is read-only (mode %(mode)s, group %(group)s), as a mounted secret is."),
        N_("Nothing needs doing. To change its keys, change a copy that can be written, and put that where this one comes from."),
    ),
    "key_directory_writable": ProblemWords(
        N_("Others can put another key ring into %(path)s (mode %(mode)s)."),
        N_("Run: chmod 700 %(path)s"),
    ),
    "data_directory_writable": ProblemWords(
        N_("Others can put another database into %(path)s (mode %(mode)s)."),
        N_("Run: chmod 700 %(path)s"),
    ),
    "data_open_to_others": ProblemWords(
        N_("%(path)s can be read by others: the addresses, password hashes and encrypted secrets of all accounts."),
        N_("Run: chmod 700 %(directory)s and chmod 600 %(path)s"),
    ),
    "parent_directory_writable": ProblemWords(
        N_("Others can put other directories in the place of those in %(path)s that lead to keys or data (mode %(mode)s)."),
        N_("Run: chmod go-w %(path)s"),
    ),
    "owners_differ": ProblemWords(
        N_("Keys and data are not all the service's user's, and who owns a part of them can change it: %(owners)s."),
        N_("Stop the service and run as root, with the service's user for USER: chown USER %(owners)s"),
        {"owners": _owners},
    ),
    "disk_low": ProblemWords(
        N_("The disk of %(directory)s has %(free)s left."), N_("Make room before it is full: then all sign-ins fail."), _FREE
    ),
    "disk_full": ProblemWords(
        N_("The disk of %(directory)s is full: %(free)s left."), N_("Make room now: until then, all sign-ins fail."), _FREE
    ),
    "large_pages_never": ProblemWords(
        N_("This system gives no large pages of memory, so that hashing a password takes about twice as long."),
        N_("Write madvise into %(file)s, and start the service with GLIBC_TUNABLES=glibc.malloc.hugetlb=1, as its unit file does."),
    ),
}
