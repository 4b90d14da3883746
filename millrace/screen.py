"""What people see: safe text, colours with a meaning, plain tables."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final

from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from enrich.text import visible

# OCSF severity_id -> its name and how it looks; words carry the meaning, colours only repeat it.
SEVERITY: Final = {
    1: ("info", "dim"),
    2: ("low", "green"),
    3: ("medium", "yellow"),
    4: ("high", "bold red"),
    5: ("critical", "bold white on red"),
}
LEVEL: Final = {"error": "bold red", "warning": "yellow", "note": "dim"}
# Width where no terminal tells one: wide enough that a row of a table stays a row.
PIPE_WIDTH: Final = 160
HALF_DAY_MS: Final = 43_200_000


def console(stderr: bool = False) -> Console:
    """Return a console that reads no markup, no emoji codes, and highlights nothing by itself."""
    made = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    return (
        made
        if made.is_terminal
        else Console(stderr=stderr, markup=False, emoji=False, highlight=False, width=PIPE_WIDTH)
    )


def safe(text: object, style: str = "", limit: int | None = None) -> Text:
    """Return text from outside for the screen: control characters made visible, markup never read."""
    return Text(visible(str(text), limit), style=style)


def severity(severity_id: object) -> Text:
    """Return the name of an OCSF severity, coloured; "?" for what is none."""
    name, style = SEVERITY.get(severity_id, ("?", "dim")) if isinstance(severity_id, int) else ("?", "dim")
    return Text(name, style=style)


def number(value: object, digits: int = 2) -> Text:
    """Return a number for a column, "–" where there is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Text("–", style="dim")
    return Text(f"{value:,.{digits}f}")


def moment(time_ms: object, near_ms: int | None = None) -> Text:
    """Return a time in UTC; only the time of day where it is less than half a day from ``near_ms``."""
    if isinstance(time_ms, bool) or not isinstance(time_ms, int):
        return Text("–", style="dim")
    try:
        at = datetime.fromtimestamp(time_ms / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return Text("–", style="dim")
    near = near_ms is not None and abs(time_ms - near_ms) < HALF_DAY_MS
    return Text(at.strftime("%H:%M:%S" if near else "%Y-%m-%d %H:%M"))


def table(*columns: str, right: Collection[str] = (), wide: Collection[str] = ()) -> Table:
    """Return a table without frame. right: columns of numbers. wide: they share the room that is left."""
    made = Table(box=None, pad_edge=False, header_style="bold", expand=bool(wide))
    for column in columns:
        justify: JustifyMethod = "right" if column in right else "left"
        if column in wide:
            made.add_column(column, justify=justify, ratio=1, overflow="fold")
        else:
            made.add_column(column, justify=justify, no_wrap=True)
    return made


def lines(
    heading: Sequence[str], rows: Sequence[Sequence[Text]], right: Collection[str], width: int
) -> list[Text]:
    """Return a table as lines that never wrap: the last column is cut at the width.

    A row of one cell is a remark on the row above it, over the whole width.
    """
    full = [[Text(name, style="bold") for name in heading], *rows]
    widths = [max(row[i].cell_len for row in full if len(row) > 1) for i in range(len(heading) - 1)]
    made = []
    for row in full:
        line = Text()
        if len(row) > 1:
            for name, cell, wide in zip(heading, row, widths, strict=False):
                padded = cell.copy()
                padded.align("right" if name in right else "left", wide)
                line.append_text(padded).append("  ")
        else:
            line.append("    ")
        line.append_text(row[-1]).truncate(width, overflow="ellipsis")
        made.append(line)
    return made
