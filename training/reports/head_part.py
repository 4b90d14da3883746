"""The part of the page that one head fills: figures beside baselines, a table to each chart."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from training.figures.classes import NAMES
from training.figures.drift import LARGE, SMALL
from training.gates import LIMITS
from training.reports import head_curves
from training.reports.charts import Axis, Dot, dot_chart
from training.reports.figured import CEILING, MODEL, Figured
from training.reports.markup import el
from training.reports.tables import Row, heat, number, table


def head_part(figured: Figured, anchor: str) -> Element:
    """Return the section of one label source."""
    return el(
        "section",
        el("h2", f"Severity by {figured.label_source}"),
        el("p", _in_short(figured)),
        *_scored(figured),
        *_classes(figured),
        *head_curves.calibration(figured),
        *head_curves.risk(figured),
        *head_curves.ranking(figured),
        *head_curves.grave(figured),
        *_misses(figured),
        id=anchor,
    )


def _in_short(figured: Figured) -> str:
    drift = figured.label_drift
    word = "small" if drift.psi < SMALL else "some" if drift.psi < LARGE else "large"
    return (
        f"{figured.name}: {figured.rows:,} test rows, {figured.train_rows:,} training rows. The model "
        f"states a confidence on {figured.stated:,} of them ({_share(figured.stated, figured.rows)}) and "
        f"abstains on the rest. Labels drifted from training to test by PSI {number(drift.psi)} ({word}; by "
        f"chance {number(drift.by_chance)}). Intervals are 95 %, by bootstrap over rows."
    )


def _scored(figured: Figured) -> Sequence[Element]:
    heading = (
        "predicted by",
        "accuracy",
        "macro-F1",
        "quadratic κ",
        "within one class",
        "model better by",
        "n",
    )
    rows = [
        Row((each.by, *each[1:5], each.better, each.macro_f1.n), each.by == MODEL) for each in figured.scored
    ]
    dots = [
        Dot(each.by, each.macro_f1.value, each.macro_f1.low, each.macro_f1.high, each.by == MODEL)
        for each in figured.scored
    ]
    ceiling = any(each.by.startswith(CEILING) for each in figured.scored)
    note = " The ceiling is what a model that knows the true class would reach." if ceiling else ""
    few = [each for each in figured.classes if 0 < each.support < LIMITS.judged_rows_min]
    if few:
        told = ", ".join(f"{NAMES[each.severity]} ({each.support})" for each in few)
        note += f" It is no 95 % interval here: {told} has fewer than {LIMITS.judged_rows_min} test rows."
    caption = f"Macro-F1 with its interval; the model is the round point.{note}"
    chart = dot_chart(
        f"Macro-F1 of the model and its baselines, {figured.label_source}", dots, Axis("macro-F1")
    )
    return (
        el("h3", "The model and what needs none"),
        el("figure", chart, el("figcaption", caption)),
        table("Each figure with its 95 % interval", heading, rows, stack=True),
    )


def _classes(figured: Figured) -> Sequence[Element]:
    heading = ("class", "rows", "predicted", "precision", "recall", "F1")
    rows = [
        Row((NAMES[each.severity], each.support, each.predicted, each.precision, each.recall, each.f1))
        for each in figured.classes
    ]
    names = [NAMES[each] for each in range(1, 6)]
    return (
        el("h3", "Class by class"),
        table("Precision, recall and support", heading, rows, stack=True),
        heat(
            "Confusion: labels down, predictions across; shaded by share of the label",
            names,
            figured.confusion,
        ),
    )


def _misses(figured: Figured) -> Sequence[Element]:
    if not figured.misses:
        return ()
    rows = [
        Row((each.title, NAMES[each.label], NAMES[each.predicted], each.confidence))
        for each in figured.misses
    ]
    heading = ("title", "label", "predicted", "confidence")
    return (
        el("h3", "Worst errors"),
        el(
            "p",
            "Furthest from the label first, then the surest. Of an alert only its title is quoted.",
        ),
        table("Worst errors", heading, rows, stack=True),
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "0 %"
