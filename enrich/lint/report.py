"""The Report: what was counted of a feed."""

from collections.abc import Mapping
from dataclasses import dataclass

from enrich.errors import DeadCode
from enrich.lint.facts import Facts
from enrich.lint.repeats import Repeated
from enrich.lint.sources import Sources
from enrich.lint.stated import Wrong
from enrich.lint.tally import Counted, Mark, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Counts of one feed; ``findings`` reads them.

    rows: all; size: their bytes. alerts: rows that a format knows. dead: the others, by code.
    formats: by name, the most frequent first. attack_version: that stated ids are judged by.
    problems: (format, problem; "" where sound) → values stated. wrong: the most frequent first;
    wrong_beyond: values of others. end_ms: the feed's last event time; None: there is none. leap_ms,
    leap_place: the widest step forward in event time, and the row that made it. unknown_keys: top-level keys
    of objects that no format knows, of so many as ``unknown``.
    """

    rows: int
    size: int
    alerts: int
    tombstones: Mark
    dead: tuple[Counted[DeadCode], ...]
    formats: Mapping[str, Facts]
    attack_version: str
    problems: tuple[Counted[tuple[str, str]], ...]
    wrong: tuple[Counted[Wrong], ...]
    wrong_beyond: int
    repeats: Repeated
    sources: Sources
    end_ms: int | None
    leap_ms: int
    leap_place: Place | None
    unknown: int
    unknown_keys: tuple[Counted[str], ...]
