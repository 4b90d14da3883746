"""The store: a directory of bundles by id, and the signed records of which one is in force.

    <bundles>/<bundle id>/…                  bundles, see ``models.bundle``
    <bundles>/promotions/<sequence>.json     promotions, see ``models.promotion``; none is ever changed

The record with the highest sequence holds. One that is broken or forged is refused, never passed over for the
one below it: that would let whoever can write here go back to an older bundle. What a directory cannot prove
is that its newest records are still there; so readers keep the highest sequence that they have seen, and ask
with ``at_least``.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import AwareDatetime

from enrich.errors import BundleRefused
from enrich.score import Models
from models import bundle
from models.admission import admit
from models.blobs import Blobs, Directory
from models.bundle import Verified
from models.files import Unreadable, directory_opened
from models.keys import SigningKey, Trust
from models.manifest import Facts
from models.promotion import (
    RECORD_LIMIT,
    SEQUENCE_LIMIT,
    Promotion,
    promotion,
    promotion_from,
    record_name,
    record_sequence,
    signed,
)

PROMOTIONS: Final = "promotions"
# Who has no key can still write a file of any number. A promotion above it would use up the numbers for good:
# whatever workers have used, they keep. Nobody promotes so often (a million: every minute for two years).
AHEAD_LIMIT: Final = 1_000_000
# What stood here before promotions were signed.
UNSIGNED: Final = "promotion.json"
_ID: Final = re.compile(r"[0-9a-f]{16}")


class Recorded(NamedTuple):
    """A line of the history. promotion: None where the record is refused; problem then says why."""

    sequence: int
    promotion: Promotion | None
    problem: str | None


class Store:
    """See the module. Safe for several writers; readers need no lock and no right to write."""

    def __init__(self, directory: Path) -> None:
        self.directory: Final = directory
        self._records: Final[Blobs] = Directory(directory / PROMOTIONS)

    def add(self, models: Models, facts: Facts, key: SigningKey) -> str:
        """Write a signed bundle, not promoted yet; return its id. See ``bundle.write``."""
        return bundle.write(self.directory, models, facts, key)

    def list(self) -> tuple[str, ...]:
        """Return the ids of the bundles that are here, sorted. Nothing is opened or verified."""
        if not os.path.lexists(self.directory):
            return ()
        try:
            with directory_opened(self.directory) as descriptor, os.scandir(descriptor) as entries:
                return tuple(
                    sorted(each.name for each in entries if _ID.fullmatch(each.name) and each.is_dir())
                )
        except Unreadable as error:
            raise BundleRefused(f"{self.directory}: {error}: give a directory of bundles") from None

    def path(self, bundle_id: str) -> Path:
        """Return the bundle's directory. Raises BundleRefused when it is not here."""
        if bundle_id not in self.list():
            raise BundleRefused(
                f"bundle {bundle_id!r} is not in {self.directory}: train it, or copy it there"
            )
        return self.directory / bundle_id

    def current(self, trusted: Trust, production: bool = False, at_least: int = 0) -> Promotion:
        """Return the promotion in force: one small file is read, no bundle.

        at_least: highest sequence that the caller has ever seen; a store whose highest is below is refused.
        Raises BundleRefused in one line: none there, the highest not readable or not by a trusted key, or the
        store gone back.
        """
        last = self._last_sequence()
        if last == 0 and at_least == 0:
            raise BundleRefused(self._nothing_promoted())
        if last < at_least:
            raise BundleRefused(
                f"{self.directory}: older than what this group has seen: its last promotion is {last}, "
                f"{at_least} was seen: `millrace models promote ID --why … --after {at_least}`"
            )
        return self._read(last, trusted, production)

    def history(self, trusted: Trust, production: bool = False) -> tuple[Recorded, ...]:
        """Return every record, newest first; one that is refused with the reason."""
        return tuple(self._newest_first(trusted, production))

    def verified(self, record: Promotion, trusted: Trust, production: bool = False) -> Verified:
        """Read the promoted bundle once and prove every byte of it; open nothing. Raises BundleRefused."""
        place = self.path(record.bundle_id)
        proved = bundle.verified(place, trusted, production)
        if proved.manifest_sha256 != record.manifest_sha256:
            raise BundleRefused(
                f"{place}: not the manifest that promotion {record.sequence} names: restore it, or promote "
                "again"
            )
        return proved

    def load(self, trusted: Trust, production: bool = False, at_least: int = 0) -> Models:
        """Verify and open the promoted bundle. Raises BundleRefused."""
        record = self.current(trusted, production, at_least)
        return bundle.opened(self.verified(record, trusted, production), self.path(record.bundle_id))

    def promote(
        self,
        bundle_id: str,
        *,
        key: SigningKey,
        trusted: Trust,
        who: str,
        why: str,
        at: AwareDatetime,
        override: str | None = None,
        after: int = 0,
        production: bool = False,
    ) -> Promotion:
        """Verify the bundle, put it in force and return the record.

        override: why it is promoted although a gate failed, none was passed, or they judged it against
        another bundle than is in force; stays in the record.
        after: the new sequence is above this one as well (for a store that was lost or restored).
        A highest record that is broken is passed by: it stays, the new one stands above it; but not if it is
        more than ``AHEAD_LIMIT`` above all that are good.
        Raises BundleRefused: not here, not verified, made for other features, refused by a gate, or by a key
        that would not be believed. SettingsWrong: an empty who or why, a time without zone, no right to
        write.
        """
        trust = _trust(trusted, production)
        proved = self._fitting(bundle_id, trust)
        admit(proved.manifest, bundle_id, override, self._in_force(trust))
        return self._record(
            proved, key, trust, after, None, action="promote", who=who, why=why, at=at, override=override
        )

    def rollback(
        self,
        *,
        key: SigningKey,
        trusted: Trust,
        who: str,
        why: str,
        at: AwareDatetime,
        to: str | None = None,
        production: bool = False,
    ) -> Promotion:
        """Put a bundle in force again that was so before; return the record, its sequence is the highest.

        to: its id; None: the newest other one than the current. Gates are not asked: it was let in once.
        Raises as ``promote`` does; BundleRefused also for a bundle that was never promoted here, when
        somebody promotes meanwhile, and when ``to`` is None after a rollback, where "the one before" is the
        one that was rolled back.
        """
        trust = _trust(trusted, production)
        seen = self._last_sequence()
        target = self._before(trust) if to is None else to
        if not any(each.promotion and each.promotion.bundle_id == target for each in self.history(trust)):
            raise BundleRefused(
                f"bundle {target!r} was never promoted in {self.directory}: see `millrace models list`, or "
                "`millrace models promote`"
            )
        proved = self._fitting(target, trust)
        return self._record(
            proved, key, trust, 0, seen, action="rollback", who=who, why=why, at=at, override=None
        )

    def _before(self, trust: Trust) -> str:
        now = self.current(trust)
        if now.action == "rollback":
            raise BundleRefused(
                f"promotion {now.sequence} was a rollback already: say which bundle: "
                "`millrace models rollback --to ID` (`millrace models list` shows them)"
            )
        # Not the record's own ``previous``: that is the bundle in force itself where it was promoted twice.
        for each in self._newest_first(trust):
            if each.promotion is not None and each.promotion.bundle_id != now.bundle_id:
                return each.promotion.bundle_id
        raise BundleRefused(f"{self.directory}: no bundle was in force before {now.bundle_id}")

    def _in_force(self, trust: Trust) -> str:
        """Return the id of the promoted bundle; empty: there is none, or a bootstrap one."""
        record = self._last_promoted(trust)
        if record is None:
            return ""
        try:
            # Not as in production, which refuses to read a bootstrap bundle's manifest.
            found, _ = bundle.signed_manifest(self.directory / record.bundle_id, Trust(trust.keys, False))
        except BundleRefused:
            return record.bundle_id  # what it was cannot be told: as if there was something to lose
        return "" if found.bootstrap else record.bundle_id

    def _fitting(self, bundle_id: str, trust: Trust) -> Verified:
        place = self.path(bundle_id)
        proved = bundle.verified(place, trust)
        bundle.check_made_for_us(proved.manifest, place)
        return proved

    def _record(
        self,
        proved: Verified,
        key: SigningKey,
        trust: Trust,
        after: int,
        only_above: int | None,
        **said: object,
    ) -> Promotion:
        """Write a record above all that are there, also above those that others write meanwhile.

        only_above: refuse if another than this one is the highest by now; None: any will do.
        """
        gates = proved.manifest.gates
        while True:
            highest = self._last_sequence()
            if only_above not in (None, highest):
                raise BundleRefused(
                    f"{self.directory}: somebody promoted {highest} meanwhile: look again "
                    "(`millrace models list`)"
                )
            valid = self._last_promoted(trust)
            last = max(highest, after)
            path = self._path(last + 1)
            if last >= SEQUENCE_LIMIT:
                raise BundleRefused(
                    f"{self._path(last)}: leaves no higher sequence to promote with: remove it"
                )
            if last - max(after, valid.sequence if valid else 0) > AHEAD_LIMIT:
                raise BundleRefused(
                    f"{self._path(last)}: refused, and far above every promotion that is good: remove it"
                )
            record = promotion(
                **said,
                sequence=last + 1,
                bundle_id=proved.bundle_id,
                manifest_sha256=proved.manifest_sha256,
                previous=valid.bundle_id if valid else None,
                gates_passed=tuple(gate.name for gate in gates if gate.passed),
                gates_failed=tuple(gate.name for gate in gates if not gate.passed),
                key_id=key.key_id,
            )
            content = signed(record, key)
            # As its readers will: a record that no worker believes helps nobody.
            promotion_from(content, path, trust)
            if self._records.put(path.name, content):
                return record

    def _last_promoted(self, trust: Trust) -> Promotion | None:
        valid = (each.promotion for each in self._newest_first(trust) if each.promotion is not None)
        return next(valid, None)

    def _newest_first(self, trusted: Trust, production: bool = False) -> Iterator[Recorded]:
        for sequence in reversed(self._sequences()):
            try:
                yield Recorded(sequence, self._read(sequence, trusted, production), None)
            except BundleRefused as error:
                yield Recorded(sequence, None, str(error))

    def _read(self, sequence: int, trusted: Trust, production: bool) -> Promotion:
        path = self._path(sequence)
        try:
            content = self._records.read(path.name, RECORD_LIMIT)
        except Unreadable as error:
            raise BundleRefused(f"{path}: {error}: promote a bundle again") from None
        return promotion_from(content, path, _trust(trusted, production))

    def _sequences(self) -> tuple[int, ...]:
        try:
            found = (record_sequence(name) for name in self._records.names())
            return tuple(sorted(each for each in found if each is not None))
        except Unreadable as error:
            raise BundleRefused(
                f"{self.directory / PROMOTIONS}: {error}: promotions cannot be read"
            ) from None

    def _last_sequence(self) -> int:
        self.list()  # a store that is a link, or no directory, is refused here
        return max(self._sequences(), default=0)

    def _path(self, sequence: int) -> Path:
        return self.directory / PROMOTIONS / record_name(sequence)

    def _nothing_promoted(self) -> str:
        if os.path.lexists(self.directory / UNSIGNED):
            return (
                f"{self.directory / UNSIGNED}: is not signed, as an older Millrace wrote it: train again "
                "(`millrace train --bootstrap`, or with --data), or promote a bundle of this version"
            )
        count = len(self.list())
        if count:
            return (
                f"no bundle in force in {self.directory} ({count} there, none promoted): "
                "`millrace models promote ID --why …`"
            )
        return f"no bundle in {self.directory} (the directory is empty): `millrace train --bootstrap`"


def _trust(trusted: Trust, production: bool) -> Trust:
    return Trust(trusted.keys, production or trusted.production)
