"""The values that travel between the steps of the pipeline, one per alert of the batch."""

from dataclasses import dataclass, fields
from typing import Final, NamedTuple

from enrich.address import AddressFacts
from enrich.alert import Alert
from enrich.attack import Guess, Hint
from enrich.errors import Quality
from enrich.record import RawRecord
from enrich.swift import maker
from enrich.tables.values import Found


class History(NamedTuple):
    """What the partition's fold knew *before* this alert. Times are event times.

    entity_*m, rule_*m: alerts of this entity, of this rule, in the last 1, 10 and 60 minutes, this one not
        counted.
    *_since_s: seconds since the entity, the rule, and this rule on this entity, were last seen; None: not
        seen within the fold's memory (``first sight``).
    warm: the fold has seen a whole window; until then the features made from this are missing, not zero.
    folded: this alert was added to the fold (not when its time is too old or in the future).
    """

    entity_1m: int
    entity_10m: int
    entity_60m: int
    rule_1m: int
    rule_10m: int
    rule_60m: int
    entity_since_s: float | None
    rule_since_s: float | None
    pair_since_s: float | None
    warm: bool
    folded: bool


@dataclass(frozen=True, slots=True)
class Row:
    """An alert with all that is known of it before any model sees it.

    uid: ``metadata.uid``, 32 hex digits. One per raw record, the same for each retry.
    time_ms: event time; the record's time where the alert has none (then quality says so).
    record_time_ms: the record's time; in ``score FILE`` the stand-in for it.
    quality: of the parse and of the steps after it.
    found: what the tables say of its ends, its device and its user.
    """

    record: RawRecord
    raw: bytes
    uid: str
    alert: Alert
    time_ms: int
    record_time_ms: int
    entity: str
    src: AddressFacts | None
    dst: AddressFacts | None
    direction: str
    hints: tuple[Hint, ...]
    history: History
    quality: tuple[Quality, ...]
    found: tuple[Found, ...] = ()


# Takes the fields in this order. A worker makes one for every alert.
new_row: Final = maker(Row, *(each.name for each in fields(Row)))


class Severity(NamedTuple):
    """severity_id 1-5 (OCSF) and 0-100, what the source stated and what the model said; None where unsaid."""

    id: int
    score: float
    stated_id: int | None
    model_id: int | None
    model_score: float | None
    origin: str  # "stated" | "model" | "default": which of them the final class rests on


class AnomalyPart(NamedTuple):
    """A feature that is rare in this alert.

    share: of reference alerts with a value at least as extreme, 0-1; small is rare. value: None is missing.
    """

    feature: str
    value: float | None
    share: float


class Anomaly(NamedTuple):
    """score: share of reference alerts less unusual than this one, 0-1. parts: rarest first, at most 3."""

    score: float
    parts: tuple[AnomalyPart, ...]


class Confidence(NamedTuple):
    """score: calibrated P(the model's severity class is right), 0-1, against ``label_source``.

    None with status "insufficient data" (outside what the model knows) or "unscored" (no model ran).
    """

    score: float | None
    status: str  # "measured" | "insufficient data" | "unscored"
    label_source: str | None


class Pull(NamedTuple):
    """word: of the text. weight: what it adds to the log odds of the class that the model found."""

    word: str
    weight: float


class Score(NamedTuple):
    """All that the models say of one row. anomaly is None when unscored.

    pulls: the words that speak most for the model's class, strongest first; empty where it cannot tell.
    guesses: ATT&CK techniques that a text model guesses. worth: P(a true positive), 0-1; None: not learnt.
    """

    severity: Severity
    anomaly: Anomaly | None
    confidence: Confidence
    pulls: tuple[Pull, ...] = ()
    guesses: tuple[Guess, ...] = ()
    worth: float | None = None


class Reason(NamedTuple):
    """code: stable, see docs/event.md. points: its share of the priority, 0-100; 0 for a rule's reason."""

    code: str
    detail: str
    points: float


class Decision(NamedTuple):
    """route: "escalated", or why not: "low" | "suppressed" | "never" | "sample" | "over_capacity".

    priority: 0-100, what escalation is ranked by. reasons: at least one. suppressed_count: how many alerts of
    this rule and entity the running suppression has held back, this one included (0: none running).
    """

    escalated: bool
    route: str
    priority: float
    reasons: tuple[Reason, ...]
    suppressed_count: int
