"""Ending what an older copy of the database brings back open, before anybody uses it."""

from xpressbot.foundation.system import System
from xpressbot.identity.factors.totp.rules.totp import last_step_accepted_at
from xpressbot.identity.ports import UnitsOfWork
from xpressbot.identity.restore.rules import Restored


class AfterRestore:
    """Works without the key ring, which may be put in its place later."""

    def __init__(self, units: UnitsOfWork, system: System) -> None:
        self._units = units
        self._system = system

    def end_what_is_open(self) -> Restored:
        """End sessions, half-done sign-ins, links, unfinished set-ups and prepared recovery codes of all accounts.

        Besides, no code that an app has shown until now counts: one used since the backup was made is unknown to it, and
        must not be good a second time (RFC 6238 section 5.2). All in one unit of work, which can be repeated.

        It leaves no security event: it happens to the installation and not to a person, and to all accounts at once.
        """
        with self._units.write() as uow:
            newest = uow.queries.newest_moment(None)
            uow.restored.void_decisions(last_step_accepted_at(self._system.now()))
            ended = uow.restored.end_all()
            restored = Restored(uow.restored.count_accounts(), newest, uow.restored.count_without_link(), ended)
            uow.commit()
        return restored
