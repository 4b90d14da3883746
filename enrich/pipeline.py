"""The whole way of a batch, bytes to bytes. Everything else in ``enrich`` is a step of this.

raw records -> parse -> enrich -> fold -> features -> score -> decide -> encode -> records
                 \\-> dead letters
"""

from collections import Counter
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b, sha256
from typing import Final

import numpy as np
import numpy.typing as npt

from enrich import address, features
from enrich.alert import Alert, entity, rule_key
from enrich.attack import AttackKnowledge
from enrich.context import Context
from enrich.decide import capacity_share, decide
from enrich.encode.ocsf import encode
from enrich.errors import DeadCode, Quality, QualityCode, Rejected
from enrich.formats import alert_from
from enrich.history import COLD, FUTURE_MS, Fold
from enrich.record import Header, RawRecord, Record
from enrich.row import Row, Score, new_row
from enrich.score import Models, score, unscored
from enrich.suppression import Suppression

UID_HEADER: Final = "millrace-uid"
ATTEMPT_HEADER: Final = "millrace-attempt"
KEY_LIMIT: Final = 16_384


@dataclass
class PartitionState:
    """Both folds of one partition. New: cold. head: the first offset that has not been folded."""

    head: int = 0
    history: Fold = field(default_factory=Fold)
    suppression: Suppression = field(default_factory=Suppression)


States = MutableMapping[int, PartitionState]


@dataclass(frozen=True)
class Prepared:
    """A batch before the models. texts, X (n, k) and now_ms are of ``rows``; places are indices of records.

    now_ms: the partition's event time at each row. dead: place -> dead letter. ``scored`` marks in rows and
    counts what no model could score.
    """

    rows: list[Row]
    places: list[int]
    texts: list[str]
    now_ms: list[int]
    X: npt.NDArray[np.float32]
    dead: dict[int, Record]
    counts: Counter[str]


@dataclass(frozen=True)
class Batch:
    """outputs: what each record gave rise to, in the order of the records; () for a tombstone or a replay.

    counts: in, enriched, escalated, dead, tombstone, replayed; by code dead.* and quality.*, by format
    source.*. seconds: of each step, where the shell has measured them.
    """

    outputs: list[tuple[Record, ...]]
    counts: Counter[str]
    seconds: Mapping[str, float] = field(default_factory=dict)


def process(records: Sequence[RawRecord], states: States, context: Context, models: Models | None) -> Batch:
    """Take a batch the whole way. Records of one partition come in offset order.

    models: None is passthrough, every event then says that it is unscored.
    If this raises, the states are spent: throw them away and read again from the last acknowledged offset.
    """
    batch = prepare(records, states, context)
    scores = scored(batch, models)
    return finish(records, batch, scores, states, context)


def prepare(records: Sequence[RawRecord], states: States, context: Context) -> Prepared:
    """Parse, enrich, fold and make features. Training calls this too, so both see the same numbers."""
    rows: list[Row] = []
    places: list[int] = []
    now_ms: list[int] = []
    dead: dict[int, Record] = {}
    counts: Counter[str] = Counter()
    for place, record in enumerate(records):
        state = states.get(record.partition)
        if state is None:
            state = states[record.partition] = PartitionState()
        if record.offset < state.head:  # read again after a seek: already folded, and its events already made
            counts["replayed"] += 1
            continue
        state.head = record.offset + 1
        if record.value is None:
            counts["tombstone"] += 1
            continue
        try:
            row = _row(record, record.value, state.history, context)
        except Rejected as rejected:
            counts[f"dead.{rejected.code}"] += 1
            dead[place] = _dead_letter(record, record.value, rejected, state.history, context)
            continue
        rows.append(row)
        places.append(place)
        now_ms.append(row.time_ms if row.history.folded else state.history.watermark_ms or row.record_time_ms)
        for quality in row.quality:
            counts[f"quality.{quality.code}"] += 1
    counts["in"] = len(records) - counts["replayed"]
    counts["dead"] += len(dead)
    for name, rows_of in Counter([row.alert.format for row in rows]).items():
        counts[f"source.{name}"] = rows_of
    texts = [features.text_of(row.alert) for row in rows]
    return Prepared(rows, places, texts, now_ms, features.matrix(rows, context.zone), dead, counts)


def scored(batch: Prepared, models: Models | None) -> list[Score]:
    """Score the rows. A row on which a model raises goes out unscored; the batch is halved to find it."""
    if models is None:
        return [unscored(row) for row in batch.rows]
    return _scored(batch, models, 0, len(batch.rows))


def guessed(batch: Prepared, scores: Sequence[Score], attack: AttackKnowledge) -> None:
    """Lay the models' guesses of techniques under the hints of the rows."""
    for place, of_row in enumerate(scores):
        if of_row.guesses:
            row = batch.rows[place]
            batch.rows[place] = replace(row, hints=attack.with_guesses(row.hints, of_row.guesses))


def _scored(batch: Prepared, models: Models, start: int, end: int) -> list[Score]:
    try:
        return score(batch.rows[start:end], batch.texts[start:end], batch.X[start:end], models)
    except Exception:  # noqa: BLE001 - whatever a model raises, the alert must reach the analyst
        if end - start == 1:
            failed = batch.rows[start]
            quality = (*failed.quality, Quality(QualityCode.SCORE_FAILED))
            batch.rows[start] = replace(failed, quality=quality)
            batch.counts["quality.score_failed"] += 1
            return [unscored(failed)]
        middle = (start + end) // 2
        return _scored(batch, models, start, middle) + _scored(batch, models, middle, end)


