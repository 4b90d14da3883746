"""The fault ledger's own parts: a harness that does no harm would find no loss."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.cluster import coordinator_partition
from tests.faults.crew import Crew
from tests.faults.proxy import Proxies

ROOT = Path(__file__).parents[2]
WAIT_S = 20.0


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not what():
        assert time.monotonic() < deadline, f"not within {WAIT_S:g} s"
        time.sleep(0.01)


@pytest.fixture
def echo() -> Iterator[int]:
    """A port that gives back what it is sent."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                one, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(one,), daemon=True).start()

    def answer(one: socket.socket) -> None:
        with one:
            try:
                while data := one.recv(4096):
                    one.sendall(data)
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.close()


@pytest.fixture
def proxies(echo: int) -> Iterator[Proxies]:
    proxies = Proxies(1)
    proxies.start([echo])
    yield proxies
    proxies.close()


def asked(one: socket.socket, text: bytes = b"hello") -> bytes:
    one.sendall(text)
    return one.recv(4096)


def broken(one: socket.socket) -> bool:
    """Whether the connection ends, in order or not, when it is used."""
    try:
        return asked(one) == b""
    except ConnectionError:
        return True


def connected(proxies: Proxies) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxies.ports[0]), WAIT_S)


def test_a_proxy_passes_what_it_is_given(proxies: Proxies) -> None:
    with connected(proxies) as one:
        assert asked(one) == b"hello"


def test_a_cut_breaks_the_connections_that_are_there_and_lets_new_ones_pass(proxies: Proxies) -> None:
    with connected(proxies) as one:
        assert asked(one) == b"hello"
        assert proxies.cut() == 1
        assert broken(one)
    with connected(proxies) as two:
        assert asked(two) == b"hello"


def test_a_refusal_lasts_until_it_is_taken_back(proxies: Proxies) -> None:
    proxies.refuse(True)
    with connected(proxies) as one:
        assert broken(one)
    proxies.refuse(False)
    with connected(proxies) as two:
        assert asked(two) == b"hello"


def test_silence_keeps_what_is_sent_until_it_is_over(proxies: Proxies) -> None:
    with connected(proxies) as one:
        assert asked(one) == b"hello"
        proxies.silence(True)
        one.sendall(b"kept")
        one.settimeout(0.3)
        with pytest.raises(TimeoutError):
            one.recv(4096)
        proxies.silence(False)
        one.settimeout(WAIT_S)
        assert one.recv(4096) == b"kept"


def test_a_delay_is_that_long_in_each_direction(proxies: Proxies) -> None:
    with connected(proxies) as one:
        proxies.delay(0.2)
        began = time.monotonic()
        assert asked(one) == b"hello"
        assert time.monotonic() - began >= 0.4


SAYS = 'print(\'{"event": "assigned", "partitions": [0]}\', flush=True)'
ENDS = ("-c", f"import sys; {SAYS}; sys.exit(3)")
STAYS = ("-c", f"import time; {SAYS}; time.sleep(600)")


def test_a_worker_that_ends_is_started_again_and_its_code_is_told(tmp_path: Path) -> None:
    crew = Crew(ENDS, os.environ, tmp_path, 1)
    crew.start()
    try:
        wait_for(lambda: crew.restarts >= 1)
    finally:
        crew.close()
    assert set(crew.ended) == {3}


def test_a_worker_that_is_killed_is_started_again_and_has_not_ended_by_itself(tmp_path: Path) -> None:
    crew = Crew(STAYS, os.environ, tmp_path, 2)
    crew.start()
    try:
        wait_for(lambda: [worker.assigned() for worker in crew.alive()] == [frozenset({0})] * 2)
        crew.kill(crew.workers[1])
        wait_for(lambda: crew.restarts == 1 and len(crew.alive()) == 2)
    finally:
        crew.close()
    assert not crew.ended
    assert not crew.alive()


def test_a_worker_that_leaves_is_not_started_again(tmp_path: Path) -> None:
    crew = Crew(STAYS, os.environ, tmp_path, 2)
    crew.start()
    try:
        wait_for(lambda: len(crew.alive()) == 2)
        crew.leave(crew.workers[0])
        wait_for(lambda: crew.alive() == [crew.workers[1]])
    finally:
        crew.close()
    assert crew.restarts == 0


def test_a_worker_ends_with_the_harness_however_that_ends(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, signal, time\n"
        "from tests.faults.crew import Crew\n"
        f"crew = Crew({STAYS!r}, os.environ, pathlib.Path({str(tmp_path)!r}), 1)\n"
        "crew.start()\n"
        "while not crew.alive() or not crew.workers[0].assigned(): time.sleep(0.01)\n"
        "print(crew.workers[0].process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    pid = int(done.stdout)
    wait_for(lambda: not running(pid))


def running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_the_coordinator_of_a_group_is_found_as_java_hashes_it() -> None:
    assert [coordinator_partition(group, 50) for group in ("hello", "a", "")] == [22, 47, 0]


def test_the_far_end_imports_nothing_of_the_worker_but_the_embedded_broker() -> None:
    script = (
        "import sys, tests.faults.__main__\n"
        "print(*(m for m in sys.modules if m.split('.')[0] in ('worker', 'faust', 'aiokafka', 'models')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, timeout=60, check=True
    )
    names = done.stdout.decode().split()
    assert [name for name in names if not name.startswith("worker.broker") and name != "worker"] == []
