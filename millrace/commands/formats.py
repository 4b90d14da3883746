"""`millrace formats`: the formats in use, what they are told by, and which fields they fill."""

import sys
from typing import Annotated, Any, Final

import orjson
import typer

from enrich.errors import SettingsWrong
from enrich.formats import FORMATS, LINES, Formats

# The vendors' own documentation of each format.
LINKS: Final = {
    "suricata": "https://docs.suricata.io/en/latest/output/eve/eve-json-format.html",
    "wazuh": "https://documentation.wazuh.com/current/user-manual/manager/event-logging.html",
    "wazuh5": "https://documentation.wazuh.com/5.0-beta/user-manual/data-analysis/findings.html",
    "elastic": "https://www.elastic.co/guide/en/security/current/alert-schema.html",
    "ecs": "https://www.elastic.co/guide/en/ecs/current/ecs-field-reference.html",
    "zeek": "https://docs.zeek.org/en/master/scripts/base/frameworks/notice/main.zeek.html",
    "guardduty": "https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Finding.html",
    "security_hub": "https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html",
    "defender": "https://learn.microsoft.com/en-us/graph/api/resources/security-alert",
    "sentinel": "https://learn.microsoft.com/en-us/azure/azure-monitor/reference/tables/securityalert",
    "splunk": "https://dev.splunk.com/enterprise/docs/devtools/enterprisesecurity/notableeventsplunkes/usingnotableeventsinsearch",
    "crowdstrike": "https://www.falconpy.io/Service-Collections/Alerts.html",
    "windows": "https://learn.microsoft.com/en-us/windows/win32/wes/eventschema-schema",
    "sigma": "https://sigmahq.io/docs/basics/rules.html",
    "ocsf": "https://schema.ocsf.io",
    "flow": "https://docs.zeek.org/en/master/scripts/base/protocols/conn/main.zeek.html",
    "incident": "https://github.com/texasbe2trill/AlertSage",
    "cef": "https://www.microfocus.com/documentation/arcsight/arcsight-smartconnectors-8.4/pdfdoc/cef-implementation-standard/cef-implementation-standard.pdf",
    "leef": "https://www.ibm.com/docs/en/dsm?topic=overview-leef-event-components",
    "syslog": "https://www.rfc-editor.org/rfc/rfc5424",
    "keyvalue": "https://docs.fortinet.com/document/fortigate/7.6.0/fortios-log-message-reference",
    "mapped:ait-ads": "https://zenodo.org/records/8263181",
}
# The columns of the screen's table: a group of fields each. --json and --markdown have every field.
GROUPS: Final = {
    "time": ("time_ms",),
    "id": ("source_uid",),
    "sev": ("severity_id",),
    "class": ("category",),
    "text": ("message", "description", "false_positives", "tags"),
    "proto": ("proto", "app_proto"),
    "src": ("src.ip", "src.port", "src.name"),
    "dst": ("dst.ip", "dst.port", "dst.name"),
    "host": ("device.ip", "device.name", "device_id"),
    "user": ("user",),
    "proc": (
        *("process.name", "process.path", "process.pid", "process.command_line", "process.parent_name"),
    ),
    "action": ("action",),
    "web": ("url", "http_method", "user_agent"),
    "dns": ("dns_query",),
    "file": ("file_path", "hashes"),
    "ATT&CK": ("techniques", "tactics"),
    "flow": ("bytes_out", "bytes_in", "packets"),
    "test": ("is_sample",),
    "rest": ("unmapped",),
}


def formats(
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Which fields the samples of each format fill.")
    ] = False,
    sample: Annotated[
        str | None, typer.Option(metavar="NAME", help="Print a sample alert: its name, or a format's.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")
    ] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="As a table of Markdown.")] = False,
) -> None:
    """Show the formats in use: the keys each is told by, and the vendor's documentation.

    Example: millrace formats --coverage

    Example: millrace formats --sample suricata_http | millrace explain -
    """
    from millrace import samples
    from worker import compose
    from worker.settings import load_settings

    if sample is not None and (coverage or markdown or as_json):
        raise SettingsWrong("--sample prints one sample, as it is: give it alone")
    if sample is not None:
        sys.stdout.buffer.write(samples.sample(sample).value + b"\n")
        sys.stdout.buffer.flush()
        return
    in_use = compose.context(load_settings(), 1, None).formats
    if coverage:
        table = samples.coverage(in_use)
        if as_json:
            typer.echo(orjson.dumps(table))
        elif markdown:
            typer.echo(coverage_markdown(table, samples.FIELDS))
        else:
            _print_coverage(table)
        return
    rows = listed(in_use, [(each.format, each.name) for each in samples.samples()])
    if as_json:
        typer.echo(orjson.dumps(rows))
    elif markdown:
        typer.echo(_markdown(rows))
    else:
        _print(rows)


def listed(in_use: Formats, named: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return a row per format, in the order in which they are asked. named: (format, name) of the samples."""
    shapes: dict[str, list[list[str]]] = {}
    for format_ in FORMATS:
        shapes.setdefault(format_.name, []).append(sorted(format_.keys))
    for name in LINES:
        shapes.setdefault(name, [])
    for mapping in in_use.mappings:
        shapes.setdefault(mapping.format, []).append(sorted(mapping.keys))
    return [
        {
            "format": name,
            "keys": keys,
            "line": name in LINES,
            "documentation": LINKS.get(name),
            "samples": [sample for of, sample in named if of == name],
        }
        for name, keys in shapes.items()
    ]


def told_by(row: dict[str, Any]) -> str:
    """Return the keys of each shape, or that it is a line of text."""
    keys = " or ".join(" + ".join(shape) for shape in row["keys"])
    if row["line"]:
        return f"{keys} or a line of text" if keys else "a line of text"
    return keys


def coverage_markdown(table: dict[str, dict[str, int]], fields: tuple[str, ...]) -> str:
    """Return fields down, formats across: how many of the format's samples fill the field."""
    names = list(table)
    lines = ["| field | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    lines += [
        f"| {field} | " + " | ".join(str(table[name][field] or "") for name in names) + " |"
        for field in fields
    ]
    return "\n".join(lines)


def _markdown(rows: list[dict[str, Any]]) -> str:
    lines = ["| format | told by | documentation |", "|---|---|---|"]
    lines += [f"| `{row['format']}` | {told_by(row)} | {row['documentation'] or ''} |" for row in rows]
    return "\n".join(lines)


def _print(rows: list[dict[str, Any]]) -> None:
    from millrace import screen

    table = screen.table("format", "told by", "documentation", wide=("told by", "documentation"))
    for row in rows:
        table.add_row(
            screen.safe(row["format"]), screen.safe(told_by(row)), screen.safe(row["documentation"] or "–")
        )
    screen.console().print(table)


def _print_coverage(table: dict[str, dict[str, int]]) -> None:
    from millrace import screen

    shown = screen.table("format", *GROUPS)
    for name, row in table.items():
        cells = [_cell([row[field] for field in group]) for group in GROUPS.values()]
        shown.add_row(screen.safe(name), *(screen.safe(cell) for cell in cells))
    out = screen.console()
    out.print(shown)
    out.print(
        screen.safe("● every field of the group in some sample, ◐ some of them; --json counts each", "dim")
    )


def _cell(counts: list[int]) -> str:
    if all(counts):
        return "●"
    return "◐" if any(counts) else ""
