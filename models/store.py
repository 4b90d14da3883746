"""The store: a directory of bundles by id, and the record of which one is promoted.

    <bundles>/<bundle id>/…   promotion.json   .lock

Promotions are not signed yet: whoever can write to the directory can promote, or go back to, any bundle that
a trusted key has signed. The joint is left: ``Promotion`` is all that a signature has to cover, its sequence
only grows, and ``current`` and ``promote`` are the two places where one will be checked and made. An object
store can take the directory's place behind the same methods.
"""

import os
import re
from pathlib import Path
from typing import Annotated, Final

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from enrich.errors import BundleRefused, SettingsWrong
from enrich.score import Models
from models import bundle
from models.files import Unreadable, file_bytes, locked, replace_file, writing
from models.keys import SigningKey, Trust
from models.manifest import Facts, Hex16

PROMOTION: Final = "promotion.json"
_LIMIT: Final = 65_536
_ID: Final = re.compile(r"[0-9a-f]{16}")


class Promotion(BaseModel):
    """Which bundle the workers use, from when on, and who says so.

    sequence: 1, 2, 3 …; a rollback is a new record with a higher one. previous: the bundle before, None at
    first. who, why: one line each, for people. at: as given by whoever promotes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    sequence: Annotated[int, Field(ge=1)]
    bundle_id: Hex16
    previous: Hex16 | None
    who: Annotated[str, Field(min_length=1, max_length=200)]
    why: Annotated[str, Field(min_length=1, max_length=1000)]
    at: AwareDatetime


class Store:
    """See the module. Safe for several writers; readers need no lock and no right to write."""

    def __init__(self, directory: Path) -> None:
        self.directory: Final = directory

    def add(self, models: Models, facts: Facts, key: SigningKey) -> str:
        """Write a signed bundle, not promoted yet; return its id. See ``bundle.write``."""
        return bundle.write(self.directory, models, facts, key)

    def list(self) -> tuple[str, ...]:
        """Return the ids of the bundles that are here, sorted. Nothing is opened or verified."""
        try:
            names = os.listdir(self.directory)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise BundleRefused(f"{self.directory}: {error.strerror}: bundles cannot be read there") from None
        return tuple(
            sorted(name for name in names if _ID.fullmatch(name) and (self.directory / name).is_dir())
        )

    def path(self, bundle_id: str) -> Path:
        """Return the bundle's directory. Raises BundleRefused when it is not here."""
        if bundle_id not in self.list():
            raise BundleRefused(
                f"bundle {bundle_id!r} is not in {self.directory}: train it, or copy it there"
            )
        return self.directory / bundle_id

    def load(self, trusted: Trust, production: bool = False) -> Models:
        """Verify and open the promoted bundle. Raises BundleRefused."""
        return bundle.load(self.path(self.current().bundle_id), trusted, production)

    def current(self) -> Promotion:
        """Return the promotion in force. Raises BundleRefused when there is none, or it is not readable."""
        promotion = self._current()
        if promotion is None:
            count = len(self.list())
            held = f"{count} there, none promoted" if count else "the directory is empty"
            raise BundleRefused(f"no bundle in {self.directory} ({held}): `millrace train --bootstrap`")
        return promotion

    def promote(self, bundle_id: str, who: str, why: str, at: AwareDatetime) -> Promotion:
        """Make this bundle the one in force; return the record.

        Raises BundleRefused: not here. SettingsWrong: an empty who or why, a time without zone, no right to
        write.
        """
        self.path(bundle_id)
        with writing(self.directory), locked(self.directory):
            last = self._current()
            try:
                promotion = Promotion(
                    sequence=last.sequence + 1 if last else 1,
                    bundle_id=bundle_id,
                    previous=last.bundle_id if last else None,
                    who=who,
                    why=why,
                    at=at,
                )
            except ValidationError as error:
                raise SettingsWrong(f"promotion of {bundle_id}: {_first(error)}") from None
            doc = promotion.model_dump(mode="json")
            replace_file(
                self.directory / PROMOTION,
                orjson.dumps(doc, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE),
            )
        return promotion

    def _current(self) -> Promotion | None:
        path = self.directory / PROMOTION
        if not os.path.lexists(path):
            return None
        try:
            return Promotion.model_validate_json(file_bytes(path, _LIMIT))
        except Unreadable as error:
            raise BundleRefused(f"{path}: {error}: promote a bundle again") from None
        except ValidationError as error:
            raise BundleRefused(f"{path}: {_first(error)}: remove it and promote a bundle again") from None


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "the record"
    return f"{where!r}: {first['msg']}"
