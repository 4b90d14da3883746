"""The parts of the page that training tells: gates, data, ATT&CK, anomaly, drift, time."""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element

from training.figures.classes import NAMES
from training.figures.drift import LARGE, SMALL
from training.figures.intervals import Interval
from training.reports.markup import el
from training.reports.sections import Area, Sections
from training.reports.tables import Row, table
from training.reports.worth_part import worth

GAPS: Final = 14
# Rows of a long table; the JSON has all.
LONGEST: Final = 25
GUESSES: Final = "guesses"
_HINTS: Final = (
    (
        True,
        "Technique guesses on rules of a source that nothing was learnt from: each source held out in turn",
    ),
    (False, "Technique guesses on test rows; other rules of the same sources were learnt from"),
)
_GUESSED: Final = (
    "A hit: one of the first so many guesses is a technique that the rule states. Guesses alone: what a "
    "detector states, and what patterns find in the text, stand above them in an event. “However unsure” "
    "counts guesses that are too improbable to be made."
)
_ANOMALY: Final = (
    "Findings are the first alert of a rule on an entity in an hour; attacks those that somebody called "
    "so. Flows: methods saw usual ones alone. The bundle's forest learnt from alerts, and of a flow it sees "
    "what an alert would have; where all flows look alike to it, the area is .5. Rivals and floors are "
    "fitted on rows of the same corpus."
)
_NONE: Final = Interval(float("nan"), float("nan"), float("nan"), 0)


class Part(NamedTuple):
    """anchor: of the section. made: its content, empty if there is nothing to tell."""

    anchor: str
    title: str
    made: Callable[[Sections], Sequence[Element]]


def gates(sections: Sections) -> Sequence[Element]:
    """What each gate said, and which heads it is therefore without."""
    rows = [
        Row(
            (
                each.name,
                el("span", "passed", class_="good") if each.passed else el("strong", "refused", class_="bad"),
                each.reason,
                _plain(each.value),
                _plain(each.limit),
            )
        )
        for each in sections.gates
    ]
    heading = ("gate", "result", "reason", "value", "limit")
    made = [table("What a candidate must pass to be promoted", heading, rows, stack=True)] if rows else []
    if sections.left_out:
        columns = ("label source", "reason", "test rows", "accuracy", "macro-F1", "calibration error")
        caption = "Judged, not carried: of alerts of these sources the bundle says that it does not know"
        made.append(table(caption, columns, [Row(each) for each in sections.left_out], stack=True))
    return made


def data(sections: Sections) -> Sequence[Element]:
    """Sources, licences, hashes, splits."""
    made = []
    if sections.sources:
        rows = [
            Row((each.label_source, each.rows, *each.classes, each.licence, each.hash[:16], each.note))
            for each in sections.sources
        ]
        heading = ("label source", "rows", *NAMES.values(), "licence", "content hash", "note")
        made.append(table("Rows by label", heading, rows, stack=True))
    if sections.splits:
        rows = [
            Row((each.label_source, each.kind, each.rows, each.first, each.last)) for each in sections.splits
        ]
        made.append(table("Splits", ("label source", "part", "rows", "first", "last"), rows))
    return made


def attack(sections: Sections) -> Sequence[Element]:
    """Coverage by tactic and technique, and how good the hints are."""
    made: list[Element] = []
    for held_out, said in _HINTS:
        rows = [
            Row((*each[:5], each.at_1.n), each.by == GUESSES)
            for each in sections.hints
            if each.held_out == held_out
        ]
        if rows:
            heading = ("label source", "by", "hit@1", "hit@3", "hit@5", "n")
            made.append(table(said, heading, rows, stack=True))
    if sections.hints:
        made.append(el("p", _GUESSED))
    if sections.tactics:
        columns = ("tactic", "techniques with rows", "of", "rows", "gaps")
        rows = [
            Row((f"{each.name} {each.uid}", each.known, each.techniques, each.rows, _listed(each.gaps)))
            for each in sections.tactics
        ]
        made.append(table("Coverage by tactic: what the training rows speak of", columns, rows, stack=True))
    if sections.techniques:
        rows = [Row((each.uid, each.name, each.rows)) for each in sections.techniques[:LONGEST]]
        said = f"The {len(rows)} techniques with most rows, of {len(sections.techniques)} with any"
        made.append(table(said, ("technique", "name", "rows"), rows))
    return made


def anomaly(sections: Sections) -> Sequence[Element]:
    """Anomaly figures beside their floors: a table for each corpus."""
    made: list[Element] = []
    for what in dict.fromkeys(each.what for each in sections.anomaly):
        own = [each for each in sections.anomaly if each.what == what]
        figures = list(dict.fromkeys(each.figure for each in own))
        rows = [
            Row((by, *(_area(own, by, figure) for figure in figures)), any(e.own for e in own if e.by == by))
            for by in dict.fromkeys(each.by for each in own)
        ]
        made.append(table(what, ("ranked by", *figures), rows, stack=True))
    if made:
        made.append(el("p", _ANOMALY))
    return made


def _area(own: Sequence[Area], by: str, figure: str) -> Interval:
    return next((each.area for each in own if (each.by, each.figure) == (by, figure)), _NONE)


def drift(sections: Sections) -> Sequence[Element]:
    """PSI between splits."""
    if not sections.drift:
        return ()
    rows = [
        Row((each.label_source, each.between, each.drift.name, each.drift.psi, each.drift.by_chance))
        for each in sections.drift[:LONGEST]
    ]
    said = f"PSI: below {SMALL} small, above {LARGE} another population; equal populations show “by chance”"
    return (table(said, ("label source", "between", "of", "PSI", "by chance"), rows),)


def time(sections: Sections) -> Sequence[Element]:
    """Seconds and rows a second, by stage; parameters."""
    made = []
    if sections.stages:
        rows = [
            Row(
                (
                    each.name,
                    each.seconds,
                    each.rows,
                    each.rows / each.seconds if each.seconds > 0 and each.rows else float("nan"),
                )
            )
            for each in sections.stages
        ]
        made.append(table("Time", ("stage", "seconds", "rows", "rows a second"), rows))
    if sections.parameters:
        rows = [Row((name, value)) for name, value in sections.parameters]
        made.append(table("What training was given", ("parameter", "value"), rows))
    return made


def _plain(value: float) -> int | float:
    return int(value) if isfinite(value) and value == int(value) else value


def _listed(uids: Sequence[str]) -> str:
    if len(uids) <= GAPS:
        return ", ".join(uids) or "none"
    return f"{', '.join(uids[:GAPS])} and {len(uids) - GAPS} more"


PARTS: Final[tuple[Part, ...]] = (
    Part("gates", "Gates", gates),
    Part("data", "Data and labels", data),
    Part("worth", "What features are worth", worth),
    Part("attack", "ATT&CK", attack),
    Part("anomaly", "Anomaly", anomaly),
    Part("drift", "Drift between splits", drift),
    Part("time", "Time and parameters", time),
)
