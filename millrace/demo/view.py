"""The demo's screen while it runs, and its summary."""

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from millrace import screen
from millrace.demo.tally import Tally
from millrace.shown import Shown

ROWS = 10
PEOPLE = 5
LISTED = 12


def live(tally: Tally, sent: int, total: int, lag: int | None) -> RenderableType:
    """Return the screen of this moment."""
    return Group(
        counts(tally, sent, lag),
        ProgressBar(total=total, completed=tally.counts["enriched"] + tally.counts["dead"], width=78),
        Text(),
        Rule("last enriched", align="left", style="dim"),
        events(list(tally.recent)[-ROWS:]),
        Text(),
        Rule(f"for a person: {len(tally.people)}", align="left", style="dim"),
        Group(*(person(one) for one in tally.people[-PEOPLE:])),
    )


def counts(tally: Tally, sent: int, lag: int | None) -> Text:
    """Return the line of counts, as the records flow."""
    n = tally.counts
    text = Text.assemble(
        ("alerts.raw ", "dim"),
        (f"{sent:,}", "bold"),
        ("  ─▶  enriched ", "dim"),
        (f"{n['enriched']:,}", "bold green"),
    )
    text.append("   escalated ", "dim").append(f"{n['escalated']:,}", "bold red")
    text.append("   dead ", "dim").append(f"{n['dead']:,}", "bold yellow")
    return text.append("   lag ", "dim").append("–" if lag is None else f"{lag:,}", "bold")


def events(rows: list[Shown]) -> Table:
    """Return a table of events, one line each."""
    made = screen.table(
        "time", "severity", "anomaly", "conf.", "prio", "detector", "title", "about", "ATT&CK",
        right=("anomaly", "conf.", "prio"), wide=("title",),
    )  # fmt: skip
    for row in rows:
        made.add_row(
            screen.moment(row.time_ms),
            screen.severity(row.severity_id),
            screen.number(row.anomaly),
            screen.number(row.confidence) if row.confidence is not None else screen.safe("?", "dim"),
            screen.number(row.priority, 0),
            screen.safe(row.detector, limit=9),
            screen.safe(row.title, limit=60),
            screen.safe(row.entity, limit=22),
            screen.safe(" ".join(row.techniques), limit=19),
        )
    return made


def person(row: Shown) -> RenderableType:
    """Return an escalated alert with its reasons."""
    head = Text.assemble(
        screen.moment(row.time_ms), "  ", screen.severity(row.severity_id), "  ",
        (f"{row.priority or 0:.0f}", "bold"), "  ",
        screen.safe(row.title, "bold", 70), "  ", screen.safe(row.entity, "cyan", 30),
    )  # fmt: skip
    why = screen.safe(" · ".join(row.reasons), "dim", 300)
    return Group(head, Text.assemble("          ", why))


def summary(console: Console, tally: Tally, sent: int, lag: int, seconds: float) -> None:
    """Print what a person should take home."""
    n = tally.counts
    codes = ", ".join(f"{code} {count}" for code, count in sorted(tally.codes.items()))
    even = n["enriched"] + n["dead"] == sent
    rows = [
        ("alerts in", f"{sent:,}", "" if even else "NOT enriched + dead"),
        ("enriched", f"{n['enriched']:,}", "every alert, OCSF 1.8.0, on alerts.enriched"),
        ("dead", f"{n['dead']:,}", f"no alerts, original bytes kept: {codes}" if codes else ""),
        ("escalated", f"{n['escalated']:,}", "for a person, on alerts.escalated"),
        ("lag", f"{lag:,}", "records the worker has not acknowledged"),
    ]
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(justify="right", style="bold")
    table.add_column(style="dim")
    for row in rows:
        table.add_row(*(screen.safe(cell) for cell in row))
    if (spread := tally.latency()) is not None:
        table.add_row(
            Text("latency"),
            Text(f"{spread[0]:.0f} ms"),
            Text(f"median from raw to enriched; 95 %: {spread[1]:.0f} ms"),
        )
    table.add_row(Text("took"), Text(f"{seconds:.0f} s"), Text("sending and scoring"))
    shown = sorted(tally.people, key=lambda row: -(row.priority or 0))[:LISTED]
    if shown:
        title = f"escalated: {len(tally.people)}"
        if len(shown) < len(tally.people):
            title += f", the {len(shown)} with the highest priority"
        console.print(Rule(title, align="left", style="dim"))
        for one in shown:
            console.print(person(one))
    console.print(Panel(table, title="summary", title_align="left", expand=False, padding=(0, 1)))
