"""What the training rows speak of, in ATT&CK: tactics and techniques with rows, and the gaps."""

from collections.abc import Iterable, Sequence

from enrich.attack.table import Table
from training.reports.sections import Tactic, Technique


def attack_coverage(
    rows: Iterable[Sequence[str]], table: Table
) -> tuple[tuple[Tactic, ...], tuple[Technique, ...]]:
    """Return coverage by tactic, in the table's order, and techniques by falling rows.

    rows: the technique ids of each row, as a corpus gives them; what was revoked counts for what took its
    place, a sub-technique for its technique, what the table does not know for nothing.
    """
    counts: dict[str, int] = {}
    by_tactic: dict[str, int] = {}
    for uids in rows:
        found = {technique for uid in uids if (technique := _technique(uid, table)) is not None}
        for uid in found:
            counts[uid] = counts.get(uid, 0) + 1
        for tactic in {tactic for uid in found for tactic in table.techniques[uid].tactics}:
            by_tactic[tactic] = by_tactic.get(tactic, 0) + 1
    live = [each for each in table.techniques.values() if each.live and each.parent is None]
    tactics = []
    for tactic, name in table.tactics.items():
        own = sorted(each.uid for each in live if tactic in each.tactics)
        gaps = tuple(uid for uid in own if uid not in counts)
        tactics.append(Tactic(tactic, name, len(own) - len(gaps), len(own), by_tactic.get(tactic, 0), gaps))
    techniques = (
        Technique(uid, table.techniques[uid].name, n)
        for uid, n in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    )
    return tuple(tactics), tuple(techniques)


def _technique(uid: str, table: Table) -> str | None:
    """Return the live technique, not sub-technique, that an id stands for today."""
    seen: set[str] = set()
    found = table.techniques.get(uid)
    while found is not None and found.revoked_by is not None and found.uid not in seen:
        seen.add(found.uid)
        found = table.techniques.get(found.revoked_by)
    if found is None or not found.live:
        return None
    return found.parent or found.uid
