"""The promotions of a store: signed records by number, of which the highest holds.

    <bundles>/promotions/<sequence>.json     see ``models.promotion``; none is ever changed

A record that is broken, forged or of another installation is refused, never passed over for the one below it:
that would let whoever can write here go back to an older bundle. A new one is judged and written under the
directory's lock; where that holds nobody, as over a network, its number is free or it is judged again.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from enrich.errors import BundleRefused
from models.blobs import Blobs, Directory
from models.files import Unreadable
from models.keys import SigningKey, Trust
from models.promotion import (
    RECORD_LIMIT,
    SEQUENCE_LIMIT,
    Promotion,
    promotion_from,
    record_name,
    record_sequence,
    signed,
)

PROMOTIONS: Final = "promotions"
# Who has no key can still write a file of any number. A promotion above it would use up the numbers for good:
# whatever workers have used, they keep. Nobody promotes so often (a million: every minute for two years).
AHEAD_LIMIT: Final = 1_000_000


class Recorded(NamedTuple):
    """A line of the history. promotion: None where the record is refused; problem then says why."""

    sequence: int
    promotion: Promotion | None
    problem: str | None


class Records:
    """See the module. installation: whose records count here; "": all that are signed."""

    def __init__(self, directory: Path, installation: str = "") -> None:
        self.directory: Final = directory
        self.installation: Final = installation
        self._blobs: Final[Blobs] = Directory(directory)

    def path(self, sequence: int) -> Path:
        """Return where the record of this number stands."""
        return self.directory / record_name(sequence)

    def last(self) -> int:
        """Return the highest number that a record has, good or not; 0: there is none."""
        return max(self._sequences(), default=0)

    def read(self, sequence: int, trust: Trust) -> Promotion:
        """Return a record, proved. Raises BundleRefused in one line."""
        path = self.path(sequence)
        try:
            content = self._blobs.read(path.name, RECORD_LIMIT)
        except Unreadable as error:
            raise BundleRefused(f"{path}: {error}: promote a bundle again") from None
        record = promotion_from(content, path, trust)
        if self.installation and record.installation not in ("", self.installation):
            raise BundleRefused(
                f"{path}: is for installation {record.installation!r}, this one is {self.installation!r} "
                "(setting `source`): remove it, and promote here"
            )
        return record

    def newest_first(self, trust: Trust) -> Iterator[Recorded]:
        """Yield every record, read when it is asked for; one that is refused with the reason."""
        for sequence in sorted(self._sequences(), reverse=True):
            try:
                yield Recorded(sequence, self.read(sequence, trust), None)
            except BundleRefused as error:
                yield Recorded(sequence, None, str(error))

    def good(self, trust: Trust) -> Iterator[Promotion]:
        """Yield the records that are good, newest first."""
        return (each.promotion for each in self.newest_first(trust) if each.promotion is not None)

    def add(
        self,
        made: Callable[[int, Promotion | None], Promotion],
        key: SigningKey,
        trust: Trust,
        after: int = 0,
        only_above: int | None = None,
    ) -> Promotion:
        """Write the record that ``made`` gives for a number and the newest good record; return it.

        made: judges, too; asked again where another writer was quicker. after: the number is above this one.
        only_above: refuse if another than this one is the highest by now; None: any will do.
        Raises BundleRefused, SettingsWrong.
        """
        while True:
            with self._blobs.alone():
                highest = self.last()
                if only_above not in (None, highest):
                    raise BundleRefused(
                        f"{self.directory.parent}: somebody promoted {highest} meanwhile: look again "
                        "(`millrace models list`)"
                    )
                before = next(self.good(trust), None)
                record = made(self._next(highest, before, after), before)
                path = self.path(record.sequence)
                content = signed(record, key)
                # As its readers will: a record that no worker believes helps nobody.
                promotion_from(content, path, trust)
                if self._blobs.put(path.name, content):
                    return record

    def _next(self, highest: int, good: Promotion | None, after: int) -> int:
        last = max(highest, after)
        if last >= SEQUENCE_LIMIT:
            raise BundleRefused(f"{self.path(last)}: leaves no higher sequence to promote with: remove it")
        if last - max(after, good.sequence if good else 0) > AHEAD_LIMIT:
            raise BundleRefused(
                f"{self.path(last)}: refused, and far above every promotion that is good: remove it"
            )
        return last + 1

    def _sequences(self) -> list[int]:
        try:
            found = (record_sequence(name) for name in self._blobs.names())
            return [each for each in found if each is not None]
        except Unreadable as error:
            raise BundleRefused(f"{self.directory}: {error}: promotions cannot be read") from None
