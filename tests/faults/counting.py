"""What came out of what went in, by (partition, offset) of the raw record. Pure; knows nothing of the worker.

The truth about what went in is the raw topic itself: every record in it must come out as an event or as a
dead letter. tests/unit/test_faults_counting.py shows that each kind of trouble is seen.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

Place = tuple[int, int]
Role = Literal["enriched", "escalated", "dead"]
# The core never gives these: they stand for an event that could not be made or not be produced.
STAND_INS: Final = frozenset({"poison", "undeliverable"})
ESCALATED: Final = "escalated"


class Raw(NamedTuple):
    """A record of the raw topic. number: the feed's, None if it is not from the feed. time_ms: when sent."""

    number: int | None
    time_ms: int


class Out(NamedTuple):
    """A record of an output topic.

    source: the raw record that it says it is of; None: it does not say. context: of events; dead letters
    have none. digest: of all its bytes but the wall-clock header. at: (reading, partition, offset), rising
    in the order of appending within a partition; a topic that was deleted and made again is read twice.
    time_ms: when the broker appended it. route: what an event says of itself. code: of a dead letter.
    """

    source: Place | None
    uid: str
    context: str
    digest: str
    key: bytes
    at: tuple[int, int, int]
    time_ms: int
    route: str = ""
    code: str = ""
    unscored: bool = False


class Reference(NamedTuple):
    """What an undisturbed run gives: context, and the digest of each place's record by role.

    dead: of a stand-in the code instead of a digest.
    """

    context: str
    digests: Mapping[Role, Mapping[Place, str]]


class Count(NamedTuple):
    """The far end's verdict on one run. Lists of places are sorted.

    lost: neither event nor dead letter. missing_escalated: the event says escalated, that topic lacks it.
    duplicates: records beyond the first of their place, by topic summed. differing: places with two records
    of one topic and one context that are not the same bytes. contexts: duplicates under another context.
    both: places with an event and a dead letter. strangers: records of no raw record. order: pairs of places
    of one entity of which the later one came out first. disturbed: places whose event or dead letter is not,
    byte for byte, that of the undisturbed run. elsewhere: events under another context than its own.
    vanished: receipts that the feed had and the raw topic does not keep.
    """

    alerts: int
    lost: tuple[Place, ...]
    missing_escalated: tuple[Place, ...]
    duplicates: int
    differing: tuple[Place, ...]
    contexts: int
    both: tuple[Place, ...]
    strangers: int
    order: tuple[tuple[Place, Place], ...]
    disturbed: tuple[Place, ...]
    elsewhere: int
    vanished: tuple[int, ...]
    dead: Mapping[str, int]
    unscored: int
    escalated: int

    @property
    def clean(self) -> bool:
        """Whether nothing is lost, invented, or contradicts its twin."""
        return not (self.lost or self.missing_escalated or self.differing or self.strangers or self.vanished)


def count(
    raw: Mapping[Place, Raw],
    out: Mapping[Role, Sequence[Out]],
    receipts: Mapping[int, Place],
    reference: Reference,
) -> Count:
    """Count one run. out: all three topics, in any order. receipts: the feed's, number -> place."""
    of: dict[Role, dict[Place, list[Out]]] = {role: _by_place(raw, records) for role, records in out.items()}
    events, letters, escalated = of["enriched"], of["dead"], of["escalated"]
    told = {place for place, found in events.items() if any(each.route == ESCALATED for each in found)}
    return Count(
        alerts=len(raw),
        lost=tuple(sorted(raw.keys() - events.keys() - letters.keys())),
        missing_escalated=tuple(sorted(told ^ escalated.keys())),
        duplicates=sum(len(found) - 1 for role in of.values() for found in role.values()),
        differing=tuple(sorted({p for role in of.values() for p, found in role.items() if _differ(found)})),
        contexts=sum(
            len({each.context for each in found}) - 1 for role in of.values() for found in role.values()
        ),
        both=tuple(sorted(events.keys() & letters.keys())),
        strangers=sum(each.source not in raw for records in out.values() for each in records),
        order=tuple(_order_breaks(out["enriched"], raw)),
        disturbed=tuple(sorted(_disturbed(of, reference))),
        elsewhere=sum(each.context != reference.context for each in out["enriched"]),
        vanished=tuple(sorted(n for n, place in receipts.items() if _number(raw, place) != n)),
        dead=dict(Counter(found[0].code for found in letters.values())),
        unscored=sum(any(each.unscored for each in found) for found in events.values()),
        escalated=len(escalated),
    )


