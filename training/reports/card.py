"""The model card: one page that says what a bundle is, was made of, is for, and how far it can be trusted.

After Mitchell et al. 2019, "Model Cards for Model Reporting". The blocks are made once, and written as
Markdown and as HTML.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element

from enrich.text import visible
from training.figures.classes import NAMES
from training.gates import LIMITS, promotable
from training.reports.figured import MODEL, Figured
from training.reports.markup import el
from training.reports.report import Report
from training.reports.tables import Row, number, table

_MARKDOWN: Final = re.compile(r"([\\`*_\[\]<>|#&~!])")


class Heading(NamedTuple):
    """A heading of the card."""

    text: str


class Lines(NamedTuple):
    """A list of one-line points."""

    points: tuple[str, ...]


class Grid(NamedTuple):
    """A table; cells are text."""

    caption: str
    heading: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Lines | Grid


def card(report: Report) -> tuple[Block, ...]:
    """Return the blocks."""
    return tuple(_blocks(report))


def markdown(report: Report) -> str:
    """Return the card as Markdown. All text is escaped: a corpus may name its source as it likes."""
    made = [f"# Model card: {_escaped(report.sections.name)} `{report.bundle_id}`"]
    for block in card(report):
        if isinstance(block, Heading):
            made.append(f"\n## {_escaped(block.text)}\n")
        elif isinstance(block, Lines):
            made.extend(f"- {_escaped(point)}" for point in block.points)
        else:
            made.append(f"\n{_escaped(block.caption)}:\n")
            made.append(f"| {' | '.join(_escaped(cell) for cell in block.heading)} |")
            made.append(f"|{'---|' * len(block.heading)}")
            made.extend(f"| {' | '.join(_escaped(cell) for cell in row)} |" for row in block.rows)
    return "\n".join(made) + "\n"


def card_part(report: Report) -> Element:
    """Return the card as a section of the page."""
    made: list[Element] = [el("h2", "Model card")]
    for block in card(report):
        if isinstance(block, Heading):
            made.append(el("h3", block.text))
        elif isinstance(block, Lines):
            made.append(el("ul", *(el("li", point) for point in block.points)))
        else:
            made.append(table(block.caption, block.heading, [Row(row) for row in block.rows], stack=True))
    return el("section", *made, id="card")


def _blocks(report: Report) -> Iterator[Block]:
    sections, heads = report.sections, report.heads
    yield Heading("What it is")
    yield Lines(
        (
            f"bundle {report.bundle_id}, trained {sections.made}, features {sections.features_hash}",
            "severity 1–5 and a calibrated confidence of an alert, by the lights of the label sources below",
            "an anomaly score: how unusual an alert is among those of its reference; not how bad it is",
        )
    )
    yield Heading("What it is for")
    yield Lines(
        (
            "ranking and enriching alerts for analysts, who decide; the stated severity stays the floor",
            "not for closing alerts by itself, and not for people: it says nothing of who did something",
            "a severity holds for its label source: vendors do not mean the same by “high”",
        )
    )
    if sections.sources:
        yield Heading("What it was made of")
        yield Grid(
            "Labels",
            ("label source", "rows", "licence", "content hash"),
            tuple(
                (each.label_source, f"{each.rows:,}", each.licence, each.hash[:16])
                for each in sections.sources
            ),
        )
    if heads:
        yield Heading("How good it is")
        yield Grid(
            "On rows that nothing was fitted to, with 95 % intervals",
            _GOOD,
            tuple(_good(each) for each in heads),
        )
    yield Heading("Where it is weak")
    yield Lines(tuple(_weak(report)))
    yield Heading("Whether it may be promoted")
    yield Lines(tuple(_verdict(report)))


_GOOD: Final = ("label source", "n", "macro-F1", "best baseline", "calibration error", "confidence stated on")


def _good(head: Figured) -> tuple[str, ...]:
    own = next(each for each in head.scored if each.by == MODEL)
    floors = [each for each in head.scored if each.by != MODEL and not each.by.startswith("ceiling")]
    best = max(floors, key=lambda each: each.macro_f1.value, default=None)
    return (
        head.label_source,
        f"{head.rows:,}",
        _interval(own.macro_f1),
        "none judged" if best is None else f"{best.by} {number(best.macro_f1.value)}",
        _interval(head.ece),
        f"{head.stated / head.rows:.0%}",
    )


def _weak(report: Report) -> Iterator[str]:
    for each in report.sections.left_out:
        yield (
            f"{each.label_source}: judged, not carried: {each.reason} ({each.rows:,} test rows, "
            f"accuracy {number(each.accuracy)}, macro-F1 {number(each.macro_f1)}, "
            f"calibration error {number(each.ece)})"
        )
    for head in report.heads:
        few = [each for each in head.classes if 0 < each.support < LIMITS.judged_rows_min]
        if few:
            told = ", ".join(f"{NAMES[each.severity]} ({each.support})" for each in few)
            yield f"{head.label_source}: too few test rows to judge {told}"
        low = [each for each in head.classes if each.support and each.recall.value < 0.5]
        if low:
            told = ", ".join(f"{NAMES[each.severity]} {number(each.recall.value, 2)}" for each in low)
            yield f"{head.label_source}: finds less than half of {told} (recall)"
        if head.stated < head.rows:
            yield f"{head.label_source}: abstains on {head.rows - head.stated:,} of {head.rows:,} test rows"
    gaps = sum(len(each.gaps) for each in report.sections.tactics)
    if report.sections.tactics:
        yield f"ATT&CK: {gaps:,} technique entries of its tactics have no training row"
    yield "whoever knows the words can write an alert's free text to look harmless, but not a rule's title"
    yield from report.sections.notes


def _verdict(report: Report) -> Iterator[str]:
    gates = report.sections.gates
    if not gates:
        yield "no gate was asked"
        return
    passed = sum(each.passed for each in gates)
    yield f"{'yes' if promotable(gates) else 'no'}: {passed} of {len(gates)} gates passed"
    yield from (f"refused by {each.name}: {each.reason}" for each in gates if not each.passed)


def _interval(found: Sequence[float]) -> str:
    return f"{number(found[0])} ({number(found[1])} to {number(found[2])})"


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", visible(text))
