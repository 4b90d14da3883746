"""Files of corpora, gzip or not, line by line or whole; broken ones are refused by file and row."""

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NoReturn, cast

import orjson

from enrich.errors import CorpusRefused
from enrich.formats import Formats
from training.place import Place

# What one line, and one file that is read whole, may have. MITRE's bundle has 50 MB; a rule has 10 kB.
MOST_LINE: Final = 16 * 1_048_576
MOST_WHOLE: Final = 256 * 1_048_576
# Rows of one corpus: a table of so many flows takes about 2 GB. Larger sets come in parts of their own.
MOST_ROWS: Final = 1_000_000
TOLD_EVERY: Final = 1_000

Tell = Callable[[str, int], None]


def quiet(path: str, rows: int) -> None:
    """Tell nobody."""


class Reading:
    """What one run of reading shares: names for people, progress, and what was left out.

    root: paths are shown relative to it. tell: told file and rows read of it. deprecated: whether rules that
    their authors have given up are rows, too. authors: whose verdicts count. formats: by what originals are
    read; None: those that come with Millrace. notes: lines for people.
    """

    def __init__(
        self,
        root: Path,
        tell: Tell = quiet,
        deprecated: bool = False,
        authors: Collection[str] = (),
        formats: Formats | None = None,
    ) -> None:
        self.root: Final = root
        self.deprecated: Final = deprecated
        self.authors: Final = authors
        self.formats: Final = formats
        self.left_out: Final[Counter[str]] = Counter()
        self.notes: Final[list[str]] = []
        self._tell: Final = tell

    def shown(self, path: Path) -> str:
        """Return a path as people know it."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name

    def told(self, place: Place) -> Place:
        """Tell about progress, now and then, and return the place."""
        if place.row % TOLD_EVERY == 0 or place.row == 1:
            self._tell(place.path, place.row)
        if place.row > MOST_ROWS:
            place.refuse(f"more than {MOST_ROWS:,} rows: give a part of the file")
        return place

    def objects(self, path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
        """Yield the JSON object of each line that is not blank."""
        for place, line in self.lines(path):
            if line.strip():
                yield self.told(place), json_object(line, place)

    def lines(self, path: Path) -> Iterator[tuple[Place, bytes]]:
        """Yield each line without its end. Raises CorpusRefused where a file breaks off."""
        shown, number = self.shown(path), 0
        try:
            with opened(path) as stream:
                while line := stream.readline(MOST_LINE + 1):
                    number += 1
                    if len(line) > MOST_LINE:
                        Place(shown, number).refuse(f"a line of more than {MOST_LINE:,} bytes")
                    yield Place(shown, number), line.rstrip(b"\r\n")
        except (OSError, EOFError, zlib.error) as error:
            broken(error, Place(shown, number + 1))

    def whole(self, path: Path, most: int = MOST_WHOLE) -> str:
        """Return the text of a file."""
        place = Place(self.shown(path), 1)
        try:
            with opened(path) as stream:
                content = stream.read(most + 1)
        except (OSError, EOFError, zlib.error) as error:
            broken(error, place)
        if len(content) > most:
            place.refuse(f"more than {most:,} bytes")
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            Place(place.path, content.count(b"\n", 0, error.start) + 1).refuse("not UTF-8")

    def table(self, path: Path, needed: tuple[str, ...]) -> Iterator[tuple[Place, dict[str, str]]]:
        """Yield the rows of a CSV file by the names of its columns, blanks around names and cells left out.

        Rows count from the header, which is row 1. Raises CorpusRefused for a column that is missing or
        there twice, and a row with more or fewer cells.
        """
        shown = self.shown(path)
        rows = csv.reader(self._texts(path), strict=True)
        names: list[str] = []
        number = 0
        try:
            for number, cells in enumerate(rows, start=1):
                place = self.told(Place(shown, number))
                if not names:
                    names = header(cells, needed, place)
                elif len(cells) != len(names):
                    place.refuse(f"{len(cells)} cells under {len(names)} columns")
                else:
                    yield place, dict(zip(names, (cell.strip() for cell in cells), strict=True))
        except csv.Error as error:
            Place(shown, number + 1).refuse(f"no CSV: {error}")
        if number < 2:
            Place(shown, 1).refuse("no rows")

    def _texts(self, path: Path) -> Iterator[str]:
        for place, line in self.lines(path):
            try:
                text = line.decode("utf-8-sig" if place.row == 1 else "utf-8")
            except UnicodeDecodeError:
                place.refuse("not UTF-8")
            if text or place.row == 1:
                yield text + "\n"


def header(cells: list[str], needed: tuple[str, ...], place: Place) -> list[str]:
    """Return the names of the columns."""
    names = [cell.strip() for cell in cells]
    for name in names:
        if names.count(name) > 1:
            place.refuse(f"column {name!r} is there twice")
    missing = [name for name in needed if name not in names]
    if missing:
        place.refuse(f"no column {', '.join(missing)}")
    return names


def json_object(line: bytes | str, place: Place) -> dict[str, Any]:
    """Return the JSON object that this is."""
    try:
        doc = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        place.refuse(f"no JSON: {error}")
    if type(doc) is not dict:
        place.refuse("no JSON object")
    return doc


def opened(path: Path) -> io.BufferedReader:
    """Return a stream of a file's content; gzip is known by its first bytes."""
    stream = path.open("rb")
    return cast(io.BufferedReader, gzip.open(stream)) if stream.peek(2)[:2] == b"\x1f\x8b" else stream


def start(path: Path, size: int = 4096) -> bytes:
    """Return how a file begins, as far as it can be read: a broken one is refused by its row later."""
    found = b""
    try:
        with opened(path) as stream:
            while len(found) < size and (part := stream.read1(size - len(found))):
                found += part
    except (OSError, EOFError, zlib.error):
        return found
    return found


def first_object(path: Path) -> Mapping[str, Any]:
    """Return the JSON object in a file's first line, empty where there is none."""
    line = start(path, 262_144).lstrip(b"\xef\xbb\xbf \r\n\t").partition(b"\n")[0]
    try:
        doc = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return doc if type(doc) is dict else {}


def first_columns(path: Path) -> frozenset[str]:
    """Return the names in a file's first line as of CSV."""
    line = start(path, 65_536).partition(b"\n")[0].decode("utf-8-sig", "replace")
    cells = next(csv.reader(io.StringIO(line)), [])
    return frozenset(cell.strip() for cell in cells)


def broken(error: Exception, place: Place) -> NoReturn:
    """Raise CorpusRefused for a file that cannot be read to its end."""
    if isinstance(error, CorpusRefused):
        raise error
    if isinstance(error, gzip.BadGzipFile | EOFError | zlib.error):
        place.refuse("the gzip file is broken off or damaged here: get it again")
    place.refuse(f"cannot be read: {getattr(error, 'strerror', None) or error}")
