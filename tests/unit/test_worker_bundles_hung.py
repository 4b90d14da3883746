"""A file system that hangs: reading never comes back, and neither alerts nor the end wait for it."""

import asyncio
import contextlib
import gc
import io
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from enrich.errors import BundleRefused
from tests.unit.models_fixture import House
from tests.unit.watched import Worker, log_lines, promoted_house, refused, told
from worker import bundles
from worker.aside import aside, awaited
from worker.bundles_watch import Watch
from worker.settings import Settings

DEADLINE_S = 30.0
SLOW_S = 0.05


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    with log_lines() as stream:
        yield stream


@pytest.fixture
def home(tmp_path: Path) -> House:
    return promoted_house(tmp_path)


class Held:
    """Stands for what was read of a bundle."""


class Mount:
    """A FIFO: whoever opens it to read waits until it is let go, as with a server that is gone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.held = False
        os.mkfifo(path)

    def hold(self) -> None:
        self.held = True

    def let_go(self) -> None:
        self.held = False
        os.close(os.open(self.path, os.O_RDWR | os.O_NONBLOCK))

    def asked(self) -> None:
        if self.held:
            with self.path.open("rb"):
                pass


def on(mount: Mount, path: Path) -> Path:
    """Return the path as one on that mount."""

    class There(type(path)):  # type: ignore[misc]
        def __fspath__(self) -> str:
            mount.asked()
            return str(self)

    there: Path = There(path)
    return there


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    made = Mount(tmp_path / "mount")
    yield made
    # Of the threads that the test left waiting, none may wait on in the next one.
    deadline = monotonic() + DEADLINE_S
    while any(thread.name == "bundles" for thread in threading.enumerate()):
        assert monotonic() < deadline
        made.let_go()


def hung(home: House, mount: Mount) -> Worker:
    """Return a worker whose directory of bundles lies on the mount."""
    worker = Worker(home)
    settings = worker.settings.model_copy(update={"bundle_dir": on(mount, worker.settings.bundle_dir)})
    parts: Any = (worker.current, worker.notes, worker.pulse, worker.metrics)
    worker.watch = Watch(settings, *parts, slow_s=SLOW_S)
    return worker


async def until(met: Callable[[], bool]) -> None:
    deadline = monotonic() + DEADLINE_S
    while not met():
        assert monotonic() < deadline
        await asyncio.sleep(0.01)


def test_a_look_that_does_not_come_back_is_told_once_and_counted_while_the_loop_goes_on(
    home: House, mount: Mount, logged: io.StringIO
) -> None:
    worker = hung(home, mount)
    home.promoted(home.another(2))
    mount.hold()

    async def body() -> None:
        look = asyncio.create_task(worker.watch.look())
        await until(lambda: refused(worker))
        done, _ = await asyncio.wait({look}, timeout=5 * SLOW_S)  # the loop is free, and it is told once
        assert not done
        look.cancel()

    asyncio.run(body())
    (line,) = told(logged, "bundle_failed")
    assert f"no answer for {SLOW_S:g} s: see to the file system" in line["reason"]
    assert (line["meaning"], worker.swaps("failed")) == ("the last good one stays", 1)
    assert (worker.current.now.context.bundle_id, worker.current.now.promotion) == (home.bundle.name, 1)


def test_what_hung_and_answers_is_taken(home: House, mount: Mount) -> None:
    worker = hung(home, mount)
    second = home.another(2)
    home.promoted(second)
    mount.hold()

    async def body() -> None:
        look = asyncio.create_task(worker.watch.look())
        await until(lambda: refused(worker))
        mount.let_go()
        await asyncio.wait_for(look, DEADLINE_S)

    asyncio.run(body())
    assert (worker.current.now.context.bundle_id, refused(worker)) == (second, False)


def test_a_look_that_hung_and_finds_nothing_new_leaves_nobody_degraded(home: House, mount: Mount) -> None:
    worker = hung(home, mount)
    worker.look(2)
    mount.hold()

    async def body() -> None:
        look = asyncio.create_task(worker.watch.look())
        await until(lambda: refused(worker))
        mount.let_go()
        await asyncio.wait_for(look, DEADLINE_S)

    asyncio.run(body())
    assert (worker.current.now.promotion, refused(worker)) == (1, False)


def test_the_end_waits_for_no_thread_that_hangs(home: House, mount: Mount) -> None:
    worker = hung(home, mount)
    mount.hold()

    async def body() -> None:
        look = asyncio.create_task(worker.watch.look())
        await until(lambda: refused(worker))
        look.cancel()

    asyncio.run(body())  # which waits for the threads of executors, before it comes back
    threads = [each for each in threading.enumerate() if each.name == "bundles"]
    assert [thread.daemon for thread in threads] == [True]  # nor does the interpreter


def test_a_start_gives_up_with_one_line(home: House, mount: Mount) -> None:
    settings = Settings(state=home.root)
    settings = settings.model_copy(update={"bundle_dir": on(mount, settings.bundle_dir)})
    mount.hold()
    with pytest.raises(BundleRefused, match=r"no answer for 0\.05 s: see to the file system") as raised:
        bundles.promoted(settings, within_s=SLOW_S)
    assert "\n" not in str(raised.value)


def test_what_work_aside_raises_is_raised_where_its_result_is_asked_for() -> None:
    def work() -> int:
        raise BundleRefused("refused")

    with pytest.raises(BundleRefused, match="refused"):
        aside(work, "test").result(DEADLINE_S)


def test_what_work_had_in_hand_when_it_raised_is_let_go_of_at_once() -> None:
    held: list[weakref.ref[Held]] = []

    def work() -> None:
        content = Held()
        held.append(weakref.ref(content))
        raise BundleRefused("refused")

    async def body() -> None:
        for _ in range(3):
            with contextlib.suppress(BundleRefused):
                await awaited(aside(work, "test"), DEADLINE_S, lambda: None)

    gc.disable()  # an idle worker's never comes
    try:
        asyncio.run(body())
        assert [each() for each in held] == [None, None, None]
    finally:
        gc.enable()
