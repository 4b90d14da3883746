"""Starts the broker, says when it is ready, and ends it."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from worker.broker.directory import DATA, claim, claim_ephemeral, stored_cluster_id
from worker.broker.errors import BrokerFailed
from worker.broker.jars import absent, from_maven, jars_directory, pinned, verified
from worker.broker.java import SERVER_PROPERTIES, format_command, java_program, new_cluster_id, serve_command
from worker.broker.log import begin, trouble
from worker.broker.process import Guarded
from worker.broker.properties import Listener, properties_text, server_properties
from worker.broker.ready import HOST, check_free, cluster, free_ports

READY_S: Final = 90.0  # 2 to 4 s on two idle cores; a loaded machine has taken 20
LOOK_S: Final = 0.05
STARTS: Final = 5  # a chosen port may be taken by somebody else between choosing and listening
PORT_TAKEN: Final = "Address already in use"


class EmbeddedBroker:
    """One Kafka node on loopback, alive at most as long as this process.

    ``state_dir``: the state directory; data goes to ``broker/data/main`` in it, the log to ``broker/log``.
    ``port``: for clients; None: a free one. ``ephemeral``: data of its own, deleted at the end. ``data``:
    another directory for the data. ``jars``: where jars are kept, if not in ``jars_directory()``. ``say`` is
    told of what takes long.

    ``start`` raises SettingsWrong, JarRefused or BrokerFailed, and leaves nothing running when it does.
    """

    def __init__(
        self,
        state_dir: Path,
        port: int | None = None,
        ephemeral: bool = False,
        *,
        data: Path | None = None,
        jars: Path | None = None,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._root = state_dir.absolute() / "broker"
        self._given = port
        self._ephemeral = ephemeral
        self._data = data.absolute() if data else self._root / DATA / "main"
        self._jars = (jars or jars_directory()).absolute()
        self._say = say
        self._port = 0
        self._process: Guarded | None = None
        self.log = self._root / "log" / "main.log"

    @property
    def bootstrap(self) -> str:
        """``host:port``, once started."""
        return f"{HOST}:{self._port}"

    def start(self) -> None:
        """Returns when a metadata request has been answered."""
        java = java_program()
        if self._given is not None:
            check_free(self._given)
        table = pinned()
        if missing := absent(self._jars, table):
            self._say(f"fetching Apache Kafka once: {len(missing)} jars, 44 MB in all, to {self._jars}")
        jars = verified(self._jars, table, from_maven)
        root = self._root / DATA
        directory, lock = claim_ephemeral(root) if self._ephemeral else (self._data, claim(self._data))
        try:
            self.log = begin(self._root / "log" / f"{directory.name}.log")
            for left in reversed(range(STARTS)):
                if self._attempt(directory, lock, java, jars, may_fail=left > 0):
                    return
        except BaseException:
            self.stop()
            raise
        finally:
            os.close(lock)  # guard and java have it

    def _attempt(
        self, directory: Path, lock: int, java: Path, jars: tuple[Path, ...], *, may_fail: bool
    ) -> bool:
        """One start on freshly chosen ports; False when one was taken meanwhile and the attempt may fail."""
        chosen, controller = free_ports(2)
        self._port = self._given or chosen
        settings = server_properties(
            data=DATA, listeners=[Listener(self._port)], controller=Listener(controller)
        )
        (directory / SERVER_PROPERTIES).write_text(properties_text(settings), encoding="ascii")
        identity = stored_cluster_id(directory) or self._format(directory, lock, java, jars)
        remove = (directory, self.log) if self._ephemeral else ()
        since = self.log.stat().st_size
        self._process = Guarded(serve_command(java, jars), directory, self.log, lock, remove)
        if self._ready(self._process, identity):
            return True
        if may_fail and PORT_TAKEN in self._logged(since):
            return False
        raise BrokerFailed(f"the broker ended before it was ready: {self._last_words(since)}")

    def _format(self, directory: Path, lock: int, java: Path, jars: tuple[Path, ...]) -> str:
        """Makes the storage for a new cluster; its id."""
        identity = new_cluster_id()
        self._process = Guarded(format_command(java, jars, identity), directory, self.log, lock)
        if code := self._process.wait():
            raise BrokerFailed(f"no storage for the broker (exit code {code}): {self._last_words()}")
        self._process.stop()
        return identity

    def _ready(self, process: Guarded, identity: str) -> bool:
        """True once *this* broker has answered, False when it has ended; BrokerFailed after READY_S."""
        deadline = time.monotonic() + READY_S
        while not process.ended():
            answer = cluster(self._port, timeout_s=2.0)
            if answer and answer.brokers and answer.cluster_id == identity:
                return True
            if time.monotonic() > deadline:
                raise BrokerFailed(f"the broker did not answer within {READY_S:.0f} s (log: {self.log})")
            time.sleep(LOOK_S)
        process.stop()
        return False

    def _last_words(self, since: int = 0) -> str:
        """What the log tells of why java ended (from byte ``since``), and where the log is."""
        return f"{trouble(self._logged(since))} (log: {self.log})"

    def _logged(self, since: int) -> str:
        return self.log.read_bytes()[since:].decode("utf-8", "replace")

    def wait(self) -> None:
        """Blocks until the broker ends by itself, and then raises BrokerFailed; returns if none runs."""
        if self._process:
            raise BrokerFailed(f"the broker ended (exit code {self._process.wait()}): {self._last_words()}")

    def stop(self) -> None:
        """Ends the broker and returns when java has gone. Harmless when it was not started."""
        if self._process:
            self._process.stop()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
