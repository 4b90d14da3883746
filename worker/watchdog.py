"""Ends the process when the consumer's group coordinator has died: Faust would stay, idle, for good.

aiokafka parks an error of the group (a refused SyncGroup, say) until somebody asks for it, and Faust 0.15.3
never asks. This rests on private names of both: tests/unit/test_worker_watchdog.py names the lost one.
"""

from typing import Any, Final

from mode import Service

from enrich.errors import MillraceError

PERIOD_S: Final = 1.0


class GroupLost(MillraceError):
    """The consumer will never again be given a partition."""


class Watchdog(Service):
    """Started before the app, so that it also sees an error before the first assignment."""

    def __init__(self, app: Any) -> None:
        super().__init__()
        self.app: Final = app

    @Service.task
    async def _watch(self) -> None:
        while not self.should_stop:
            await self.sleep(PERIOD_S)
            reason = group_error(self.app)
            if reason is not None and not self.should_stop:
                raise GroupLost(reason)


def group_error(app: Any) -> str | None:
    """Return why the consumer's group coordinator is dead, None while it lives or has not begun."""
    thread = getattr(app._consumer, "_thread", None)
    consumer = getattr(thread, "_consumer", None)
    coordinator = getattr(consumer, "_coordinator", None)
    if coordinator is None:
        return None
    parked = getattr(coordinator, "_pending_exception", None)
    if parked is not None:
        return f"the group coordinator refused us: {type(parked).__name__}"
    task = getattr(coordinator, "_coordination_task", None)
    if task is not None and task.done() and not coordinator._closing.done():
        return "the task that keeps us in the group has ended"
    return None
