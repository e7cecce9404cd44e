"""Child processes that begin with everything imported: a fresh interpreter would spend its first second on that."""

import gc
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from functools import partial

from xpressbot.foundation.database.engine import Database


def fork(work: Callable[[], int], *, beside: Database | None = None) -> int:
    """Run `work` in a child, whose exit code is what it returns. Gives the child's process id.

    beside: a database open in this process. Its connections are closed first, since no driver takes them across a fork.
    """
    if beside is not None:
        beside.dispose()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # about threads at a fork: the child uses none of this process's
        child = os.fork()
    if child:
        return child
    gc.disable()  # a collection would copy most of what the child shares with this process
    code = 70
    try:
        code = work()
    except BaseException:  # noqa: BLE001  # the child must never return into the test runner
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def fork_together(children: int, work: Callable[[int, Callable[[], None]], int], *, beside: Database) -> list[int]:
    """Run `work` in that many children and give their exit codes.

    Each gets its number, and a function to call when it is prepared: it returns once all are.
    """
    ready_out, ready_in = os.pipe()
    go_out, go_in = os.pipe()

    def meet() -> None:
        os.write(ready_in, b"r")
        os.read(go_out, 1)

    def child(number: int) -> int:
        try:
            return work(number, meet)
        finally:
            os.write(ready_in, b"r")  # a child that fails on the way there must not keep the others waiting

    started = [fork(partial(child, number), beside=beside) for number in range(children)]
    for _child in started:
        os.read(ready_out, 1)
    os.write(go_in, b"g" * children)
    codes = [wait(process) for process in started]
    for descriptor in (ready_out, ready_in, go_out, go_in):
        os.close(descriptor)
    return codes


def wait(child: int) -> int:
    """The exit code of a child; negative for the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def die() -> None:
    """End this process as a power cut would: nothing is flushed, closed or rolled back."""
    os.kill(os.getpid(), signal.SIGKILL)
