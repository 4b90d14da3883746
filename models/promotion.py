"""A promotion: the signed record that puts one bundle in force.

    {"key_id":"…","signature":"…"}                 line 1: Ed25519 signature over exactly the bytes of line 2
    {"format":"millrace-promotion","sequence":…}   line 2: the record, compact JSON, keys sorted

One file holds both, so that a record is there whole or not at all. ``format`` keeps a signature over a
promotion from ever being one over a manifest, and the other way round.
"""

import re
from pathlib import Path
from typing import Annotated, Final, Literal, Self

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from enrich.errors import BundleRefused, SettingsWrong
from models.keys import SigningKey, Trust
from models.manifest import Hex16, Line, Printable, Sha256
from models.signature import SIGNATURE_SIZE, signature_from, signature_line

FORMAT: Final = "millrace-promotion"
# 2 names the installation; records of 1, of before that, are read as before.
PROMOTION_VERSION: Final = 2
# Ten digits, so that names sort as numbers do.
SEQUENCE_LIMIT: Final = 9_999_999_999
# The longest record (every text at its limit, four bytes a character, 64 gates) has 60,994 bytes.
RECORD_LIMIT: Final = 65_536
_NAME: Final = re.compile(r"([0-9]{10})\.json")


Who = Annotated[str, Field(min_length=1, max_length=200), Printable]
Why = Annotated[str, Field(min_length=1, max_length=1000), Printable]


class Promotion(BaseModel):
    """Which bundle the workers use from when on, who says so, and what the gates said.

    installation: where it counts; "": in each. One key may sign for several, whose numbers mean nothing to
    each other.
    action: a rollback is a new record of an older bundle. sequence: 1, 2, 3 …, only grows; a gap is allowed.
    manifest_sha256: of the bundle's manifest, all 64 digits (the id is the first 16). previous: the bundle in
    force before, None at first. who, why: one line each, for people. at: as given by whoever promotes.
    override: the reason given for promoting against the gates, or without any. gates_passed, gates_failed:
    names from the bundle's manifest; both empty for a bundle that was not put through any.
    key_id: of the key that signed this record; the bundle may be signed by another.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    # No defaults but one: a record that does not say what it is, is none.
    format: Literal["millrace-promotion"]
    version: Literal[1, 2]
    action: Literal["promote", "rollback"]
    sequence: Annotated[int, Field(ge=1, le=SEQUENCE_LIMIT)]
    # Of a record of version 1 it is not known.
    installation: Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{0,249}$")] = ""
    bundle_id: Hex16
    manifest_sha256: Sha256
    previous: Hex16 | None
    who: Who
    why: Why
    at: AwareDatetime
    override: Why | None
    gates_passed: tuple[Line, ...]
    gates_failed: tuple[Line, ...]
    key_id: Hex16

    @model_validator(mode="after")
    def _names_its_installation(self) -> Self:
        if (self.version > 1) != ("installation" in self.model_fields_set):
            raise ValueError("'installation' goes with version 2, and with no other")
        return self


def promotion(**fields: object) -> Promotion:
    """Return a record of what an operator gave. Raises SettingsWrong naming the field that is wrong."""
    try:
        return Promotion.model_validate({"format": FORMAT, "version": PROMOTION_VERSION, **fields})
    except ValidationError as error:
        raise SettingsWrong(f"promotion of {fields['bundle_id']}: {_first(error)}") from None


def record_name(sequence: int) -> str:
    """Return the name that a record of this sequence must stand under."""
    return f"{sequence:010d}.json"


def record_sequence(name: str) -> int | None:
    """Return the sequence of a record's name; None for what is no such name."""
    found = _NAME.fullmatch(name)
    return int(found[1]) if found and int(found[1]) else None


def signed(record: Promotion, key: SigningKey) -> bytes:
    """Return the record's file: signature line and record. The key must be the one that it names."""
    if key.key_id != record.key_id:
        raise ValueError(f"record names key {record.key_id}, given is {key.key_id}")
    body = orjson.dumps(
        record.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    )
    return signature_line(key, body) + body


def promotion_from(content: bytes, path: Path, trust: Trust) -> Promotion:
    """Prove the bytes of a record, then read them. path: where it stands, its name gives the sequence.

    Raises BundleRefused in one line: no signature, a key that is not trusted, bytes changed, an older record
    under a newer name, another kind of signed document, a field unknown or wrong.
    """
    signature, body = signature_from(content[:SIGNATURE_SIZE]), content[SIGNATURE_SIZE:]
    if signature is None:
        raise _refused(path, "is not a signed promotion")
    if problem := trust.problem(signature.key_id, signature.value, body):
        raise BundleRefused(f"{path}: {problem}")
    try:
        doc = orjson.loads(body)
    except ValueError:
        raise _refused(path, "is not JSON") from None
    version = doc.get("version") if isinstance(doc, dict) else None
    if isinstance(version, int) and version > PROMOTION_VERSION:
        raise BundleRefused(
            f"{path}: written by a newer Millrace (promotion version {version}, this one reads "
            f"{PROMOTION_VERSION}): upgrade Millrace, or promote again with this one"
        )
    try:
        record = Promotion.model_validate_json(body)
    except ValidationError as error:
        raise _refused(path, _first(error)) from None
    if record.key_id != signature.key_id:
        raise _refused(path, f"names key {record.key_id}, signed is it by {signature.key_id}")
    if path.name != record_name(record.sequence):
        raise _refused(path, f"holds promotion {record.sequence}, under the name of another")
    return record


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "the record"
    return f"{where!r}: {first['msg']}"


def _refused(path: Path, reason: str) -> BundleRefused:
    return BundleRefused(f"{path}: {reason}: remove it or restore it, and promote again")
