"""How long something held up all others: threads share one interpreter, and C code may not let go of it."""

import asyncio
from time import monotonic
from typing import Final, Self

TICK_S: Final = 0.005


class Stall:
    """``async with Stall() as stall``: ``stall.seconds`` is how late the event loop was, at most."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._due = 0.0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to watch."""
        self._due = monotonic() + TICK_S
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        """End; what is late at this moment counts."""
        if self._task is not None:
            self._task.cancel()
        self._note()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._note()
            self._due = monotonic() + TICK_S

    def _note(self) -> None:
        self.seconds = max(self.seconds, monotonic() - self._due)
