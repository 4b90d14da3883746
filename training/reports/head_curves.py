"""Charts of one head, each beside its table: reliability, risk and coverage, ROC and PR, thresholds."""

from collections.abc import Sequence
from math import ceil, isfinite
from typing import Final
from xml.etree.ElementTree import Element

from training.figures.classes import NAMES
from training.figures.coverage import KEPT
from training.gates import LIMITS
from training.reports.charts import Axis, Line, line_chart
from training.reports.figured import Figured
from training.reports.markup import Content, el
from training.reports.tables import Row, number, table

# Points of a curve that its table shows.
SHOWN: Final = 9


def calibration(figured: Figured) -> Sequence[Element]:
    """Return reliability, and what calibration is in numbers."""
    bins = figured.reliability
    line = Line(
        "share right",
        [each.stated for each in bins],
        [each.right.value for each in bins],
        [each.right.low for each in bins],
        [each.right.high for each in bins],
        dots=True,
    )
    chart = line_chart(
        f"Reliability diagram, {figured.label_source}",
        [line],
        Axis("stated confidence"),
        Axis("share right"),
        [Line("exact", [0, 1], [0, 1])],
    )
    said = table(
        "Bins of equal counts",
        ("stated", "right", "n"),
        [Row((each.stated, each.right, each.right.n)) for each in bins],
    )
    figures = (
        ("calibration error, equal widths", figured.ece),
        ("calibration error, equal counts", figured.ece_even_mass),
        ("of exact confidences, by chance", figured.ece_chance),
        ("Brier score of the classes, 0–2", figured.brier),
        ("Brier score of the confidence, 0–1", figured.brier_of_confidence),
        ("log loss", figured.log_loss),
        ("error where it abstains", figured.abstained_error),
    )
    rows = [Row((name, value)) for name, value in figures]
    return (
        el("h3", "Is “confidence .9” right nine times in ten?"),
        el(
            "p",
            f"Judged on the {figured.stated:,} rows where a confidence is stated. Points on the dotted line "
            "keep what they promise; below it, the model is too sure.",
        ),
        _beside(
            chart,
            "Reliability: stated confidence and what came of it, in bins of equal counts.",
            el("div", said, table("Calibration in numbers", ("figure", "value"), rows), class_="two"),
        ),
    )


def risk(figured: Figured) -> Sequence[Element]:
    """Return the risk-coverage curve."""
    curve = figured.risk
    if not curve.coverage:
        return ()
    top = max(1, ceil(max(curve.risk) * 5)) / 5
    chart = line_chart(
        f"Risk–coverage curve, {figured.label_source}",
        [Line("error", curve.coverage, curve.risk)],
        Axis("share of rows kept, surest first"),
        Axis("error among them", 0, top),
        [Line("all rows", [0, 1], [curve.overall, curve.overall])],
    )
    places = _spread(len(curve.coverage))
    rows = [Row((curve.coverage[i], curve.risk[i])) for i in places]
    return (
        el("h3", "What abstaining is worth"),
        el(
            "p",
            f"Of all rows {curve.overall:.1%} are wrong, of the surest {KEPT:.0%} "
            f"{_interval(curve.at_kept)}: {_interval(curve.ratio)} times as many (at most .75 is "
            f"wanted). Area under the curve {_interval(curve.area)}; without any order it would be "
            f"{number(curve.overall)}.",
        ),
        _beside(
            chart,
            "Error among the rows that the model is surest of; the dotted line is the error of all.",
            table("The curve", ("kept", "error"), rows),
        ),
    )


def ranking(figured: Figured) -> Sequence[Element]:
    """Return ROC and precision-recall curves of every class with enough rows."""
    if not figured.one_class:
        return ()
    rows_of = {each.severity: each.support for each in figured.classes}
    drawn = [each for each in figured.one_class if rows_of[each.severity] >= LIMITS.judged_rows_min]
    few = [NAMES[each.severity] for each in figured.one_class if each not in drawn]
    note = f" Too few rows to draw: {', '.join(few)}." if few else ""
    rocs = [Line(NAMES[each.severity], each.roc.x, each.roc.y) for each in drawn]
    curves = [Line(NAMES[each.severity], each.precision_recall.x, each.precision_recall.y) for each in drawn]
    share = Axis("share found (recall)")
    rows = [
        Row((NAMES[each.severity], each.base, each.roc.area, each.precision_recall.area, each.roc.area.n))
        for each in figured.one_class
    ]
    heading = (
        "class against the rest",
        "share of rows (PR by chance)",
        "ROC area (chance .5)",
        "average precision",
        "n",
    )
    roc = line_chart(
        f"ROC curves, {figured.label_source}",
        rocs,
        Axis("share of others taken"),
        share,
        [Line("", [0, 1], [0, 1])],
    )
    pr = line_chart(f"Precision–recall curves, {figured.label_source}", curves, share, Axis("precision"))
    return (
        el("h3", "Each class against the rest"),
        el(
            "div",
            el("figure", roc, el("figcaption", f"ROC; the dotted line is chance.{note}")),
            el("figure", pr, el("figcaption", "Precision and recall.")),
            class_="beside",
        ),
        table("Areas", heading, rows, stack=True),
    )


def grave(figured: Figured) -> Sequence[Element]:
    """Return thresholds and lift of P(high or critical)."""
    if not figured.grave_rows or not figured.grave_lift:
        return (el("p", "No test row is high or critical: no threshold or lift can be told."),)
    sweep = [each for each in figured.grave_sweep if isfinite(each.precision)]
    x = [each.threshold for each in sweep]
    lines = [
        Line("precision", x, [each.precision for each in sweep]),
        Line("recall", x, [each.recall for each in sweep]),
        Line("share taken", x, [each.taken for each in sweep]),
    ]
    chart = line_chart(
        f"Thresholds of the probability of high or critical, {figured.label_source}",
        lines,
        Axis("threshold"),
        Axis("share"),
    )
    at = [sweep[i] for i in _spread(len(sweep))]
    swept = table(
        "Thresholds",
        ("threshold", "taken", "precision", "recall", "F1"),
        [Row((each.threshold, each.taken, each.precision, each.recall, each.f1)) for each in at],
    )
    base = figured.grave_rows / figured.rows
    lift = table(
        f"Lift: the surest rows against chance ({number(base)} of {figured.rows:,} rows are grave)",
        ("surest", "rows", "precision", "lift"),
        [Row((each.share, each.rows, each.precision, each.lift)) for each in figured.grave_lift],
    )
    return (
        el("h3", "High or critical: where to draw the line"),
        _beside(chart, "What each threshold of P(high or critical) would take.", swept),
        lift,
    )


def _beside(chart: Element, caption: str, numbers: Content) -> Element:
    return el("div", el("figure", chart, el("figcaption", caption)), numbers, class_="beside")


def _spread(n: int) -> list[int]:
    if n <= SHOWN:
        return list(range(n))
    return sorted({round(step * (n - 1) / (SHOWN - 1)) for step in range(SHOWN)})


def _interval(found: tuple[float, float, float, int]) -> str:
    return f"{number(found[0])} ({number(found[1])} to {number(found[2])})"
