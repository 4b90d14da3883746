"""One Kafka process on given ports: started, ended, killed, and started again on the same data.

``EmbeddedBroker`` runs one with ports of its own choosing; tests make clusters of several and do them harm.
"""

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Self

from worker.broker.directory import DATA, claim, stored_cluster_id
from worker.broker.errors import BrokerFailed
from worker.broker.jars import from_maven, jars_directory, pinned, verified
from worker.broker.java import SERVER_PROPERTIES, format_command, java_program, new_cluster_id, serve_command
from worker.broker.log import begin, trouble
from worker.broker.process import Guarded
from worker.broker.properties import Listener, properties_text, server_properties
from worker.broker.ready import cluster

READY_S: Final = 90.0  # 2 to 4 s on two idle cores; a loaded machine has taken 20
LOOK_S: Final = 0.05


class Node:
    """Broker and controller in one, alive at most as long as this process.

    ``directory``: of its data, lock and settings. ``listeners``: for clients, the first one also between
    brokers; it must be PLAINTEXT, because readiness is asked there. ``controller``: this node's own voter.
    ``voters``: node id → controller of every node; None: it is alone. ``cluster_id``: for new storage, the
    same for every node; None: a new one. ``extra``: further server properties. ``heap_mib``: of java.
    ``log``: all it prints; None: ``node.log`` in the directory. ``jars``: where jars are kept, if not in
    ``jars_directory()``. ``remove``: paths deleted at the end.

    A start raises SettingsWrong, JarRefused or BrokerFailed.
    """

    def __init__(
        self,
        directory: Path,
        listeners: Sequence[Listener],
        controller: Listener,
        *,
        node_id: int = 1,
        voters: Mapping[int, Listener] | None = None,
        cluster_id: str | None = None,
        extra: Mapping[str, str] | None = None,
        heap_mib: int = 512,
        log: Path | None = None,
        jars: Path | None = None,
        remove: Sequence[Path] = (),
    ) -> None:
        self.directory: Final = directory.absolute()
        self.listeners: Final = {each.name: each for each in listeners}
        self.node_id: Final = node_id
        self.log: Final = log or self.directory / "node.log"
        self._port: Final = listeners[0].port
        self._cluster_id = cluster_id
        self._heap_mib: Final = heap_mib
        self._jars: Final = jars or jars_directory()
        self._remove: Final = remove
        self._properties: Final = server_properties(
            data=DATA,
            listeners=listeners,
            controller=controller,
            node_id=node_id,
            voters=voters,
            extra=extra,
        )
        self._process: Guarded | None = None
        self._since = 0

    @property
    def bootstrap(self) -> str:
        """``host:port`` of the first listener, as clients are told it."""
        return next(iter(self.listeners.values())).advertised

    @property
    def pid(self) -> int:
        """Of java, for signals. Raises BrokerFailed when it does not run."""
        if self._process is None or self._process.ended():
            raise BrokerFailed(f"node {self.node_id} does not run")
        return self._process.pid

    def start(self) -> None:
        """Return when this broker has answered and is in the cluster. A voter alone never is."""
        self.launch()
        self.wait_ready()

    def launch(self, lock: int | None = None) -> None:
        """Start java and return: the way to start several. ``lock``: the directory's, if claimed already."""
        java, jars = java_program(), verified(self._jars, pinned(), from_maven)
        own = claim(self.directory) if lock is None else os.dup(lock)
        try:
            if lock is None:
                begin(self.log)
            self._since = self.log.stat().st_size
            properties = self.directory / SERVER_PROPERTIES
            properties.touch(0o600)  # there may be passwords in it
            properties.write_text(properties_text(self._properties), encoding="ascii")
            stored = stored_cluster_id(self.directory)
            if stored is None:
                stored = self._cluster_id or new_cluster_id()
                self._format(format_command(java, jars, stored), own)
            self._cluster_id = stored
            command = serve_command(java, jars, self._heap_mib)
            self._process = Guarded(command, self.directory, self.log, own, self._remove)
        finally:
            os.close(own)  # guard and java have it

    def _format(self, command: list[str], lock: int) -> None:
        process = Guarded(command, self.directory, self.log, lock)
        try:
            if code := process.wait():
                raise BrokerFailed(f"no storage for the broker (exit code {code}): {self.last_words()}")
        finally:
            process.stop()

    def ready(self) -> bool:
        """Whether this very broker answers and is registered. Raises BrokerFailed when java has ended."""
        if self.ended():
            raise BrokerFailed(f"the broker ended before it was ready: {self.last_words()}")
        answer = cluster(self._port, timeout_s=2.0)
        return answer is not None and self.node_id in answer.brokers and answer.cluster_id == self._cluster_id

    def wait_ready(self) -> None:
        """Return when it is ready. Raises BrokerFailed when it ended, or after READY_S."""
        deadline = time.monotonic() + READY_S
        while not self.ready():
            if time.monotonic() > deadline:
                raise BrokerFailed(f"the broker did not answer within {READY_S:.0f} s (log: {self.log})")
            time.sleep(LOOK_S)

    def ended(self) -> bool:
        """Whether java does not run (any more)."""
        return self._process is None or self._process.ended()

    def wait(self) -> int:
        """Block until java has ended by itself; its exit code, 0 if it was not started."""
        return self._process.wait() if self._process else 0

    def stop(self) -> None:
        """End it in order (SIGTERM, ten seconds, SIGKILL); return when java has gone."""
        if self._process:
            self._process.stop()
            self._process = None

    def kill(self) -> None:
        """SIGKILL java; return when it has gone and its directory is free for the next start."""
        if self._process:
            self._process.kill()
            self._process = None

    def logged(self) -> str:
        """What it has logged since the last start."""
        return self.log.read_bytes()[self._since :].decode("utf-8", "replace")

    def last_words(self) -> str:
        """What the log tells of why java ended, and where the log is."""
        return f"{trouble(self.logged())} (log: {self.log})"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
