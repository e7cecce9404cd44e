"""Downloads of any length: page by page, with no more than a page in memory."""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import TypeVar

from xpressbot.foundation.threads.worker_pools import Pool

T = TypeVar("T")


async def pages_written(
    pool: Pool, read: Callable[[int], Sequence[T]], text: Callable[[T], str], number: Callable[[T], int]
) -> AsyncIterator[Sequence[str]]:
    """The entries of each page as texts. A page is read and written on a thread of the pool, and forgotten once it is sent.

    read: the page that follows a number; an empty one ends it. number: of an entry. Where a page cannot be read, this raises: the answer
    then ends without its end.
    """

    def written(after: int) -> tuple[Sequence[str], int] | None:
        page = read(after)
        return ([text(one) for one in page], number(page[-1])) if page else None

    after = 0
    while (piece := await pool.run(partial(written, after))) is not None:
        texts, after = piece
        yield texts
