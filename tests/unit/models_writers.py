"""Processes that write to a store: to be raced against each other, kept short of room, and killed."""

import multiprocessing
import os
import resource
import signal
from pathlib import Path
from typing import Any

from enrich.errors import MillraceError
from models import trusted_keys
from models.files import locked
from models.signer import chosen_key
from tests.unit import tiny
from tests.unit.models_fixture import House

# Fitted before the server forks: a writer is there in milliseconds, not after two seconds of imports.
tiny.models()
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__])


def opened(root: Path) -> House:
    """Return the state directory as a process of its own finds it."""
    key = chosen_key(root / "keys", trusted_keys(root / "trust"))
    return House(root, key, root / "bundles")


def promote_often(root: Path, bundle_id: str, who: str, times: int) -> None:
    mine = opened(root)
    for i in range(times):
        mine.promoted(bundle_id, str(i), who=who)


def promote_at(root: Path, bundle_id: str, gate: Any, told: Any) -> None:
    """Promote when all others are ready to; say what came of it."""
    mine = opened(root)
    gate.wait(60)
    try:
        mine.promoted(bundle_id)
        told.put("promoted")
    except MillraceError as error:
        told.put(str(error))


def add_each(root: Path, seeds: list[int]) -> None:
    mine = opened(root)
    for seed in seeds:
        mine.another(seed)


def add_and_promote_for_ever(root: Path, first: int, ready: Any, told: Any) -> None:
    """Add a bundle and promote it, again and again. told: the last sequence that was written."""
    mine = opened(root)
    ready.set()
    for seed in range(first, first + 10_000):
        told.value = mine.promoted(mine.another(seed)).sequence


def write_within(root: Path, limit: int, what: str, said: Any) -> None:
    """Add or promote while no file can grow above so many bytes; say what came of it."""
    mine = opened(root)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        mine.another(99) if what == "add" else mine.promoted(mine.store.list()[0])
        said.send("written")
    except MillraceError as error:
        said.send(f"{type(error).__name__}: {error}")


def hold_the_lock(directory: Path, held: Any) -> None:
    with locked(directory):
        held.set()
        signal.pause()


def lock_as(uid: int, directory: Path, said: Any) -> None:
    """Take the lock as this account; say so."""
    os.setuid(uid)
    with locked(directory):
        said.send("locked")
