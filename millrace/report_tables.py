"""What ``millrace evaluate`` shows on the screen: the figures that decide, beside their baselines."""

from collections.abc import Iterator
from math import isfinite

from rich.table import Table
from rich.text import Text

from millrace import screen
from training.figures.intervals import Interval
from training.gates import promotable
from training.reports import Report
from training.reports.compared import Compared


def summary(report: Report) -> Iterator[Table | Text]:
    """Yield what to print, in order."""
    sections = report.sections
    yield screen.safe(f"Bundle {report.bundle_id}  {sections.name}, trained {sections.made}", "bold")
    yield _heads(report)
    yield _trust(report)
    if sections.left_out:
        yield _left_out(report)
    if report.compared:
        yield _compared(report.compared)
    yield from _gates(report)


def _heads(report: Report) -> Table:
    columns = ("label source", "predicted by", "n", "accuracy", "macro-F1", "quadratic κ", "within one")
    made = screen.table(*columns, right=set(columns[2:]))
    for head in report.heads:
        for place, each in enumerate(head.scored):
            cells = (each.accuracy, each.macro_f1, each.quadratic_kappa, each.within_one)
            made.add_row(
                screen.safe("" if place else head.label_source),
                screen.safe(each.by, "" if place else "bold"),
                screen.number(head.rows, 0),
                *(_interval(cell) for cell in cells),
            )
    return made


def _trust(report: Report) -> Table:
    columns = (
        "label source",
        "calibration error",
        "by chance",
        "stated on",
        "error of the surest 80 %",
        "of all",
    )
    made = screen.table(*columns, right=set(columns[1:]))
    for head in report.heads:
        made.add_row(
            screen.safe(head.label_source),
            _interval(head.ece),
            screen.number(head.ece_chance, 3),
            screen.safe(f"{head.stated / head.rows:.0%}"),
            _interval(head.risk.at_kept),
            screen.number(head.risk.overall, 3),
        )
    return made


def _left_out(report: Report) -> Table:
    columns = ("judged, not carried", "n", "accuracy", "macro-F1", "calibration error", "reason")
    made = screen.table(*columns, right=set(columns[1:5]))
    for each in report.sections.left_out:
        numbers = (screen.number(value, 3) for value in (each.accuracy, each.macro_f1, each.ece))
        made.add_row(
            screen.safe(each.label_source), screen.number(each.rows, 0), *numbers, screen.safe(each.reason)
        )
    return made


def _compared(all_: tuple[Compared, ...]) -> Table:
    made = screen.table(f"less {all_[0].against}", "figure", "n", "difference", right={"n", "difference"})
    for each in all_:
        for place, one in enumerate(each.differences):
            sure = one.difference.low > 0 or one.difference.high < 0
            made.add_row(
                screen.safe("" if place else each.label_source),
                screen.safe(one.figure),
                screen.number(one.difference.n, 0),
                _interval(one.difference, "bold" if sure else ""),
            )
        made.add_row(
            "", "same answer, of all rows", screen.number(each.rows, 0), f"{each.agreement.same:.1%}"
        )
    return made


def _gates(report: Report) -> Iterator[Text]:
    gates = report.sections.gates
    if not gates:
        yield screen.safe("No gate was asked.", "yellow")
    elif promotable(gates):
        yield screen.safe(f"Promotable: all {len(gates)} gates passed.", "green")
    for each in gates:
        if not each.passed:
            yield screen.safe(f"Refused by {each.name}: {each.reason}", "bold red")


def _interval(found: Interval, style: str = "") -> Text:
    if not isfinite(found.value):
        return screen.safe("–", "dim")
    ends = f" ({found.low:.3f} to {found.high:.3f})" if isfinite(found.low) else ""
    return screen.safe(f"{found.value:.3f}{ends}", style)
