"""`millrace explain`: which format read an alert, from where each field came, and what was repaired."""

from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer

from enrich.errors import Quality, SettingsWrong
from enrich.explain import Explained, Refused
from enrich.meaning import DEAD, QUALITY

# Longest value and path shown; --json has all of them.
SHOWN: Final = 120
# Values that no field took, named on the screen.
UNREAD_SHOWN: Final = 40


def explain(
    file: Annotated[Path, typer.Argument(help="One alert, or lines of alerts; - is standard input.")],
    line: Annotated[
        int | None, typer.Option(min=1, help="Number of the line, where there are several.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")
    ] = False,
) -> None:
    """Show which format reads an alert, from where each field came, and what was repaired.

    A place is found by leaving it out and reading the rest again. Exit code 1 for what becomes a dead letter.

    Example: millrace explain eve.json --line 3

    Example: millrace formats --sample wazuh | millrace explain -
    """
    from enrich.explain import explain as explained
    from worker import compose
    from worker.settings import load_settings

    value, more = record(file, line)
    found = explained(value, compose.context(load_settings(), 1, None).formats)
    if as_json:
        typer.echo(orjson.dumps(document(found), default=str))
    elif isinstance(found, Refused):
        _print_refused(found)
    else:
        _print_explained(found)
        if more:
            typer.echo("The first line of several; --line N shows another.", err=True)
    if isinstance(found, Refused):
        raise typer.Exit(1)


def record(file: Path, line: int | None) -> tuple[bytes, bool]:
    """Return the record of that line, else the whole file if that is one JSON object, else its first line.

    The second value says whether further lines were left. Raises SettingsWrong.
    """
    from millrace.lines import numbered_lines

    lines = numbered_lines(file)
    if line is not None:
        found = next((text for number, text in lines if number >= line), None)
        if found is None:
            raise SettingsWrong(f"{file}: has no line {line} that is not blank")
        return found, False
    first = next(lines, None)
    if first is None:
        raise SettingsWrong(f"{file}: is empty")
    if _is_whole(first[1]):
        return first[1], next(lines, None) is not None
    rest = [text for _, text in islice(lines, 1_000_000)]
    together = b"\n".join((first[1], *rest))
    if rest and _is_whole(together):
        return together, False
    return first[1], bool(rest)


def _is_whole(value: bytes) -> bool:
    try:
        orjson.loads(value)
    except orjson.JSONDecodeError:
        return False
    return True


def document(found: Explained | Refused) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    if isinstance(found, Refused):
        advice = DEAD[found.code]
        return {
            "dead": {
                "code": found.code,
                "message": found.message,
                "format": found.format,
                "what": advice.what,
                "helps": advice.helps,
            }
        }
    return {
        "format": found.format,
        "recognised_by": {"keys": found.keys, "values": found.decided_by},
        "fields": {
            field.name: {
                "value": field.value,
                "from": field.sources,
                "stands_twice": field.shared,
            }
            for field in found.fields
        },
        "repaired": [
            {"code": each.code, "field": each.field, "meaning": QUALITY[each.code]} for each in found.repaired
        ],
        "unread": found.unread,
        "not_looked_at": found.untried,
    }


def _print_refused(found: Refused) -> None:
    from millrace import screen

    out = screen.console()
    advice = DEAD[found.code]
    out.print(screen.safe(f"Dead letter: {found.code}", "bold red"))
    if found.format is not None:
        out.print(screen.safe(f"  format   {found.format}"))
    out.print(screen.safe(f"  what     {advice.what}"), soft_wrap=True)
    out.print(screen.safe(f"  message  {found.message}"), soft_wrap=True)
    out.print(screen.safe(f"  helps    {advice.helps}"), soft_wrap=True)


def _print_explained(found: Explained) -> None:
    from millrace import screen

    out = screen.console()
    why = ", ".join(found.keys) or "the shape of the line"
    out.print(screen.safe(f"Format {found.format}", "bold"), screen.safe(f"by {why}", "dim"))
    if found.decided_by:
        out.print(screen.safe(f"  decided by {_listed(found.decided_by)}", "dim"), soft_wrap=True)
    table = screen.table("field", "value", "from", wide=("value", "from"))
    for field in found.fields:
        come = _listed(field.sources) if field.sources else "the format itself"
        if field.shared:
            come += " (stands elsewhere too)"
        style = "" if field.sources else "dim"
        table.add_row(
            screen.safe(field.name), screen.safe(_text(field.value), "", SHOWN), screen.safe(come, style)
        )
    out.print(table)
    for each in found.repaired:
        out.print(screen.safe(_repair(each), "yellow"), soft_wrap=True)
    if found.unread:
        out.print(screen.safe(f"In no field: {_listed(found.unread)}", "dim"), soft_wrap=True)
    if found.untried:
        out.print(screen.safe(f"Not looked at: {found.untried:,} further values", "dim"))


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(" ".join(each) if isinstance(each, tuple) else str(each) for each in value)
    return str(value)


def _repair(each: Quality) -> str:
    return f"Repaired: {each.field + ': ' if each.field else ''}{QUALITY[each.code]} [{each.code}]"


def _listed(paths: tuple[str, ...]) -> str:
    shown = ", ".join(paths[:UNREAD_SHOWN])
    return shown if len(paths) <= UNREAD_SHOWN else f"{shown} and {len(paths) - UNREAD_SHOWN} more"