def finish(
    records: Sequence[RawRecord], batch: Prepared, scores: Sequence[Score], states: States, context: Context
) -> Batch:
    """Decide and encode, row by row in order: each decision sees the escalations before it."""
    outputs: list[tuple[Record, ...]] = [()] * len(records)
    counts = batch.counts
    policy, capacity = context.policy, context.policy.escalate.capacity_per_day
    shares = {place: capacity_share(capacity, place, context.partitions) for place in states}
    of_context = ("millrace-context", context.context_id.encode())
    guessed(batch, scores, context.attack)
    for place, letter in batch.dead.items():
        outputs[place] = (letter,)
    routes: list[str] = []
    for place, row, row_score, now_ms in zip(batch.places, batch.rows, scores, batch.now_ms, strict=True):
        partition = row.record.partition
        decision = decide(row, row_score, policy, states[partition].suppression, now_ms, shares[partition])
        enriched, escalated = encode(row, row_score, decision, context)
        key = context.redaction.entity(row.entity, row.alert.user).encode()
        headers = ((UID_HEADER, row.uid.encode()), of_context)
        routes.append(decision.route)
        if escalated is None:
            outputs[place] = (Record("enriched", key, enriched, headers),)
        else:
            counts["escalated"] += 1
            outputs[place] = (
                Record("enriched", key, enriched, headers),
                Record("escalated", key, escalated, headers),
            )
    counts["enriched"] += len(batch.rows)
    for route, rows_to in Counter(routes).items():
        counts[f"route.{route}"] += rows_to
    return Batch(outputs, counts)


def _row(record: RawRecord, raw: bytes, fold: Fold, context: Context) -> Row:
    if record.poison:
        raise Rejected(DeadCode.POISON, "the worker has died of this record, and of it alone")
    if len(raw) > context.raw_limit:
        raise Rejected(DeadCode.OVERSIZE, f"{len(raw)} bytes, the limit is {context.raw_limit}")
    alert = alert_from(raw, context.formats)
    record_time_ms = _record_time(record, alert, fold)
    time_ms, quality = alert.time_ms, alert.quality
    if time_ms is None:
        time_ms = record_time_ms
        quality = (*quality, Quality(QualityCode.TIME_FROM_RECORD, "time"))
    about = entity(alert, context.networks)
    if fold.accepts(time_ms, record_time_ms):
        seen = fold.see(about, rule_key(alert), time_ms)
    else:
        seen = COLD
        late = time_ms <= record_time_ms + FUTURE_MS
        code = QualityCode.TIME_TOO_OLD if late else QualityCode.TIME_IN_FUTURE
        quality = (*quality, Quality(code, "time"))
    hints, of_hints = context.attack.hints(alert)
    src, dst = alert.src.ip, alert.dst.ip
    return new_row(
        record,
        raw,
        uid(record, record_time_ms, context.source),
        alert,
        time_ms,
        record_time_ms,
        about,
        None if src is None else address.facts(src),
        None if dst is None else address.facts(dst),
        address.direction(src, dst, context.networks),
        hints,
        seen,
        quality + of_hints,
        context.tables.found(alert) if context.tables.tables else (),
    )


def _record_time(record: RawRecord, alert: Alert | None, fold: Fold) -> int:
    if record.time_ms is not None:
        return record.time_ms
    if alert is not None and alert.time_ms is not None:
        return alert.time_ms
    return fold.watermark_ms or 0


def uid(record: RawRecord, record_time_ms: int, source: str) -> str:
    """Return ``metadata.uid``, 32 hex digits, of the record's coordinates; a redriven one keeps its first."""
    for name, value in record.headers:
        if name == UID_HEADER and len(value) == 32 and set(value) <= _HEX:
            return value.decode()
    place = f"{source}\x00{record.topic}\x00{record.partition}\x00{record.offset}\x00{record_time_ms}"
    return blake2b(place.encode(), digest_size=16).hexdigest()


_HEX: Final = frozenset(b"0123456789abcdef")


def _dead_letter(record: RawRecord, raw: bytes, why: Rejected, fold: Fold, context: Context) -> Record:
    given = next((value for name, value in record.headers if name == ATTEMPT_HEADER), b"")
    attempt = given if given.isdigit() and len(given) <= 6 and given.strip(b"0") else b"1"
    headers: tuple[Header, ...] = (
        ("millrace-code", why.code.encode()),
        ("millrace-message", str(why).encode("utf-8", "replace")),
        ("millrace-topic", record.topic.encode()),
        ("millrace-partition", str(record.partition).encode()),
        ("millrace-offset", str(record.offset).encode()),
        (ATTEMPT_HEADER, attempt),
        (UID_HEADER, uid(record, _record_time(record, None, fold), context.source).encode()),
    )
    if record.time_ms is not None:
        headers = (*headers, ("millrace-record-ms", str(record.time_ms).encode()))
    key = record.key
    if key is not None and len(key) > KEY_LIMIT:
        key = None
    if len(raw) > 2 * context.raw_limit:
        # A compressing producer gets more past a topic's limit than any output topic takes back.
        digest = sha256(raw).hexdigest().encode()
        headers = (*headers, ("millrace-size", str(len(raw)).encode()), ("millrace-sha256", digest))
        raw = raw[: context.raw_limit]
    return Record("dead", key, raw, headers)
