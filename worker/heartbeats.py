"""Whether the group still answers us: after a silence we may be out of it, and have not been told yet.

A process that was stopped, or whose network was silent, for more than a session finds its partitions given to
others only when a heartbeat is answered. What it reads before that is worked on twice.
"""

from functools import partial
from time import monotonic
from typing import Any, Final


class Heartbeats:
    """See the module. Rests on aiokafka's ``GroupCoordinator._do_heartbeat`` and ``coordinator_id``."""

    def __init__(self, session_s: float) -> None:
        self._session_s: Final = session_s
        self._coordinator: Any = None
        self._answered_s = 0.0

    def begin(self, coordinator: Any) -> None:
        """Partitions were assigned: by a coordinator that has answered just now."""
        self._answered_s = monotonic()
        if coordinator is not self._coordinator:
            self._coordinator = coordinator
            coordinator._do_heartbeat = partial(self._noted, coordinator._do_heartbeat)

    def unanswered(self) -> bool:
        """Whether a heartbeat is owed that nobody has answered for a session.

        Not so while no coordinator is known: its broker has died, and the next knows us as the last did.
        """
        if self._coordinator is None or self._coordinator.coordinator_id is None:
            return False
        return monotonic() - self._answered_s > self._session_s

    async def _noted(self, heartbeat: Any) -> Any:
        # False: no answer, or that we are out of the group; then an assignment comes before we read again.
        answered = await heartbeat()
        if answered:
            self._answered_s = monotonic()
        return answered
