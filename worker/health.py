"""``/health/live``, ``/health/ready`` and ``/metrics``, served in the worker's own event loop.

In that loop on purpose: a loop that is stuck does not answer, and that is the answer. No password, no
TLS, and nothing of an alert or a secret in what is said.
"""

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson
from aiohttp import web
from mode import Service
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from worker.health_conditions import Bounds, Unmet, degraded, not_alive, not_ready, passthrough
from worker.health_doors import Doors, listen, loopback
from worker.log import log, where
from worker.metrics import Metrics
from worker.pulse import Pulse
from worker.settings import Settings

METHODS: Final = ("GET", "HEAD")
JSON: Final = "application/json"
HEADERS: Final = {"Server": "millrace", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
# Answers are made at once; who has not read one by then need not.
STOP_S: Final = 1.0


class Health(Service):
    """Started before the app and stopped after it, so that it also tells of the way in and the way out.

    monotonic: the clock of the pulse.
    """

    def __init__(
        self,
        settings: Settings,
        pulse: Pulse,
        metrics: Metrics,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._host: Final = settings.http_host
        self._port: Final = settings.http_port
        self._bounds: Final = Bounds.of(settings.core_timeout_s)
        self._pulse: Final = pulse
        self._metrics: Final = metrics
        self._monotonic: Final = monotonic
        self._socket: socket.socket | None = None
        self._runner: web.ServerRunner | None = None
        self._answers: Final[Mapping[str, Callable[[], web.Response]]] = {
            "/health/live": self.live,
            "/health/ready": self.ready,
            "/metrics": self.metrics,
        }

    def bind(self) -> socket.socket:
        """Take the port, before anything else begins. Raises SettingsWrong in one line."""
        if self._socket is None:
            self._socket = listen(self._host, self._port)
        return self._socket

    @property
    def address(self) -> tuple[str, int]:
        """Host and port: those of the settings, but the port that there is for a 0."""
        host, port = self.bind().getsockname()[:2]
        return host, port

    async def on_start(self) -> None:
        """Answer from now on."""
        host, port = self.address
        self._runner = web.ServerRunner(Doors(self._answer), shutdown_timeout=STOP_S)
        await self._runner.setup()
        await web.SockSite(self._runner, self.bind()).start()
        log.info("http", host=host, port=port, paths=list(self._answers))
        if not loopback(host):
            log.warning(
                "http_open", host=host, reason="whoever reaches this port may read health and metrics"
            )

    async def on_stop(self) -> None:
        """Let go of the port."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def live(self) -> web.Response:
        """200, or 503 when only a restart helps."""
        unmet = not_alive(self._pulse, self._bounds, self._monotonic())
        return _json(503 if unmet else 200, {"live": not unmet, "unmet": _told(unmet)})

    def ready(self) -> web.Response:
        """200, or 503 with each condition that is not met."""
        pulse = self._pulse
        unmet = not_ready(pulse, self._bounds, self._monotonic())
        body = {
            "ready": not unmet,
            "unmet": _told(unmet),
            "bundle": pulse.bundle_id,
            "passthrough": passthrough(pulse),
            "promotion": pulse.promotion,
            "context": pulse.context_id,
            "degraded": _told(degraded(pulse)),
            "partitions": {"reading": len(pulse.reading), "restoring": len(pulse.restoring)},
            "outstanding_rows": pulse.outstanding_rows,
        }
        return _json(503 if unmet else 200, body)

    def metrics(self) -> web.Response:
        """Everything in Prometheus' text format."""
        return web.Response(
            body=self._metrics.text(), headers={**HEADERS, "Content-Type": CONTENT_TYPE_PLAIN_0_0_4}
        )

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        answer = self._answers.get(request.path)
        if answer is None:
            response = _json(404, {"paths": list(self._answers)})
        elif request.method not in METHODS:
            response = _json(405, {"methods": METHODS}, Allow=", ".join(METHODS))
        else:
            try:
                response = answer()
            except Exception as error:  # noqa: BLE001 - a bug here must not end the worker, nor stay unseen
                log.error("http_failed", path=request.path, **where(error))
                response = _json(500, {"error": "a bug: the log says where"})
        response.force_close()
        return response


def _told(unmet: Sequence[Unmet]) -> list[dict[str, str]]:
    return [{"condition": each.condition, "why": each.why} for each in unmet]


def _json(status: int, body: Any, **headers: str) -> web.Response:
    return web.Response(
        status=status,
        body=orjson.dumps(body) + b"\n",
        headers={**HEADERS, **headers, "Content-Type": JSON},
    )
