"""The store: a directory of bundles by id, and the signed records of which one is in force.

    <bundles>/<bundle id>/…                  bundles, see ``models.bundle``
    <bundles>/promotions/<sequence>.json     promotions, see ``models.records``

What a directory cannot prove is that its newest records are still there; so readers keep the highest sequence
that they have seen, and ask with ``at_least``.
"""

import os
import re
from pathlib import Path
from typing import Final

from pydantic import AwareDatetime

from enrich.errors import BundleRefused
from enrich.score import Models
from models import bundle
from models.admission import admit
from models.bundle import Verified
from models.files import Unreadable, directory_opened
from models.keys import SigningKey, Trust
from models.manifest import Facts
from models.promotion import Promotion, promotion
from models.records import PROMOTIONS, Recorded, Records

# What stood here before promotions were signed.
UNSIGNED: Final = "promotion.json"
_ID: Final = re.compile(r"[0-9a-f]{16}")


class Store:
    """See the module. Safe for several writers; readers need no lock and no right to write.

    installation: name of the one that it is read and promoted for (setting ``source``). Promotions for
    another are refused; "": all count, and those made so count in each.
    """

    def __init__(self, directory: Path, installation: str = "") -> None:
        self.directory: Final = directory
        self._installation: Final = installation
        self._records: Final = Records(directory / PROMOTIONS, installation)

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
        last = self._last()
        if last == 0 and at_least == 0:
            raise BundleRefused(self._nothing_promoted())
        if last < at_least:
            raise BundleRefused(
                f"{self.directory}: older than what this group has seen: its last promotion is {last}, "
                f"{at_least} was seen: `millrace models promote ID --why … --after {at_least}`"
            )
        return self._records.read(last, _trust(trusted, production))

    def history(self, trusted: Trust, production: bool = False) -> tuple[Recorded, ...]:
        """Return every record, newest first; one that is refused with the reason."""
        return tuple(self._records.newest_first(_trust(trusted, production)))

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

        def judged(before: Promotion | None) -> None:
            admit(proved.manifest, bundle_id, override, self._in_force(before, trust))

        judged(next(self._records.good(trust), None))  # a refused one leaves nothing, not even a directory

        def made(sequence: int, before: Promotion | None) -> Promotion:
            judged(before)  # by now another may be in force
            said = {"action": "promote", "who": who, "why": why, "at": at, "override": override}
            return self._record(sequence, proved, before, key, said)

        return self._records.add(made, key, trust, after)

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
        seen = self._last()
        target = self._before(trust) if to is None else to
        if not any(each.bundle_id == target for each in self._records.good(trust)):
            raise BundleRefused(
                f"bundle {target!r} was never promoted in {self.directory}: see `millrace models list`, or "
                "`millrace models promote`"
            )
        proved = self._fitting(target, trust)

        def made(sequence: int, before: Promotion | None) -> Promotion:
            said = {"action": "rollback", "who": who, "why": why, "at": at, "override": None}
            return self._record(sequence, proved, before, key, said)

        return self._records.add(made, key, trust, only_above=seen)

    def _before(self, trust: Trust) -> str:
        now = self.current(trust)
        if now.action == "rollback":
            raise BundleRefused(
                f"promotion {now.sequence} was a rollback already: say which bundle: "
                "`millrace models rollback --to ID` (`millrace models list` shows them)"
            )
        # Not the record's own ``previous``: that is the bundle in force itself where it was promoted twice.
        for each in self._records.good(trust):
            if each.bundle_id != now.bundle_id:
                return each.bundle_id
        raise BundleRefused(f"{self.directory}: no bundle was in force before {now.bundle_id}")

    def _in_force(self, record: Promotion | None, trust: Trust) -> str:
        """Return the id of the promoted bundle; empty: there is none, or a bootstrap one."""
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
        sequence: int,
        proved: Verified,
        before: Promotion | None,
        key: SigningKey,
        said: dict[str, object],
    ) -> Promotion:
        gates = proved.manifest.gates
        return promotion(
            **said,
            installation=self._installation,
            sequence=sequence,
            bundle_id=proved.bundle_id,
            manifest_sha256=proved.manifest_sha256,
            previous=before.bundle_id if before else None,
            gates_passed=tuple(gate.name for gate in gates if gate.passed),
            gates_failed=tuple(gate.name for gate in gates if not gate.passed),
            key_id=key.key_id,
        )

    def _last(self) -> int:
        self.list()  # a store that is a link, or no directory, is refused here
        return self._records.last()

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
