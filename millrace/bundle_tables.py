"""What ``millrace models`` shows on the screen: tables of bundles, promotions and what differs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from millrace import screen
from millrace.bundles import Described, size
from millrace.bundles import facts as told
from models import Manifest
from models.records import Recorded

MIB: Final = 1_048_576
# Promotions on the screen. Whoever can write to the store, and has no key, can fill it with thousands.
HISTORY: Final = 50


def bundles(rows: Iterable[Described], current: str | None) -> Table:
    """Return the list of bundles; the one in force is marked."""
    columns = ("bundle", "", "name", "made", "labels", "MiB", "gates", "signed by")
    made = screen.table(*columns, right={"MiB"})
    for each in rows:
        mark = Text("in force", style="green") if each.bundle_id == current else Text("")
        if each.manifest is None:
            made.add_row(screen.safe(each.bundle_id), mark, screen.safe("refused", "bold red"))
            continue
        made.add_row(
            screen.safe(each.bundle_id),
            mark,
            screen.safe(each.manifest.name),
            screen.safe(f"{each.manifest.created:%Y-%m-%d %H:%M}"),
            screen.safe(", ".join(head.label_source for head in each.manifest.heads)),
            screen.number(size(each.manifest) / MIB, 1),
            _asked(each.manifest),
            screen.safe(each.key_id),
        )
    return made


def _asked(manifest: Manifest) -> Text:
    """Return how many gates were passed, or what failed."""
    failed = [gate.name for gate in manifest.gates if not gate.passed]
    if failed:
        return screen.safe(f"failed: {', '.join(failed)}", "bold red", 60)
    if not manifest.gates:
        return screen.safe("bootstrap" if manifest.bootstrap else "none", "dim")
    return screen.safe(f"{len(manifest.gates)} passed", "green")


def history(rows: Sequence[Recorded]) -> Table:
    """Return the newest promotions. Why one is refused is too long for a column, and not in it."""
    made = screen.table("no.", "at", "", "bundle", "by", "why", right={"no."}, wide={"why"})
    if len(rows) > HISTORY:
        made.caption = Text(f"{len(rows) - HISTORY:,} older: --json has them", style="dim")
    for each in rows[:HISTORY]:
        found = each.promotion
        if found is None:
            made.add_row(str(each.sequence), "", screen.safe("refused", "bold red"))
            continue
        why = screen.safe(found.why)
        if found.override is not None:
            why.append_text(screen.safe(f"  [override: {found.override}]", "yellow"))
        made.add_row(
            str(found.sequence),
            screen.safe(f"{found.at:%Y-%m-%d %H:%M}"),
            screen.safe(found.action),
            screen.safe(found.bundle_id),
            screen.safe(found.who),
            why,
        )
    return made


def difference(found: Mapping[str, Mapping[str, Mapping[str, Any]]], a: str, b: str) -> list[Table]:
    """Return two tables: metrics that differ, and other facts that do."""
    metrics = screen.table("metric", a, b, "difference", right={a, b, "difference"})
    for name, row in found["metrics"].items():
        if row["difference"] == 0:
            continue
        change = row["difference"]
        metrics.add_row(
            screen.safe(name),
            screen.safe(_plain(row["a"])),
            screen.safe(_plain(row["b"])),
            Text("–" if change is None else _plain(change, "+")),
        )
    others = screen.table("fact", a, b)
    for name, row in found["facts"].items():
        others.add_row(screen.safe(name), *(screen.safe(_plain(row[side]), limit=60) for side in "ab"))
    return [metrics, others]


def facts(manifest: Manifest) -> Table:
    """Return what the manifest says, gates left out."""
    made = screen.table("fact", "value")
    for name, value in told(manifest).items():
        if not name.startswith("gates."):
            made.add_row(screen.safe(name), screen.safe(_plain(value), limit=100))
    for name, figure in sorted(manifest.metrics.items()):
        made.add_row(screen.safe(f"metrics.{name}"), screen.safe(_plain(figure)))
    return made


def gates(manifest: Manifest) -> Table | Text:
    """Return what each gate said."""
    if not manifest.gates:
        return screen.safe("No gates were asked.", "dim")
    made = screen.table("gate", "", "why", wide={"why"})
    for gate in manifest.gates:
        said = screen.safe("passed", "green") if gate.passed else screen.safe("failed", "bold red")
        made.add_row(screen.safe(gate.name), said, screen.safe(gate.reason))
    return made


def _plain(value: object, sign: str = "") -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "–" if value is None else str(value)
    # Counts come back from JSON as they went in; figures are shares, or near them.
    count = isinstance(value, int) or (value.is_integer() and abs(value) > 1)
    return f"{value:{sign},.{0 if count else 4}f}"
