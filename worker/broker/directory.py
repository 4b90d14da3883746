"""The directory a broker keeps its data in: one broker at a time, checked with a lock that java holds.

DIR/lock                    locked while guard or java live (the descriptor is handed down to both)
DIR/server.properties       written anew at each start
DIR/data/meta.properties    the cluster id; there once the storage has been formatted
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from enrich.errors import SettingsWrong

DATA: Final = "data"
EPHEMERAL: Final = "ephemeral-"


def claim(directory: Path) -> int:
    """Makes the directory where it is missing, and locks it; the descriptor whose life is the lock's.

    Raises SettingsWrong when another broker has it, or it cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "tmp").mkdir(exist_ok=True)
        lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SettingsWrong(f"{directory}: no broker data can be kept here ({error.strerror})") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise SettingsWrong(
            f"{directory}: another broker runs on this data; stop it, or use --fresh"
        ) from error
    return lock


def claim_ephemeral(root: Path) -> tuple[Path, int]:
    """A new directory under ``root`` and its lock. What dead brokers left there is deleted first."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix="new-", dir=root))
    except OSError as error:
        raise SettingsWrong(f"{root}: no broker data can be kept here ({error.strerror})") from error
    for old in root.glob(f"{EPHEMERAL}*"):
        with contextlib.suppress(SettingsWrong):
            lock = claim(old)
            shutil.rmtree(old, ignore_errors=True)
            os.close(lock)
    lock = claim(made)  # before it gets the name under which another start would look at it
    return made.rename(root / (EPHEMERAL + made.name.removeprefix("new-"))), lock


def stored_cluster_id(directory: Path) -> str | None:
    """The id of the cluster whose data is here, None when there is none yet."""
    try:
        text = (directory / DATA / "meta.properties").read_text(encoding="latin-1")
    except FileNotFoundError:
        return None
    stated = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return stated.get("cluster.id")
