"""A TCP proxy before each broker, in the harness: delays what passes, cuts it, or lets it hang."""

import asyncio
import socket
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final

CHUNK: Final = 262_144
# Held back in one direction of one connection while it is delayed or silent; then the sender must wait.
HELD: Final = 256
ANSWER_S: Final = 10.0
HOST: Final = "127.0.0.1"


class Proxies:
    """One listening port per broker, known before the brokers are: they advertise it. Lives in a thread.

    The switches take effect at once, on connections that are there as on new ones.
    """

    def __init__(self, count: int) -> None:
        self._sockets: Final = [socket.create_server((HOST, 0)) for _ in range(count)]
        self.ports: Final = [int(each.getsockname()[1]) for each in self._sockets]
        self.passed = 0  # bytes
        self._targets: dict[int, int] = {}
        self._delay_s = 0.0
        self._silent = False
        self._closed = False
        self._flowing = asyncio.Event()
        self._servers: list[asyncio.Server] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop: Final = asyncio.new_event_loop()
        self._thread: Final = threading.Thread(target=self._run, name="proxies", daemon=True)

    def start(self, targets: list[int]) -> None:
        """Let port n pass to ``targets[n]`` on this machine."""
        self._targets = dict(zip(self.ports, targets, strict=True))
        self._thread.start()
        self._do(self._listen())

    def cut(self) -> int:
        """Break every connection, and how many there were. New ones are let through."""
        return int(self._do(self._cut()))

    def refuse(self, refused: bool) -> None:
        """Break every connection and every new one, until told otherwise."""
        self._do(self._switch("_closed", refused))
        if refused:
            self.cut()

    def silence(self, silent: bool) -> None:
        """Let nothing pass, and tell nobody: no byte, no end of connection."""
        self._do(self._switch("_silent", silent))

    def delay(self, delay_s: float) -> None:
        """Let every byte arrive so much later, in both directions."""
        self._do(self._switch("_delay_s", delay_s))

    def restore(self) -> None:
        """Let everything pass at once, again."""
        self.delay(0.0)
        self.silence(False)
        self.refuse(False)

    def close(self) -> None:
        """End it."""
        if self._thread.is_alive():
            self._do(self._end())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(ANSWER_S)
            self._loop.close()
        for each in self._sockets:
            each.close()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWER_S)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _listen(self) -> None:
        self._flowing.set()
        self._servers = [await asyncio.start_server(self._connected, sock=each) for each in self._sockets]

    async def _end(self) -> None:
        for server in self._servers:
            server.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _switch(self, name: str, value: object) -> None:
        setattr(self, name, value)
        if self._silent:
            self._flowing.clear()
        else:
            self._flowing.set()

    async def _cut(self) -> int:
        cut = list(self._writers)
        for writer in cut:
            writer.transport.abort()
        return len(cut) // 2

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("sockname")[1]
        try:
            if self._closed:
                raise ConnectionRefusedError
            far_reader, far_writer = await asyncio.open_connection(HOST, self._targets[port])
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        try:
            async with asyncio.TaskGroup() as both:
                ways = [self._way(reader, far_writer), self._way(far_reader, writer)]
                tasks = [both.create_task(way) for way in ways]
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()
        finally:
            self._writers -= {writer, far_writer}
            for each in (writer, far_writer):
                each.transport.abort()

    async def _way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(HELD)
        async with asyncio.TaskGroup() as both:
            into = both.create_task(self._in(reader, held))
            await self._out(held, writer)
            into.cancel()

    async def _in(self, reader: asyncio.StreamReader, held: asyncio.Queue[tuple[float, bytes]]) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK):
                await held.put((self._loop.time() + self._delay_s, chunk))
        await held.put((self._loop.time() + self._delay_s, b""))

    async def _out(self, held: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while True:
                due, chunk = await held.get()
                if (left := due - self._loop.time()) > 0:
                    await asyncio.sleep(left)
                await self._flowing.wait()
                if not chunk:
                    return
                writer.write(chunk)
                await writer.drain()
                self.passed += len(chunk)
