"""Lines of a file or of standard input, gzip read transparently, for `send` and `score`."""

import gzip
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, cast

import orjson

from enrich.errors import SettingsWrong


def numbered_lines(file: Path, strip: Sequence[str] = ()) -> Iterator[tuple[int, bytes]]:
    """Return an iterator of (line number from 1, bytes without the line end) of every line that is not blank.

    file: ``-`` is standard input; gzip is known by its first bytes. strip: top-level keys taken out of lines
    that are JSON objects (labels, say); such lines are written again by orjson.
    Raises SettingsWrong: at once for a file that cannot be read, and where gzip breaks off.
    """
    return _numbered(_open(file), file, strip)


def _numbered(opened: IO[bytes], file: Path, strip: Sequence[str]) -> Iterator[tuple[int, bytes]]:
    with opened as stream:
        number = 0
        try:
            for number, line in enumerate(stream, start=1):
                text = line.rstrip(b"\r\n")
                if text.strip():
                    yield number, without_keys(text, strip) if strip else text
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise SettingsWrong(f"{file}: broken gzip after line {number}: {error}") from None


def without_keys(line: bytes, keys: Sequence[str]) -> bytes:
    """Return the JSON object without these keys; the same bytes where it is no object or has none of them."""
    try:
        doc = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line
    if not isinstance(doc, dict) or not any(key in doc for key in keys):
        return line
    return orjson.dumps({key: value for key, value in doc.items() if key not in keys})


def _open(file: Path) -> IO[bytes]:
    try:
        stream = sys.stdin.buffer if str(file) == "-" else file.open("rb")
        magic = stream.peek(2)[:2]  # type: ignore[union-attr] # both are BufferedReaders; a pipe cannot seek
    except OSError as error:
        raise SettingsWrong(
            f"{file}: {error.strerror}: name a file that can be read, or - for input"
        ) from None
    return cast(IO[bytes], gzip.open(stream)) if magic == b"\x1f\x8b" else stream
