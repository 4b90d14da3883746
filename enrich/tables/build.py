"""From the bytes of a file to a table: which reader goes with which kind."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Final, NamedTuple

import orjson

from enrich.errors import TableRefused
from enrich.tables import asn, assets, blocklist, geo, mmdb
from enrich.tables.index import Index
from enrich.times import END_MS


class Built(NamedTuple):
    """A table as bytes and facts, to be passed from the process that made it.

    kind: one of KINDS. name: of a block list, else the kind. source: what the event names. as_of_ms: as the
    file states, else when it was written. entries: networks or rows. remark: what was left out, else "".
    digest: of the file's bytes. packed: bytes of an ``Index``.
    """

    kind: str
    name: str
    source: str
    as_of_ms: int
    entries: int
    remark: str
    digest: str
    packed: bytes


Parts = tuple[str | None, int | None, int, str, bytes]


def _mmdb(picked: Callable[[mmdb.Value], bytes | None], lacks: str) -> Callable[[bytes], Parts]:
    def built(data: bytes) -> Parts:
        found = mmdb.read(data, picked)
        if not Index(found.packed).filled:
            raise TableRefused(f"{found.type}: none of its records has {lacks}")
        return found.type, found.build_ms, found.networks, "", found.packed

    return built


def _text(read: Callable[[bytes], assets.Built]) -> Callable[[bytes], Parts]:
    def built(data: bytes) -> Parts:
        return None, *read(data)

    return built


def built(kind: str, name: str, data: bytes, written_ms: int) -> Built:
    """Return the table of a file of this kind. written_ms: when the file was last written.

    Raises TableRefused, and nothing else whatever the bytes are.
    """
    source, as_of_ms, entries, remark, index = KINDS[kind](data)
    as_of_ms = min(max(written_ms, 0), END_MS - 1) if as_of_ms is None else as_of_ms
    digest = blake2b(data, digest_size=8).hexdigest()
    return Built(kind, name, source or name, as_of_ms, entries, remark, digest, index)


def sent(table: Built) -> bytes:
    """Return a line of facts and the index after it."""
    return orjson.dumps(table[:-1]) + b"\n" + table.packed


def received(data: bytes) -> Built:
    """Return the table that was ``sent``."""
    end = data.index(b"\n")
    return Built._make((*orjson.loads(data[:end]), data[end + 1 :]))


KINDS: Final = {
    "geo": _mmdb(geo.picked, "a country or city"),
    "asn": _mmdb(asn.picked, "a number of an autonomous system"),
    "blocklist": _text(blocklist.built),
    "assets": _text(assets.built_assets),
    "identities": _text(assets.built_identities),
}
