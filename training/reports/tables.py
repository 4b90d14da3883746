"""Tables of a report, and how its numbers are written."""

from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple
from xml.etree.ElementTree import Element

from training.figures.intervals import Interval
from training.reports.markup import Content, add, el

NOTHING = "–"
# From here on a whole number is a count, not a share.
WHOLE = 2


class Row(NamedTuple):
    """cells: the first is the row's heading. own: the model's row among what it is held against."""

    cells: Sequence[Content | Interval | float]
    own: bool = False


def table(caption: str, heading: Sequence[str], rows: Sequence[Row], stack: bool = False) -> Element:
    """Return a table in a frame of its own that scrolls. stack: on a phone each row becomes a list."""
    head = el("thead", el("tr", *(el("th", each, scope="col") for each in heading)))
    body = el("tbody")
    numeric = [
        any(isinstance(row.cells[i], float | int | Interval) for row in rows) for i in range(len(heading))
    ]
    for place, name in enumerate(head[0]):
        if numeric[place]:
            name.set("class", "n")
    for row in rows:
        line = el("tr", class_="own" if row.own else None)
        for place, (of, cell) in enumerate(zip(heading, row.cells, strict=True)):
            kind = "n" if numeric[place] else None
            shown = written(cell)
            if place == 0:
                line.append(el("th", *shown, scope="row", class_=kind))
            else:
                line.append(el("td", *shown, class_=kind, data_of=of if stack else None))
        body.append(line)
    made = el("table", el("caption", caption), head, body, class_="stack" if stack else None)
    return el("div", made, class_="scroll", tabindex="0", role="region", aria_label=caption)


def written(cell: Content | Interval | float) -> tuple[Content, ...]:
    """Return a cell's content: "–" for what does not exist, an interval as ".570 .510–.630"."""
    if isinstance(cell, Interval):
        if not isfinite(cell.value):
            return (NOTHING,)
        if not isfinite(cell.low):
            return (number(cell.value),)
        return (number(cell.value), el("span", f" {number(cell.low)} to {number(cell.high)}", class_="i"))
    if isinstance(cell, float):
        return (f"{cell:,.0f}" if abs(cell) >= WHOLE and cell == round(cell) else number(cell),)
    if isinstance(cell, int):
        return (f"{cell:,}",)
    return (cell,)


def number(value: float, digits: int = 3) -> str:
    """Return a number of the size of a share.

    >>> number(-0.0004), number(-0.25)
    ('0.000', '−0.250')
    """
    # Adding 0.0 makes 0 of -0.
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−") if isfinite(value) else NOTHING


def heat(caption: str, names: Sequence[str], counts: Sequence[Sequence[int]]) -> Element:
    """Return a square table of counts, each shaded by its share of its row."""
    heading = el(
        "tr", el("th", "label", scope="col"), *(el("th", each, scope="col", class_="n") for each in names)
    )
    body = el("tbody")
    for name, row in zip(names, counts, strict=True):
        total = sum(row)
        line = el("tr", el("th", name, scope="row"))
        for count in row:
            share = round(count / total, 3) if total else 0
            line.append(el("td", f"{count:,}", class_="cell", style=f"--v:{share}"))
        body.append(line)
    made = el("table", el("caption", caption), add(el("thead"), heading), body)
    return el("div", made, class_="scroll", tabindex="0", role="region", aria_label=caption)
