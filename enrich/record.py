"""What the core takes and what it gives back: raw records in, records with a route out."""

from typing import Literal, NamedTuple

Header = tuple[str, bytes]
Route = Literal["enriched", "escalated", "dead"]


class RawRecord(NamedTuple):
    """One record of the raw topic, as read.

    time_ms: the record's Kafka time (CreateTime, milliseconds since 1970 UTC). None where there is no
        broker (``score FILE``): the alert's own time stands in, else the watermark.
    value: None is a tombstone: skipped and counted.
    poison: the core has died of it before: it becomes a dead letter, unread.
    """

    topic: str
    partition: int
    offset: int
    time_ms: int | None
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...] = ()
    poison: bool = False


class Record(NamedTuple):
    """One record to produce. The shell maps the route to a topic name and adds nothing to the value."""

    route: Route
    key: bytes | None
    value: bytes
    headers: tuple[Header, ...]
