"""The joint to whatever keeps promotions: names to bytes, and a put that never overwrites.

``Blobs`` is all that the store asks for. Here a directory stands behind it; an object store can, with a list
by prefix, a get, and a put on condition (``If-None-Match: *``). Bundles need no more: their names are their
content, so what ``Store.path`` returns may as well be a local copy, fetched from anywhere.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final, Protocol

from models.files import (
    Unreadable,
    clear_staging,
    directory_opened,
    file_bytes,
    locked,
    staging,
    sync_directory,
    write_new,
    writing,
)


class Blobs(Protocol):
    """Small contents under names of one level; a content that is there never changes."""

    def names(self) -> tuple[str, ...]:
        """Return the names that are there, sorted. Raises Unreadable."""
        ...

    def read(self, name: str, limit: int) -> bytes:
        """Return the content, at most so many bytes. Raises Unreadable: missing, longer, no plain file."""
        ...

    def alone(self) -> AbstractContextManager[None]:
        """Keep other writers off meanwhile, as far as can be; ``put`` is right without it.

        Raises SettingsWrong: no right to write, or another writer does not come to an end.
        """
        ...

    def put(self, name: str, content: bytes) -> bool:
        """Keep the content, whole or not at all; False, and nothing changed, if the name holds another.

        Raises SettingsWrong: no right to write, disk full.
        """
        ...


class Directory:
    """Blobs as files. Readers need no lock and no right to write; the system must know hard links."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path

    def names(self) -> tuple[str, ...]:
        """See Blobs; hidden names are none. A directory that is missing holds nothing."""
        if not os.path.lexists(self.path):
            return ()
        with directory_opened(self.path) as descriptor:
            return tuple(sorted(name for name in os.listdir(descriptor) if not name.startswith(".")))

    def read(self, name: str, limit: int) -> bytes:
        """See Blobs."""
        with directory_opened(self.path) as descriptor:
            return file_bytes(name, limit, directory=descriptor)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See Blobs: the directory's lock, which writers on other machines may not feel."""
        with writing(self.path):
            self.path.mkdir(mode=0o755, parents=True, exist_ok=True)
            with locked(self.path):
                yield

    def put(self, name: str, content: bytes) -> bool:
        """See Blobs. What a killed writer left behind long ago is taken away first."""
        with writing(self.path):
            self.path.mkdir(mode=0o755, parents=True, exist_ok=True)
            clear_staging(self.path)
            staged = staging(self.path / name)
            write_new(staged, content, 0o644)
            try:
                # A second name for a whole file: unlike a rename it fails where the name is taken.
                os.link(staged, self.path / name)
            except FileExistsError:
                # Over a network the reply to a link that was made may be lost, and the second try finds
                # the name taken: by this very content.
                if not self._holds(name, content):
                    return False
            finally:
                staged.unlink(missing_ok=True)
            sync_directory(self.path)
            sync_directory(self.path.parent)
        return True

    def _holds(self, name: str, content: bytes) -> bool:
        try:
            return self.read(name, len(content)) == content
        except Unreadable:
            return False
