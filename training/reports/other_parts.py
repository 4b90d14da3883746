"""The parts of the page that training tells: gates, data, what features are worth, ATT&CK, drift, time."""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element

from training.figures.classes import NAMES
from training.figures.drift import LARGE, SMALL
from training.reports.markup import el
from training.reports.sections import Effect, Sections
from training.reports.tables import Row, number, table

GAPS: Final = 14
# Rows of a long table; the JSON has all.
LONGEST: Final = 25


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


def worth(sections: Sections) -> Sequence[Element]:
    """Ablation, permutation importance, words."""
    made: list[Element] = []
    if sections.ablation:
        made.append(el("h3", "Fitted again without a group of features"))
        made.append(
            _effects(
                "Macro-F1 lost without it: an interval around 0 says it is worth nothing", sections.ablation
            )
        )
    if sections.importance:
        made.append(el("h3", "Columns mixed among the test rows (permutation importance)"))
        made.append(_effects("Macro-F1 lost when the column tells of another row", sections.importance))
    if sections.pulling:
        made.append(el("h3", "Words that speak for a class"))
        made.append(
            el(
                "p",
                "Exact contributions of the linear model: coefficient times weight of the word, in the mean "
                "over the test rows. They are the SHAP values of a linear model, up to a constant a word.",
            )
        )
        said: dict[tuple[str, int], list[str]] = {}
        for each in sections.pulling:
            told = f"{each.word} {number(each.weight)}"
            said.setdefault((each.label_source, each.severity), []).append(told)
        rows = [
            Row((source, NAMES[severity], ", ".join(words))) for (source, severity), words in said.items()
        ]
        made.append(table("Log odds in the mean", ("label source", "class", "words"), rows, stack=True))
    return made


def attack(sections: Sections) -> Sequence[Element]:
    """Coverage by tactic and technique, and how good the hints are."""
    made: list[Element] = []
    if sections.hints:
        heading = ("label source", "by", "hit@1", "hit@3", "hit@5", "n")
        rows = [Row((*each, each.at_1.n)) for each in sections.hints]
        said = "Technique hints: a right one among the first; rules of the same sources were trained on"
        made.append(table(said, heading, rows, stack=True))
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
    """Anomaly figures beside their floors."""
    rows = [Row((each.what, each.by, each.area, each.area.n)) for each in sections.anomaly]
    return (table("Anomaly", ("figure", "by", "value", "n"), rows),) if rows else ()


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


def _effects(caption: str, effects: Sequence[Effect]) -> Element:
    rows = [Row((each.label_source, each.name, each.lost, each.lost.n)) for each in effects[:LONGEST]]
    return table(caption, ("label source", "features", "macro-F1 lost", "n"), rows)


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
