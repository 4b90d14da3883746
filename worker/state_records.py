"""The records of ``alerts.state``: which key a fact has, and what makes a snapshot whole again.

    [group, raw topic, partition, "fold", slot, chunk]   offset and nonce of its snapshot, then its bytes
    [group, raw topic, partition, "fold", slot, null]    the manifest: written last, with the SHA-256 of all
    [group, raw topic, partition, "attempt", null, null] an Attempt as JSON
    [group, raw topic, "*", "promotion", sequence, null] the id of the bundle

The highest promotion is the highest sequence of a key, not the last record: two workers that note at once, or
one that is late, cannot bring a lower one back.

The nonce tells the chunks of one writing from those of another in the same slot. What cannot be read here
is skipped by the reader, whoever wrote it: nothing on a topic may stop a worker.
"""

import re
import struct
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple, TypeGuard

import orjson

from enrich.snapshot import SNAPSHOT_VERSION
from models.promotion import SEQUENCE_LIMIT
from worker.topics import CHUNK_BYTES

# Of the largest snapshot that can be: enrich.snapshot's bounds, 4 bytes to a character, incompressible.
CHUNKS: Final = 128
SLOTS: Final = 2
NONCE_BYTES: Final = 16
# In place of a partition: of all of them. Such facts lie in partition 0.
ALL: Final = "*"

_CHUNK: Final = struct.Struct(f"<4sq{NONCE_BYTES}s")
_MAGIC: Final = b"MLRC"
_BUNDLE_ID: Final = re.compile(rb"[0-9a-f]{16}")

Pair = tuple[bytes, bytes | None]  # key, value; None: a tombstone


class Owner(NamedTuple):
    """Whose facts: several groups, of several raw topics, may share a state topic."""

    group: str
    topic: str


class Snapshot(NamedTuple):
    """offset: ``state.head`` when it was taken, the first raw offset not folded. data: of ``dump``."""

    offset: int
    data: bytes


class Attempt(NamedTuple):
    """What became of the records at ``offset``: how often a worker started there, and what it suspected.

    probe: first and last offset of the group that a worker was about to take. poison: offsets known as such.
    deaths: how often a worker has ended while the probe was this very one, of a single record.
    """

    offset: int
    starts: int
    probe: tuple[int, int] | None
    poison: tuple[int, ...]
    deaths: int = 0


class Place(NamedTuple):
    """What a key says, beside whose it is. chunk None: a manifest, or a fact without chunks."""

    partition: int
    kind: str
    slot: int | None = None
    chunk: int | None = None


class Unreadable(ValueError):
    """A slot or a fact is not what its key says; ``str(error)`` says why, in a few words."""


def key(owner: Owner, place: Place) -> bytes:
    """Return the key of a fact."""
    return orjson.dumps([*owner, *place])


def place_of(key: bytes | None, owner: Owner) -> Place | None:
    """Return what a key says; None: it is not the owner's, or of no kind that we know."""
    try:
        found = orjson.loads(key or b"")
    except orjson.JSONDecodeError:
        return None
    if type(found) is not list or len(found) != 6 or found[:2] != list(owner):
        return None
    place = Place(*found[2:])
    if not _natural(place.partition):
        return None
    if place.kind == "attempt":
        return place if place.slot is None and place.chunk is None else None
    if place.kind != "fold" or type(place.slot) is not int or not 0 <= place.slot < SLOTS:
        return None
    return place if place.chunk is None or (_natural(place.chunk) and place.chunk < CHUNKS) else None


def promotion_key(owner: Owner, sequence: int) -> bytes:
    """Return the key that says: a bundle of this promotion was used in the group."""
    return orjson.dumps([*owner, ALL, "promotion", sequence, None])


def promotion_of(key: bytes | None, owner: Owner) -> int | None:
    """Return the sequence that a key says; None: it is not the owner's, or no promotion can have it."""
    try:
        found = orjson.loads(key or b"")
    except orjson.JSONDecodeError:
        return None
    if type(found) is not list or len(found) != 6 or found[:4] != [*owner, ALL, "promotion"]:
        return None
    return found[4] if _natural(found[4]) and found[4] <= SEQUENCE_LIMIT and found[5] is None else None


