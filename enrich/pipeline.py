"""The whole way of a batch, bytes to bytes. Everything else in ``enrich`` is a step of this.

raw records -> parse -> enrich -> fold -> features -> score -> decide -> encode -> records
                 \\-> dead letters
"""

from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from enrich import address, features
from enrich.alert import Alert, entity, rule_key
from enrich.attack import AttackKnowledge
from enrich.context import Context
from enrich.dead_letter import dead_letter
from enrich.decide import capacity_share, decide
from enrich.encode.ocsf import encode
from enrich.errors import DeadCode, Quality, QualityCode, Rejected
from enrich.formats import alerts_from
from enrich.history import COLD, FUTURE_MS, Fold
from enrich.record import RawRecord, Record
from enrich.row import Decision, Row, Score, new_row
from enrich.score import Models, score, unscored
from enrich.suppression import Suppression
from enrich.uid import UID_HEADER, record_time, uid


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
    unread: list[tuple[int, RawRecord, bytes]] = []
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
        unread.append((place, record, record.value))
    for (place, record, raw), alert in zip(unread, _alerts(unread, context), strict=True):
        state = states[record.partition]
        if isinstance(alert, Rejected):
            counts[f"dead.{alert.code}"] += 1
            dead[place] = dead_letter(record, raw, alert, state.history, context)
            continue
        row = _row(record, raw, alert, state.history, context)
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
    """Decide in order, since each decision sees the escalations before it; then encode."""
    outputs: list[tuple[Record, ...]] = [()] * len(records)
    counts = batch.counts
    policy, capacity = context.policy, context.policy.escalate.capacity_per_day
    shares = {place: capacity_share(capacity, place, context.partitions) for place in states}
    of_context = ("millrace-context", context.context_id.encode())
    guessed(batch, scores, context.attack)
    for place, letter in batch.dead.items():
        outputs[place] = (letter,)
    decisions: list[Decision] = []
    alike: dict[str, list[int]] = {}
    for at, (row, row_score, now_ms) in enumerate(zip(batch.rows, scores, batch.now_ms, strict=True)):
        partition = row.record.partition
        suppression = states[partition].suppression
        decisions.append(decide(row, row_score, policy, suppression, now_ms, shares[partition]))
        alike.setdefault(row.alert.format, []).append(at)
    # One format after the other, as they are parsed: 6 % of the whole way (``alerts_from``).
    for at in [at for of_format in alike.values() for at in of_format]:
        place, row = batch.places[at], batch.rows[at]
        enriched, escalated = encode(row, scores[at], decisions[at], context)
        key = context.redaction.entity(row.entity, row.alert.user).encode()
        headers = ((UID_HEADER, row.uid.encode()), of_context)
        if escalated is None:
            outputs[place] = (Record("enriched", key, enriched, headers),)
        else:
            counts["escalated"] += 1
            outputs[place] = (
                Record("enriched", key, enriched, headers),
                Record("escalated", key, escalated, headers),
            )
    counts["enriched"] += len(batch.rows)
    for route, rows_to in Counter([decision.route for decision in decisions]).items():
        counts[f"route.{route}"] += rows_to
    return Batch(outputs, counts)


def _alerts(unread: Sequence[tuple[int, RawRecord, bytes]], context: Context) -> Iterator[Alert | Rejected]:
    """Yield what each record is, in their order. What must not be read is not."""
    refused = [_refused(record, raw, context.raw_limit) for _, record, raw in unread]
    values = [raw for (_, _, raw), why in zip(unread, refused, strict=True) if why is None]
    read = iter(alerts_from(values, context.formats))
    for why in refused:
        yield next(read) if why is None else why


def _refused(record: RawRecord, raw: bytes, limit: int) -> Rejected | None:
    if record.poison:
        return Rejected(DeadCode.POISON, "the worker has died of this record, and of it alone")
    if len(raw) > limit:
        return Rejected(DeadCode.OVERSIZE, f"{len(raw)} bytes, the limit is {limit}")
    return None


def _row(record: RawRecord, raw: bytes, alert: Alert, fold: Fold, context: Context) -> Row:
    record_time_ms = record_time(record, alert, fold)
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
