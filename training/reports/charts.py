"""Charts as inline SVG: lines, and points with intervals. Whoever shows one puts its table beside it."""

from collections.abc import Sequence
from math import ceil, isfinite
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element

from training.reports.markup import add, el

WIDTH, HEIGHT = 420, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 12, 44
SERIES: Final = 5
LEGEND_ROW: Final = 17
# Between two ticks of an axis around 0.
STEPS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5)


class Line(NamedTuple):
    """One series. x, y: equally long, x rising. low, high: ends of y's intervals. dots: mark the points."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    dots: bool = False


class Dot(NamedTuple):
    """A value with its interval on a row of its own. own: of the model, not of what it is held against."""

    name: str
    value: float
    low: float
    high: float
    own: bool = False


class Axis(NamedTuple):
    """What an axis says. low, high: its ends."""

    name: str
    low: float = 0.0
    high: float = 1.0

    @property
    def ticks(self) -> tuple[float, ...]:
        """Five steps from end to end."""
        return tuple(self.low + (self.high - self.low) * step / 4 for step in range(5))


def line_chart(label: str, lines: Sequence[Line], x: Axis, y: Axis, even: Sequence[Line] = ()) -> Element:
    """Return a chart. label: what it shows, for those who do not see it. even: dotted lines of comparison."""
    drawn = lines[:SERIES]
    rows = (len(drawn) + 1) // 2 if len(drawn) > 1 else 0
    height = HEIGHT + rows * LEGEND_ROW
    svg = el("svg", role="img", aria_label=label, viewBox=f"0 0 {WIDTH} {height}")
    _frame(svg, x, y)
    for each in even:
        svg.append(el("polyline", class_="even", points=_points(each, x, y)))
    for number, each in enumerate(drawn, 1):
        for place, low, high in zip(each.x, each.low, each.high, strict=False):
            at = _number(_x(place, x))
            add(
                svg,
                _stroke(f"whisker s{number}", at, _number(_y(low, y)), at, _number(_y(high, y)), solid=True),
            )
        svg.append(el("polyline", class_=f"l s{number}", points=_points(each, x, y)))
        if each.dots:
            add(svg, *(_dot(number, _x(a, x), _y(b, y)) for a, b in zip(each.x, each.y, strict=True)))
    if rows:
        _legend(svg, [each.name for each in drawn])
    return svg


def dot_chart(label: str, dots: Sequence[Dot], axis: Axis, left: int = 150) -> Element:
    """Return values with their intervals, a row each, the model's own filled and first colour.

    left: where the names end. An axis that crosses 0 has a line there.
    """
    row = 28
    height = TOP + row * len(dots) + BOTTOM
    svg = el("svg", role="img", aria_label=label, viewBox=f"0 0 {WIDTH} {height}")

    def at(value: float) -> float:
        share = (value - axis.low) / (axis.high - axis.low)
        return left + (WIDTH - left - RIGHT) * min(max(share, 0.0), 1.0)

    for tick in axis.ticks:
        x = _number(at(tick))
        add(svg, _stroke("grid", x, TOP, x, height - BOTTOM))
        add(svg, el("text", _tick(tick), class_="tick", x=x, y=height - BOTTOM + 16, text_anchor="middle"))
    if axis.low < 0 < axis.high:
        add(svg, _stroke("axis", _number(at(0.0)), TOP, _number(at(0.0)), height - BOTTOM))
    middle = _number(left + (WIDTH - left - RIGHT) / 2)
    add(svg, el("text", axis.name, x=middle, y=height - 8, text_anchor="middle"))
    for place, each in enumerate(dots):
        y = TOP + row * place + row / 2
        kind = 1 if each.own else 2
        add(svg, el("text", _short(each.name, left // 7), x=left - 8, y=y + 4, text_anchor="end"))
        if not isfinite(each.value):
            continue
        if isfinite(each.low):
            ends = _number(at(each.low)), y, _number(at(each.high)), y
            add(svg, _stroke(f"whisker s{kind}", *ends, solid=True))
        x = _number(at(each.value))
        if each.own:
            add(svg, el("circle", class_="d1", cx=x, cy=y, r=5))
        else:
            add(svg, el("rect", class_="d2", x=_number(x - 4), y=y - 4, width=8, height=8))
    return svg


def around_zero(name: str, dots: Sequence[Dot]) -> Axis:
    """Return an axis in four round steps that holds all intervals, with 0 on one of them."""
    ends = [end for each in dots for end in (each.value, each.low, each.high) if isfinite(end)]
    low, high = min([*ends, 0.0]), max([*ends, 0.0])
    for step in STEPS:
        under = ceil(-low / step)
        if (4 - under) * step >= high:
            return Axis(name, -under * step, (4 - under) * step)
    return Axis(name, -1.0, 1.0)


def _frame(svg: Element, x: Axis, y: Axis) -> None:
    bottom = HEIGHT - BOTTOM
    for tick in y.ticks:
        at = _number(_y(tick, y))
        add(svg, _stroke("grid", LEFT, at, WIDTH - RIGHT, at))
        add(svg, el("text", _tick(tick), class_="tick", x=LEFT - 7, y=at + 4, text_anchor="end"))
    for tick in x.ticks:
        at = _number(_x(tick, x))
        add(svg, _stroke("axis", at, bottom, at, bottom + 4))
        add(svg, el("text", _tick(tick), class_="tick", x=at, y=bottom + 17, text_anchor="middle"))
    middle = _number((LEFT + WIDTH - RIGHT) / 2)
    add(svg, _stroke("axis", LEFT, bottom, WIDTH - RIGHT, bottom))
    add(svg, el("text", x.name, x=middle, y=HEIGHT - 8, text_anchor="middle"))
    half = _number((TOP + bottom) / 2)
    add(svg, el("text", y.name, transform=f"translate(13 {half}) rotate(-90)", text_anchor="middle"))


def _legend(svg: Element, names: Sequence[str]) -> None:
    for place, name in enumerate(names):
        x = LEFT + (place % 2) * (WIDTH - LEFT) // 2
        y = HEIGHT + (place // 2) * LEGEND_ROW + 4
        add(svg, _stroke(f"l s{place + 1}", x, y, x + 30, y), el("text", _short(name, 22), x=x + 36, y=y + 4))


def _stroke(class_: str, x1: float, y1: float, x2: float, y2: float, solid: bool = False) -> Element:
    dash = "none" if solid else None
    return el("line", class_=class_, x1=x1, y1=y1, x2=x2, y2=y2, style=dash and f"stroke-dasharray:{dash}")


def _dot(number: int, x: float, y: float) -> Element:
    return el("circle", class_=f"d{number}", cx=_number(x), cy=_number(y), r=3.5)


def _points(line: Line, x: Axis, y: Axis) -> str:
    pairs = zip(line.x, line.y, strict=True)
    return " ".join(
        f"{_number(_x(a, x))},{_number(_y(b, y))}" for a, b in pairs if isfinite(a) and isfinite(b)
    )


def _x(value: float, axis: Axis) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (value - axis.low) / (axis.high - axis.low)


def _y(value: float, axis: Axis) -> float:
    span = HEIGHT - BOTTOM - TOP
    return HEIGHT - BOTTOM - span * (min(max(value, axis.low), axis.high) - axis.low) / (axis.high - axis.low)


def _number(value: float) -> float:
    return round(value, 1)


def _tick(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".").replace("-", "−") if abs(value) < 10 else f"{value:,.0f}"


def _short(name: str, limit: int) -> str:
    return name if len(name) <= limit else name[: limit - 1] + "…"
