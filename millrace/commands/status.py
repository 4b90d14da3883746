"""``millrace status``: who works, how far behind, what could not be read, who still speaks."""

from collections.abc import Iterable
from typing import Annotated, Any, NamedTuple

import typer

from enrich.record import RawRecord


class Heard(NamedTuple):
    """A source and its last event among the newest ones. time_ms: the event's own; events: how many."""

    detector: str
    time_ms: int | None
    events: int


def status(
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")
    ] = False,
) -> None:
    """Show workers, lag per partition, dead letters, the last event of each source, and how raw is keyed.

    Example: millrace status --json | jq .lag
    """
    import orjson

    from worker import compose, overview
    from worker.settings import load_settings

    settings = load_settings()
    seen = overview.overview(settings)
    share = overview.keyed_share(seen.raw_tail, compose.entity_of(settings))
    codes = overview.dead_codes(seen.dead_tail)
    sources = heard(seen.enriched_tail)
    if not as_json:
        _print(settings, seen, share, codes, sources)
        return
    doc: dict[str, Any] = {
        "group": settings.group,
        "state": seen.group_state,
        "members": [member._asdict() for member in seen.members],
        "lag": sum(place.lag for place in seen.partitions),
        "partitions": [place._asdict() for place in seen.partitions],
        "dead": {"count": seen.dead, "looked_at": len(seen.dead_tail), "codes": dict(codes.most_common())},
        "sources": [source._asdict() for source in sources],
        "keyed_by_entity": None if share is None else round(share, 4),
    }
    typer.echo(orjson.dumps(doc))


def heard(records: Iterable[RawRecord]) -> list[Heard]:
    """Return the detectors of these events, the one heard last first."""
    from millrace import shown

    last: dict[str, Heard] = {}
    for record in records:
        doc = shown.event(record.value)
        if doc is None:
            continue
        event = shown.shown(doc)
        name = event.detector or "?"
        before = last.get(name, Heard(name, None, 0))
        newest = max((t for t in (before.time_ms, event.time_ms) if t is not None), default=None)
        last[name] = Heard(name, newest, before.events + 1)
    return sorted(last.values(), key=lambda source: source.time_ms or 0, reverse=True)


def _print(settings: Any, seen: Any, share: float | None, codes: Any, sources: list[Heard]) -> None:
    from rich.text import Text

    from millrace import screen

    out = screen.console()
    working = {n: member for member in seen.members for n in member.partitions}
    names = {member: f"{member.client_id}@{member.host}" for member in seen.members}
    out.print(
        Text("group ", "bold")
        .append_text(screen.safe(f"{settings.group}: {seen.group_state}, {len(seen.members)} "))
        .append("worker" if len(seen.members) == 1 else "workers")
    )
    rows = screen.table(
        "partition", "end", "committed", "lag", "worker", right=("partition", "end", "committed", "lag")
    )
    for place in seen.partitions:
        lag = screen.number(place.lag, 0)
        if place.lag:
            lag.stylize("yellow")
        member = working.get(place.partition)
        rows.add_row(
            str(place.partition),
            f"{place.end:,}",
            screen.number(place.committed, 0),
            lag,
            screen.safe(names[member]) if member else Text("nobody", style="red"),
        )
    out.print(rows)
    by_code = ", ".join(f"{n:,} {code}" for code, n in codes.most_common())
    newest = f" (of the newest {len(seen.dead_tail):,}: {by_code})" if codes else ""
    out.print(Text("dead letters ", "bold").append_text(screen.safe(f"{seen.dead:,}{newest}")))
    _print_keys(out, share, len(seen.raw_tail))
    if sources:
        table = screen.table("source", "last event", "events", right=("events",))
        for source in sources:
            table.add_row(
                screen.safe(source.detector, limit=60), screen.moment(source.time_ms), f"{source.events:,}"
            )
        out.print(Text(f"among the newest {len(seen.enriched_tail):,} events", style="dim"))
        out.print(table)


def _print_keys(out: Any, share: float | None, looked_at: int) -> None:
    from rich.text import Text

    line = Text("raw records ", "bold")
    if share is None:
        out.print(line.append("none to tell whether they are keyed by entity"))
    elif share == 1:
        out.print(line.append(f"keyed by entity (the newest {looked_at:,})"))
    else:
        # Rounded down: "100 %" would say the opposite of what follows.
        line.append(f"{int(share * 100)} % of the newest are keyed by entity: ", style="yellow")
        out.print(line.append("of the others, history is per partition, not per entity"))
