"""Stages of a training: told, timed, and kept, so that one that was cut off goes on where it was.

What is kept hangs on everything that it was made from: corpora, options, the code of this side and of the
core, and the libraries. It is the trainer's own, in the state directory: pickles that nobody else may write.
"""

import os
import platform
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from importlib import resources
from importlib.metadata import version
from os import replace
from pathlib import Path
from secrets import token_hex
from shutil import rmtree
from stat import S_ISDIR
from time import monotonic
from typing import Any, Final, TypeVar

import joblib

from enrich.errors import SettingsWrong
from models.files import write_new
from models.pickled import dumped
from training.reports.sections import Stage

T = TypeVar("T")
# (what is done, how much of it, of how much; 0: not known)
Tell = Callable[[str, int, int], None]


def quiet(what: str, done: int, of: int) -> None:
    """Tell nobody."""


class Stages:
    """Runs stages. told: those that ran, in order. directory: None keeps nothing."""

    def __init__(self, directory: Path | None, tell: Tell = quiet, before: Iterable[Stage] = ()) -> None:
        self._directory: Final = directory
        self._tell: Final = tell
        self.told: Final[list[Stage]] = list(before)

    @contextmanager
    def timed(self, name: str, rows: int = 0) -> Iterator[Callable[[int], None]]:
        """Tell and time a stage; yields what tells how many rows are done."""
        self._tell(name, 0, rows)
        began = monotonic()
        yield lambda done: self._tell(name, done, rows)
        self.told.append(Stage(name, round(monotonic() - began, 1), rows))

    def kept(self, name: str, key: str, make: Callable[[Callable[[int], None]], T], rows: int = 0) -> T:
        """Return what a stage makes, of an earlier run where that had the same key (``key_of``).

        What is made is read back, too: a training that was cut off must not differ from one that was not.
        Raises SettingsWrong where it cannot be kept.
        """
        path = None if self._directory is None else self._directory / f"{key}.joblib"
        with self.timed(name, rows) as tell:
            if path is None:
                return make(tell)
            _own(path.parent)
            if (found := _read(path)) is not None:
                held: T = found[0]
                return held
            content = dumped((make(tell),))
            try:
                write_new(staged := path.with_name(f".{token_hex(8)}.part"), content, 0o600)
                replace(staged, path)
            except OSError as error:
                raise SettingsWrong(
                    f"{path.parent}: {error.strerror}: stages of a training are kept here: make room, or "
                    "name another directory in MILLRACE_STATE"
                ) from None
            made: T = joblib.load(path)[0]
            return made

    def forget(self) -> None:
        """Remove what is kept: the training is done."""
        if self._directory is not None:
            rmtree(self._directory, ignore_errors=True)


def _own(directory: Path) -> None:
    """Make the directory, or see that nobody else may write there: whoever may, decides what runs here.

    Raises SettingsWrong.
    """
    for each in (directory.parent, directory):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = each.lstat()
        if not S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise SettingsWrong(
                f"{each}: stages of a training are kept here, for its owner alone: remove it, or chmod 700"
            )


def _read(path: Path) -> tuple[Any] | None:
    """Return what is kept there; None where there is nothing, or what a run that died left half written."""
    if path.is_symlink() or not path.exists():
        return None
    with suppress(Exception):  # a pickle that was cut off raises whatever stands there
        found = joblib.load(path)
        if type(found) is tuple and len(found) == 1:
            return found
    return None


def key_of(*parts: object) -> str:
    """Return the hash of these parts, of the code and of the libraries, 32 hex digits."""
    return blake2b(repr((parts, code())).encode(), digest_size=16).hexdigest()


def code() -> str:
    """Return a hash of what models are made with: sources of ``training`` and ``enrich``, libraries."""
    digest = blake2b(digest_size=16)
    for package in ("enrich", "training"):
        root = Path(str(resources.files(package)))
        for file in sorted(root.rglob("*")):
            if file.suffix in (".py", ".toml", ".json"):
                digest.update(str(file.relative_to(root)).encode() + b"\x00" + file.read_bytes() + b"\x00")
    for name in ("scikit-learn", "numpy", "pandas", "joblib", "scipy"):
        digest.update(f"{name}={version(name)}".encode())
    digest.update(platform.python_version().encode())
    return digest.hexdigest()
