"""Starts the broker, says when it is ready, and ends it."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from worker.broker.directory import DATA, claim, claim_ephemeral
from worker.broker.errors import BrokerFailed
from worker.broker.jars import absent, from_maven, jars_directory, pinned, verified
from worker.broker.java import java_program
from worker.broker.log import begin
from worker.broker.node import Node
from worker.broker.properties import Listener
from worker.broker.ready import HOST, check_free, free_ports

STARTS: Final = 5  # a chosen port may be taken by somebody else between choosing and listening
PORT_TAKEN: Final = "Address already in use"


class EmbeddedBroker:
    """One Kafka node on loopback, alive at most as long as this process.

    ``state_dir``: the state directory; data goes to ``broker/data/main`` in it, the log to ``broker/log``.
    ``port``: for clients; None: a free one. ``ephemeral``: data of its own, deleted at the end. ``data``:
    another directory for the data. ``jars``: where jars are kept, if not in ``jars_directory()``. ``say`` is
    told of what takes long. ``listeners``: further ones beside PLAINTEXT; port 0: a free one. ``extra``:
    further server properties.

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
        listeners: Sequence[Listener] = (),
        extra: Mapping[str, str] | None = None,
    ) -> None:
        self._root = state_dir.absolute() / "broker"
        self._given = port
        self._ephemeral = ephemeral
        self._data = data.absolute() if data else self._root / DATA / "main"
        self._jars = (jars or jars_directory()).absolute()
        self._say = say
        self._further = tuple(listeners)
        self._extra = extra
        self._node: Node | None = None
        self.log = self._root / "log" / "main.log"

    @property
    def bootstrap(self) -> str:
        """``host:port``, once started."""
        return self.address("PLAINTEXT")

    def address(self, listener: str) -> str:
        """``host:port`` of the listener with this name, once started."""
        if self._node is None:
            raise BrokerFailed("the broker does not run")
        return self._node.listeners[listener].address

    def start(self) -> None:
        """Returns when a metadata request has been answered."""
        java_program()
        if self._given is not None:
            check_free(self._given)
        table = pinned()
        if missing := absent(self._jars, table):
            self._say(f"fetching Apache Kafka once: {len(missing)} jars, 44 MB in all, to {self._jars}")
        verified(self._jars, table, from_maven)
        root = self._root / DATA
        directory, lock = claim_ephemeral(root) if self._ephemeral else (self._data, claim(self._data))
        try:
            self.log = begin(self._root / "log" / f"{directory.name}.log")
            for left in reversed(range(STARTS)):
                if self._attempt(directory, lock, may_fail=left > 0):
                    return
        except BaseException:
            self.stop()
            raise
        finally:
            os.close(lock)  # guard and java have it

    def _attempt(self, directory: Path, lock: int, *, may_fail: bool) -> bool:
        """One start on freshly chosen ports; False when one was taken meanwhile and the attempt may fail."""
        chosen, controller, *more = free_ports(2 + len(self._further))
        further = [
            each._replace(port=each.port or port) for each, port in zip(self._further, more, strict=True)
        ]
        self._node = Node(
            directory,
            [Listener(self._given or chosen, host=HOST), *further],
            Listener(controller),
            extra=self._extra,
            log=self.log,
            jars=self._jars,
            remove=(directory, self.log) if self._ephemeral else (),
        )
        self._node.launch(lock)
        try:
            self._node.wait_ready()
        except BrokerFailed:
            if may_fail and self._node.ended() and PORT_TAKEN in self._node.logged():
                self._node.stop()
                return False
            raise
        return True

    def wait(self) -> None:
        """Blocks until the broker ends by itself, and then raises BrokerFailed; returns if none runs."""
        if self._node:
            raise BrokerFailed(f"the broker ended (exit code {self._node.wait()}): {self._node.last_words()}")

    def stop(self) -> None:
        """Ends the broker and returns when java has gone. Harmless when it was not started."""
        if self._node:
            self._node.stop()
            self._node = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
