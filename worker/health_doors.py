"""The socket and the doors of the worker's web server: nobody who connects can hold on to anything.

A connection serves one request and is cut when its time is over, whether it sends nothing, sends byte by byte
or does not read its answer. Beyond LIMIT connections the oldest makes room: an honest one lasts milliseconds.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any, Final

from aiohttp import web

from enrich.errors import SettingsWrong

LIMIT: Final = 32
LASTS_S: Final = 5.0
# What a client may send. Prometheus and probes send about 300 bytes in all.
LINE_BYTES: Final = 1024
FIELD_BYTES: Final = 2048
FIELDS: Final = 32
BUFFER_BYTES: Final = 4096
# aiohttp logs what clients do wrong, in their words, at level error: nobody's log is theirs to write.
SILENT: Final = logging.Logger("millrace.http", logging.CRITICAL)


class Doors(web.Server):
    """aiohttp's server for one handler, with bounds. Made inside the event loop."""

    def __init__(
        self,
        handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        limit: int = LIMIT,
        lasts_s: float = LASTS_S,
    ) -> None:
        super().__init__(
            handler,
            access_log=None,
            logger=SILENT,
            max_line_size=LINE_BYTES,
            max_field_size=FIELD_BYTES,
            max_headers=FIELDS,
            read_bufsize=BUFFER_BYTES,
            lingering_time=0.0,
            auto_decompress=False,
        )
        self._limit: Final = limit
        self._lasts_s: Final = lasts_s
        # Oldest first.
        self._open: Final[dict[Any, tuple[asyncio.Transport, asyncio.TimerHandle]]] = {}

    def connection_made(self, handler: Any, transport: asyncio.Transport) -> None:
        """Give a connection its time; called by aiohttp."""
        super().connection_made(handler, transport)
        if len(self._open) >= self._limit:
            oldest, its_timer = self._open.pop(next(iter(self._open)))
            its_timer.cancel()
            oldest.abort()
        timer = asyncio.get_running_loop().call_later(self._lasts_s, transport.abort)
        self._open[handler] = transport, timer

    def connection_lost(self, handler: Any, exc: BaseException | None = None) -> None:
        """Forget a connection; called by aiohttp."""
        known = self._open.pop(handler, None)
        if known is not None:
            known[1].cancel()
        super().connection_lost(handler, exc)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises SettingsWrong in one line."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # "::" takes IPv4, too, as 0.0.0.0 beside it would.
        both = family == socket.AF_INET6 and socket.has_dualstack_ipv6()
        return socket.create_server(address[:2], family=family, dualstack_ipv6=both)
    except OSError as error:
        raise SettingsWrong(_reason(host, port, error)) from None


def loopback(host: str) -> bool:
    """Whether only this machine reaches a socket that is bound to this address."""
    return ip_address(host.partition("%")[0]).is_loopback


def _reason(host: str, port: int, error: OSError) -> str:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine: set MILLRACE_HTTP_HOST"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is taken: set MILLRACE_HTTP_PORT (0: a free one)"
    if error.errno == errno.EACCES:
        return (
            f"port {port} on {host} is not for this user: set MILLRACE_HTTP_PORT above 1023 (0: a free one)"
        )
    return f"port {port} on {host} cannot be listened on: {error.strerror}"
