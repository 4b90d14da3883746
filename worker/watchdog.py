"""Ends the process when the consumer's group coordinator has died: Faust would stay, idle, for good.

aiokafka parks an error of the group (a refused SyncGroup, say) until somebody asks for it, and Faust 0.15.3
never asks. This rests on private names of both: tests/unit/test_worker_watchdog.py names the lost one.
"""

from typing import Any, Final

from mode import Service

from enrich.errors import MillraceError

PERIOD_S: Final = 1.0
LONGEST: Final = 300
TODO: Final = {
    "InvalidSessionTimeoutError": "set session_timeout_s as group.(min|max).session.timeout.ms allow",
    "InconsistentGroupProtocolError": "another kind of consumer is in it: give the workers their own",
}


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
        return _refused(parked, coordinator)
    task = getattr(coordinator, "_coordination_task", None)
    if task is not None and task.done() and not coordinator._closing.done():
        error = None if task.cancelled() else task.exception()
        why = f": {_told(error)}" if error else ""
        return f"the task that keeps us in group {coordinator.group_id} has ended{why}"
    return None


def _refused(error: BaseException, coordinator: Any) -> str:
    name = type(error).__name__
    if name == "GroupAuthorizationFailedError":
        return f"not allowed to READ group {coordinator.group_id}: {name} (docs/security.md has the list)"
    if name == "TopicAuthorizationFailedError":
        topics = ", ".join(_names(error)) or "its topics"
        return f"not allowed to READ {topics}: {name} (docs/security.md has the list)"
    todo = f": {TODO[name]}" if name in TODO else ""
    return f"group {coordinator.group_id} refuses us: {_told(error)}{todo}"


def _names(error: BaseException) -> list[str]:
    """The topics that aiokafka gives as an argument: one, or a set of them."""
    given = error.args[0] if error.args else ()
    return [given] if isinstance(given, str) else sorted(map(str, given))


def _told(error: BaseException) -> str:
    text = " ".join(str(error).split())[:LONGEST]
    name = type(error).__name__
    return text if name in text else f"{name}: {text}".removesuffix(": ")