def _by_place(raw: Mapping[Place, Raw], records: Iterable[Out]) -> dict[Place, list[Out]]:
    found: dict[Place, list[Out]] = defaultdict(list)
    for record in records:
        if record.source is not None and record.source in raw:
            found[record.source].append(record)
    return dict(found)


def _differ(found: Sequence[Out]) -> bool:
    twins: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for each in found:
        twins[each.context].add((each.uid, each.digest))
    return any(len(kinds) > 1 for kinds in twins.values()) or len({each.uid for each in found}) > 1


def _order_breaks(events: Sequence[Out], raw: Mapping[Place, Raw]) -> Iterable[tuple[Place, Place]]:
    """Yield (the earlier alert, the later one before it), of one entity of one raw partition."""
    seen: set[Place] = set()
    last: dict[tuple[int, bytes], tuple[int, int]] = {}  # (raw partition, key) -> (offset, output partition)
    for event in sorted(events, key=lambda each: each.at):
        place = event.source
        if place is None or place not in raw or place in seen:
            continue
        seen.add(place)
        group, target = (place[0], event.key), event.at[1]
        before = last.get(group)
        # An entity in two output partitions has no order at all.
        if before is not None and (before[0] > place[1] or before[1] != target):
            yield place, (place[0], before[0])
        last[group] = max(before or (-1, target), (place[1], target))


def _disturbed(of: Mapping[Role, Mapping[Place, Sequence[Out]]], reference: Reference) -> Iterable[Place]:
    """Yield places of which some record is not that of the undisturbed run, or is not of it at all.

    A dead letter that stands in for an event is not compared with that event: it is counted by its code.
    Events of another context are counted apart.
    """
    excused = {place for place, found in of["dead"].items() if any(each.code in STAND_INS for each in found)}
    found_places: set[Place] = set()
    for role, places in of.items():
        wanted = reference.digests[role]
        for place, found in places.items():
            for each in found:
                if role != "dead" and each.context != reference.context:
                    continue
                if role == "dead" and each.code in STAND_INS:
                    continue
                if wanted.get(place) != each.digest:
                    found_places.add(place)
        # An escalation that the undisturbed run has and this one has not.
        if role == ESCALATED:
            others = {
                place
                for place, found in of["enriched"].items()
                if any(each.context != reference.context for each in found)
            }
            found_places |= wanted.keys() - places.keys() - excused - others
    return found_places


def _number(raw: Mapping[Place, Raw], place: Place) -> int | None:
    return raw[place].number if place in raw else None


class Harm(NamedTuple):
    """time_ms: from when on time is counted. partitions: of the raw topic, those that it struck."""

    time_ms: int
    partitions: frozenset[int]


def recovery_s(raw: Mapping[Place, Raw], events: Iterable[Out], harms: Iterable[Harm]) -> list[float]:
    """Return seconds, one for each harm and partition that it struck.

    From the harm to the time at which the broker appended the first event of an alert that was itself sent
    after the harm: what was on its way before it shows nothing.
    """
    first: dict[Place, int] = {}
    for event in events:
        if event.source is not None:
            first[event.source] = min(event.time_ms, first.get(event.source, event.time_ms))
    found = []
    for harm in harms:
        soonest: dict[int, int] = {}
        for place, out_ms in first.items():
            if place in raw and place[0] in harm.partitions and raw[place].time_ms > harm.time_ms:
                soonest[place[0]] = min(out_ms, soonest.get(place[0], out_ms))
        found += [(out_ms - harm.time_ms) / 1000 for out_ms in soonest.values()]
    return found
