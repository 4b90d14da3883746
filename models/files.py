"""Reading files that may have been tampered with, and writing files that are whole or not there at all."""

import errno
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from typing import Final

from enrich.errors import SettingsWrong

# What begins like this is half written: nobody reads it, a later writer takes it away.
STAGING: Final = ".staging-"
# No write takes nearly so long. What is younger may be another machine's, whose lock a network file system
# need not show us; clocks of two machines may differ, too.
LEFT_S: Final = 3600.0
# A bundle of 14 MB is written in a second, the largest allowed (1 GiB) in half a minute on a slow disk.
LOCK_S: Final = 60.0
_LOCK: Final = ".lock"
_LOCK_AGAIN_S: Final = 0.02
_NO_LINK: Final = os.O_CLOEXEC | os.O_NOFOLLOW


class Unreadable(Exception):
    """A file or directory cannot be taken as it is. ``str(error)`` says why, without the path.

    Private to ``models``: whoever catches it knows whose fault it is, and names path and remedy.
    """


@contextmanager
def directory_opened(path: Path) -> Iterator[int]:
    """Yield a descriptor of the directory; files are then opened relative to it.

    A directory that is exchanged meanwhile is not followed: the descriptor stays with the first one. Raises
    Unreadable when it is missing, no directory, or itself a symbolic link.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | _NO_LINK)
    except OSError as error:
        raise Unreadable(_reason(error)) from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def file_bytes(path: str | Path, limit: int, *, directory: int | None = None, follow: bool = False) -> bytes:
    """Return the whole content of a regular file, read once.

    limit: most bytes taken; a longer file is refused before it is read. directory: descriptor that a relative
    path starts from. follow: take a symbolic link for what it points at (only where the operator put it).
    Raises Unreadable: missing, a symbolic link, not a regular file (a FIFO does not block), too large.
    """
    # O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever. It changes nothing for a file.
    flags = os.O_RDONLY | os.O_NONBLOCK | (os.O_CLOEXEC if follow else _NO_LINK)
    try:
        descriptor = os.open(path, flags, dir_fd=directory)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise Unreadable("is not a regular file")
            if status.st_size > limit:
                raise Unreadable(f"is {status.st_size} bytes long, more than the {limit} expected")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                # One byte more than allowed: a file that grows while it is read is seen.
                content = file.read(limit + 1)
        finally:
            # By hand: fdopen closes nothing where it refuses what was opened, a directory for one.
            os.close(descriptor)
    except OSError as error:
        raise Unreadable(_reason(error)) from None
    if len(content) > limit:
        raise Unreadable(f"is longer than the {limit} bytes expected")
    return content


def write_new(path: Path, content: bytes, mode: int) -> None:
    """Write a file that must not exist yet, with its mode from the first moment, down to the disk.

    Raises FileExistsError. A file that could not be written whole is taken away again.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def replace_file(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Put the content at path in one step: a reader, also after a crash, sees the old file or the new one.

    Two writers of one path must hold ``locked`` of its directory.
    """
    clear_staging(path.parent)
    staged = staging(path)
    write_new(staged, content, mode)
    try:
        staged.replace(path)
    except OSError:
        staged.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def staging(path: Path) -> Path:
    """Return a new hidden name beside the path, which no other writer has."""
    return path.with_name(f"{STAGING}{path.name}-{secrets.token_hex(8)}")


def clear_staging(directory: Path) -> None:
    """Take away what killed writers have left behind, an hour ago at least. Links are not followed."""
    for left in directory.glob(f"{STAGING}*"):
        with suppress(FileNotFoundError):  # another writer was quicker
            status = left.lstat()
            if time.time() - status.st_mtime < LEFT_S:
                continue
            if stat.S_ISDIR(status.st_mode):
                rmtree(left)
            else:
                left.unlink()


@contextmanager
def locked(directory: Path, wait_s: float = LOCK_S) -> Iterator[None]:
    """Hold the directory's lock; it ends with its process.

    It spares writers of one machine a second try. Nothing relies on it: over a network it may hold nobody.
    Raises SettingsWrong when another process has it for so long: whoever can read here can hold it for ever.
    """
    path = directory / _LOCK
    try:
        # Linux makes a flock over NFS a lock of bytes (flock(2)), for which a file must be open for writing.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o644)
    except PermissionError:
        # The file of another account: on a local file system it can be locked all the same. O_NONBLOCK: or
        # a FIFO in its place would have us wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | _NO_LINK)
    until_s = time.monotonic() + wait_s
    try:
        while not _took(descriptor):
            if time.monotonic() > until_s:
                raise SettingsWrong(
                    f"{path}: another process has held it for {wait_s:g} s: end it (`fuser {path}`), or wait"
                )
            time.sleep(_LOCK_AGAIN_S)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def writing(directory: Path) -> Iterator[None]:
    """Turn what the system refuses meanwhile (no right, disk full) into one line for the operator."""
    try:
        yield
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
        raise SettingsWrong(f"{error.filename or directory}: cannot be written ({why})") from None


def sync_directory(directory: Path) -> None:
    """Make the directory's entries (new names, renames) outlive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _took(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _reason(error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "is missing"
    if error.errno == errno.ELOOP:
        return "is a symbolic link"
    if error.errno == errno.EISDIR:
        return "is not a regular file"
    if error.errno == errno.ENOTDIR:
        # what O_DIRECTORY with O_NOFOLLOW answers for a link as well
        return "is a symbolic link or not a directory"
    return f"cannot be read ({os.strerror(error.errno or 0).lower()})"
