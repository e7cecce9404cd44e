"""Runs a command under what a systemd unit forbids by system call filters, without systemd: `confine.py UNIT COMMAND...`.

The filters are made as systemd makes them, by libseccomp, which every systemd brings along.
"""

import ctypes
import errno
import mmap
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ALLOW = 0x7FFF0000
REFUSE = 0x00050000 | errno.EPERM
MASKED_EQUAL = 7
PR_SET_NO_NEW_PRIVS = 38
WRITABLE_CODE = (("mmap", mmap.PROT_EXEC | mmap.PROT_WRITE), ("mprotect", mmap.PROT_EXEC), ("pkey_mprotect", mmap.PROT_EXEC))
SECCOMP = ctypes.CDLL("libseccomp.so.2", use_errno=True)
SECCOMP.seccomp_init.restype = ctypes.c_void_p


class Comparison(ctypes.Structure):
    """struct scmp_arg_cmp."""

    _fields_ = (("argument", ctypes.c_uint), ("operator", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


def directives(unit: str, name: str) -> list[str]:
    """The values of a directive that may stand in a unit several times."""
    return [value for key, _equals, value in (line.partition("=") for line in unit.splitlines()) if key == name]


def allowed_calls(unit: str) -> set[str]:
    """What SystemCallFilter= leaves: the lines add, or take away with a tilde, in their order."""
    allowed: set[str] = set()
    for line in directives(unit, "SystemCallFilter"):
        named = {call for word in line.removeprefix("~").split() for call in members(word)}
        allowed = allowed - named if line.startswith("~") else allowed | named
    return allowed


def members(name: str) -> Iterator[str]:
    """The system calls of a set like @system-service, or the one call that is named."""
    if not name.startswith("@"):
        yield name
        return
    shown = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True).stdout
    for line in map(str.strip, shown.splitlines()[1:]):
        if line and not line.startswith("#"):
            yield from members(line)


def refuse_other_calls(allowed: set[str]) -> None:
    """EPERM for every system call but these."""
    rules = context(REFUSE)
    for number in map(number_of, sorted(allowed)):
        if number >= 0:
            add(rules, ALLOW, number)
    load(rules)


def refuse_writable_code() -> None:
    """MemoryDenyWriteExecute=: no memory that is both written and run."""
    rules = context(ALLOW)
    for call, protection in WRITABLE_CODE:
        add(rules, REFUSE, number_of(call), Comparison(2, MASKED_EQUAL, protection, protection))
    load(rules)


def number_of(call: str) -> int:
    """A call's number; negative where this machine has no such call."""
    return int(SECCOMP.seccomp_syscall_resolve_name(call.encode()))


def context(default: int) -> ctypes.c_void_p:
    """An empty filter."""
    return ctypes.c_void_p(SECCOMP.seccomp_init(ctypes.c_uint32(default)))


def add(rules: ctypes.c_void_p, action: int, number: int, *comparisons: Comparison) -> None:
    """One more rule."""
    array = (Comparison * len(comparisons))(*comparisons)
    must(SECCOMP.seccomp_rule_add_array(rules, ctypes.c_uint32(action), number, len(comparisons), array))


def load(rules: ctypes.c_void_p) -> None:
    """Put the filter in force for this process and all that come from it."""
    must(SECCOMP.seccomp_load(rules))


def must(result: int) -> None:
    """Stop where libseccomp refuses."""
    if result:
        raise OSError(-result, os.strerror(-result))


def main() -> None:
    """Confine this process, then become the command."""
    unit = Path(sys.argv[1]).read_text("utf-8")
    allowed = allowed_calls(unit)
    if "yes" in directives(unit, "NoNewPrivileges"):
        must(ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    if "yes" in directives(unit, "MemoryDenyWriteExecute"):
        refuse_writable_code()
    if allowed:
        refuse_other_calls(allowed)
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
