"""Both folds of a partition as bytes, and back: a state that answers as the dumped one did, for ever after.

    head    magic, version, size of the body, SHA-256 of all but itself
    body    zlib: facts (JSON), then sections: one table of texts, columns of integers

No pickle: what stands on a topic is data. The same state gives the same bytes, whatever slots its keys are
in. docs/decisions/0010-snapshots.md has the reasons and the sizes.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import chain, count
from typing import Final, NamedTuple

import numpy as np
import orjson

from enrich.counts import WINDOW_MIN, CountsKept
from enrich.errors import MillraceError
from enrich.history import ENTITIES, PAIRS, RULES, Fold, FoldKept
from enrich.pipeline import PartitionState
from enrich.sections import (
    UINT32,
    agreed,
    column,
    integers,
    length,
    maybe,
    natural,
    sections,
    texts,
    texts_column,
    whole,
)
from enrich.suppression import HOURS, KEYS, STEPS, Suppression, SuppressionKept

SNAPSHOT_VERSION: Final = 1  # of the layout, and of what the folds mean by their numbers
MAGIC: Final = b"MLRS"
# entity() and rule_key() give at most 200 characters, of at most 4 bytes.
KEY_BYTES: Final = 800
FACTS_BYTES: Final = 4_096
LEVEL: Final = 1  # level 6 saves a fifth and takes six times as long

_VERSION: Final = struct.Struct("<4sH")
_HEAD: Final = struct.Struct("<4sHQ32s")
_LENGTH: Final = struct.Struct("<I")


class SnapshotRefused(MillraceError):
    """The bytes are damaged, of another version or of other bounds: the fold begins cold."""


class Bounds(NamedTuple):
    """Most keys of each table."""

    entities: int = ENTITIES
    rules: int = RULES
    pairs: int = PAIRS
    suppressions: int = KEYS

    @property
    def body_bytes(self) -> int:
        """The largest body that a state within these bounds has: what ``load`` decompresses at most."""
        counts = (8 + 8 + 8 + 8 * WINDOW_MIN) * (self.entities + self.rules)
        numbers = counts + 3 * 8 * self.pairs + 5 * 8 * self.suppressions + 8 * HOURS * (STEPS + 2)
        keys = self.entities + self.rules + 2 * self.pairs + 2 * self.suppressions
        return numbers + (KEY_BYTES + 8) * keys + FACTS_BYTES + _LENGTH.size


BOUNDS: Final = Bounds()


def dump(state: PartitionState) -> bytes:
    """Return the state as bytes. Nothing may be folded into it meanwhile."""
    history, suppression = state.history.dump(), state.suppression.dump()
    keys = (
        history.entities.keys,
        history.rules.keys,
        *_two(history.pairs),
        *_two(suppression.keys),
    )
    table = dict(zip(dict.fromkeys(chain(*keys)), count(), strict=False))
    places = [column(np.fromiter(map(table.__getitem__, each), np.int64, len(each))) for each in keys]
    parts = [
        *texts_column(list(table)),
        *(places[0], *_counts_columns(history.entities)),
        *(places[1], *_counts_columns(history.rules)),
        *(places[2], places[3], column(history.pairs_ms)),
        *(places[4], places[5], *(column(each) for each in suppression.running.T)),
        *(column(each.ravel()) for each in (suppression.seen, suppression.escalated, suppression.highest)),
    ]
    facts = orjson.dumps(
        {
            "bounds": _told(
                Bounds(
                    state.history.entities.limit,
                    state.history.rules.limit,
                    state.history.pair_limit,
                    state.suppression.limit,
                )
            ),
            "head": state.head,
            "watermark_ms": history.watermark_ms,
            "first_ms": history.first_ms,
            "entities_overflow": history.entities.overflow,
            "rules_overflow": history.rules.overflow,
            "pairs_overflow": history.pair_overflow,
            "suppressions_overflow": suppression.overflow,
            "hour": suppression.hour,
            "first_hour": suppression.first_hour,
            "sections": [len(part) for part in parts],
        }
    )
    return _closed(b"".join((_LENGTH.pack(len(facts)), facts, *parts)))


def load(data: bytes, bounds: Bounds = BOUNDS) -> PartitionState:
    """Return the dumped state. Raises SnapshotRefused, and nothing else whatever the bytes are."""
    body = _opened(data, bounds)
    try:
        (size,) = _LENGTH.unpack_from(body)
        agreed(size <= FACTS_BYTES, "facts")
        start = _LENGTH.size + size
        facts = orjson.loads(body[_LENGTH.size : start])
        if facts["bounds"] != _told(bounds):
            raise SnapshotRefused(f"the snapshot has other bounds than {_told(bounds)}")
        parts = sections(body, start, facts["sections"])
        state = _state(facts, parts, bounds)
        agreed(next(parts, None) is None, "sections")
    except (ValueError, KeyError, TypeError, IndexError, StopIteration, OverflowError, struct.error) as error:
        raise SnapshotRefused(f"the snapshot is damaged: {type(error).__name__}") from None
    return state


def _closed(body: bytes) -> bytes:
    packed = zlib.compress(body, LEVEL)
    return _HEAD.pack(MAGIC, SNAPSHOT_VERSION, len(body), _digest(len(body), packed)) + packed


def _opened(data: bytes, bounds: Bounds) -> bytes:
    if len(data) < _HEAD.size or data[: len(MAGIC)] != MAGIC:
        raise SnapshotRefused("this is no snapshot, or only the beginning of one")
    _, version = _VERSION.unpack_from(data)
    if version != SNAPSHOT_VERSION:
        raise SnapshotRefused(f"the snapshot is of version {version}, this is version {SNAPSHOT_VERSION}")
    *_, size, digest = _HEAD.unpack_from(data)
    packed = data[_HEAD.size :]
    if digest != _digest(size, packed):
        raise SnapshotRefused("the snapshot is damaged: it has another checksum")
    if size > bounds.body_bytes:
        raise SnapshotRefused(f"the snapshot says {size} bytes; more than {bounds.body_bytes} cannot be")
    unpacker = zlib.decompressobj()
    try:
        body = unpacker.decompress(packed, size + 1)
    except zlib.error:
        raise SnapshotRefused("the snapshot is damaged: it cannot be decompressed") from None
    if len(body) != size or not unpacker.eof or unpacker.unused_data:
        raise SnapshotRefused(f"the snapshot is damaged: it has not the {size} bytes that it says")
    return body


def _digest(size: int, packed: bytes) -> bytes:
    return sha256(_HEAD.pack(MAGIC, SNAPSHOT_VERSION, size, b"") + packed).digest()


def _told(bounds: Bounds) -> list[int]:
    return [*bounds, WINDOW_MIN, HOURS, STEPS]


def _state(facts: Mapping[str, object], parts: Iterator[bytes], bounds: Bounds) -> PartitionState:
    table = texts(next(parts), next(parts))
    entities = _counts(parts, table, bounds.entities, natural(facts["entities_overflow"]))
    rules = _counts(parts, table, bounds.rules, natural(facts["rules_overflow"]))
    pairs = _pairs(parts, table, bounds.pairs)
    history = FoldKept(
        maybe(facts["watermark_ms"]),
        maybe(facts["first_ms"]),
        entities,
        rules,
        pairs,
        integers(next(parts), len(pairs)),
        natural(facts["pairs_overflow"]),
    )
    agreed((history.watermark_ms is None) == (history.first_ms is None), "watermark")
    agreed(history.watermark_ms is not None or not (entities.keys or rules.keys or pairs), "watermark")
    keys = _pairs(parts, table, bounds.suppressions)
    suppression = SuppressionKept(
        keys,
        np.stack([integers(next(parts), len(keys)) for _ in range(3)], axis=1),
        natural(facts["suppressions_overflow"]),
        whole(facts["hour"]),
        maybe(facts["first_hour"]),
        # Below the most that a sum of all hours may be.
        integers(next(parts), HOURS * STEPS, UINT32 // HOURS).reshape(HOURS, STEPS).astype(np.uint32),
        integers(next(parts), HOURS, UINT32).astype(np.uint32),
        _highest(next(parts)),
    )
    return PartitionState(
        natural(facts["head"]),
        Fold.load(bounds.entities, bounds.rules, bounds.pairs, history),
        Suppression.load(bounds.suppressions, suppression),
    )


def _counts_columns(kept: CountsKept) -> tuple[bytes, bytes, bytes]:
    """Last sights; which minutes of the hour have alerts, 8 bytes a key; and how many those have."""
    some = kept.buckets != 0
    return column(kept.last_ms), np.packbits(some, axis=1).tobytes(), column(kept.buckets[some])


def _counts(parts: Iterator[bytes], table: Sequence[str], limit: int, overflow: int) -> CountsKept:
    keys = _keys(parts, table, limit)
    agreed(len(set(keys)) == len(keys), "keys")
    last_ms = integers(next(parts), len(keys))
    masks = np.frombuffer(next(parts), np.uint8).reshape(len(keys), -(-WINDOW_MIN // 8))
    some = np.unpackbits(masks, axis=1, count=WINDOW_MIN).astype(np.bool_)
    buckets = np.zeros(some.shape, np.uint32)
    buckets[some] = integers(next(parts), int(some.sum()), UINT32)
    return CountsKept(keys, last_ms, buckets, overflow)


def _pairs(parts: Iterator[bytes], table: Sequence[str], limit: int) -> list[tuple[str, str]]:
    pairs = list(zip(_keys(parts, table, limit), _keys(parts, table, limit), strict=True))
    agreed(len(set(pairs)) == len(pairs), "keys")
    return pairs


def _keys(parts: Iterator[bytes], table: Sequence[str], limit: int) -> list[str]:
    part = next(parts)
    agreed(length(part) <= limit, "keys")
    return [table[place] for place in integers(part, length(part), len(table)).tolist()]


def _highest(part: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    values = integers(part, HOURS)
    agreed(int(values.min()) >= -1 and int(values.max()) < UINT32 // 2, "numbers")
    return values.astype(np.int32)


def _two(keys: Sequence[tuple[str, str]]) -> tuple[Sequence[str], Sequence[str]]:
    return [first for first, _ in keys], [second for _, second in keys]