def bundle_of(value: bytes) -> str:
    """Return the id of the bundle that was promoted; "": the value says none."""
    return value.decode() if _BUNDLE_ID.fullmatch(value) else ""


def chunks(
    owner: Owner, partition: int, slot: int, snapshot: Snapshot, nonce: bytes, limit: int = CHUNK_BYTES
) -> list[Pair]:
    """Return the chunks of a snapshot, at least one; values are of ``limit`` bytes at most."""
    head = _CHUNK.pack(_MAGIC, snapshot.offset, nonce)
    size = limit - len(head)
    return [
        (key(owner, Place(partition, "fold", slot, number)), head + snapshot.data[start : start + size])
        for number, start in enumerate(range(0, len(snapshot.data) or 1, size))
    ]


def manifest(owner: Owner, partition: int, slot: int, snapshot: Snapshot, nonce: bytes, number: int) -> Pair:
    """Return the record that makes ``number`` chunks a snapshot."""
    told = {
        "version": SNAPSHOT_VERSION,
        **owner._asdict(),
        "partition": partition,
        "offset": snapshot.offset,
        "nonce": nonce.hex(),
        "chunks": number,
        "sha256": sha256(snapshot.data).hexdigest(),
    }
    return key(owner, Place(partition, "fold", slot)), orjson.dumps(told)


def assembled(owner: Owner, partition: int, told: bytes | None, found: Mapping[int, bytes]) -> Snapshot:
    """Return the snapshot of one slot. Raises Unreadable unless it is whole and as it was written.

    told: the manifest. found: the newest chunk of each number.
    """
    if told is None:
        raise Unreadable("no manifest: it was not written to its end")
    facts = _document(told)
    if [facts.get(name) for name in ("group", "topic", "partition")] != [*owner, partition]:
        raise Unreadable("the manifest is of another partition")
    if facts.get("version") != SNAPSHOT_VERSION:
        raise Unreadable(f"written by another version than {SNAPSHOT_VERSION}")
    offset, number = facts.get("offset"), facts.get("chunks")
    if not _natural(offset) or not _natural(number) or not 0 < number <= CHUNKS:
        raise Unreadable("the manifest is damaged")
    parts = [found.get(each) for each in range(number)]
    bodies: list[bytes] = []
    for part in parts:
        if part is None or len(part) < _CHUNK.size:
            raise Unreadable("a chunk is missing")
        magic, of_offset, nonce = _CHUNK.unpack_from(part)
        if (magic, of_offset, nonce.hex()) != (_MAGIC, offset, facts.get("nonce")):
            raise Unreadable("a chunk is of another writing")
        bodies.append(part[_CHUNK.size :])
    data = b"".join(bodies)
    if sha256(data).hexdigest() != facts.get("sha256"):
        raise Unreadable("its checksum is another")
    return Snapshot(offset, data)


def attempt_value(attempt: Attempt) -> bytes:
    """Return an attempt as the value of its record."""
    return orjson.dumps(attempt._asdict())


def attempt(value: bytes) -> Attempt:
    """Return the attempt of ``attempt_value``. Raises Unreadable."""
    facts = _document(value)
    offset, starts, probe, poison = (facts.get(name) for name in ("offset", "starts", "probe", "poison"))
    deaths = facts.get("deaths", 0)
    if not _natural(offset) or not _natural(starts):
        raise Unreadable("offset or starts is no number")
    if probe is not None and not (_naturals(probe) and len(probe) == 2 and probe[0] <= probe[1]):
        raise Unreadable("probe is no range of offsets")
    if not _naturals(poison):
        raise Unreadable("poison is no list of offsets")
    if not _natural(deaths):
        raise Unreadable("deaths is no number")
    return Attempt(offset, starts, None if probe is None else (probe[0], probe[1]), tuple(poison), deaths)


def _document(value: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        raise Unreadable("not JSON") from None
    if type(found) is not dict:
        raise Unreadable("not a JSON object")
    return found


def _naturals(values: object) -> TypeGuard[list[int]]:
    return type(values) is list and all(_natural(value) for value in values)


def _natural(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < 2**63
