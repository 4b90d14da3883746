"""The ATT&CK table and the words, against what others published. Figures are printed beside the floors."""

import gzip
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from enrich.alert import Alert, Process
from enrich.attack import Reason, load_attack
from enrich.attack.knowledge import LIKELY

pytestmark = pytest.mark.quality

ROOT = Path(__file__).parents[2]
ATTACK = load_attack()
RULES = ("sigma", "elastic", "splunk", "wazuh")
# hit@1, @3 and @5 of a plain text model on title + description, no rule text in training (data/README.md).
FLOORS = {
    "sigma": (0.253, 0.422, 0.485),
    "elastic": (0.354, 0.568, 0.660),
    "splunk": (0.364, 0.564, 0.642),
}
# A first hint of this confidence or more is one to act on.
SURE = 0.4


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def alert(title: str, message: str | None, command: str | None = None, **fields: Any) -> Alert:
    return Alert(
        format="t",
        vendor="t",
        product="t",
        detector="t",
        time_ms=0,
        rule_id="1",
        title=title,
        message=(message or "")[:1024] or None,
        process=Process(command_line=command),
        **fields,
    )


def current(techniques: Iterable[str]) -> set[str]:
    """Return the live techniques that these ids of any version stand for now."""
    return {found.uid for found in map(ATTACK.resolve, techniques) if found.uid is not None}


def test_the_committed_table_is_what_the_script_makes(data: Path, tmp_path: Path) -> None:
    made = tmp_path / "techniques.json"
    subprocess.run([sys.executable, ROOT / "tools/attack_facts.py", data / "attack", made], check=True)
    committed = (ROOT / "enrich/attack/techniques.json").read_bytes()
    assert made.read_bytes() == committed
    assert len(committed) < 120_000


def test_the_map_from_version_18_to_19_is_ours(data: Path) -> None:
    versions = json.loads((data / "attack/attack_v18_v19_map.json").read_bytes())
    ours = {old: ATTACK.resolve(old).uid for old in versions["v18_to_v19"]}
    assert ours == versions["v18_to_v19"]
    assert {ATTACK.resolve(old).reason for old in ours} == {Reason.REVOKED}
    for new, old in versions["v19_to_v18"].items():
        assert (ATTACK.resolve(new).uid, ATTACK.resolve(new).reason) == (new, Reason.CURRENT)
        # Two old ids became T1685 and T1686; of each the new one is what ours became, or its technique.
        assert new.startswith(str(ATTACK.resolve(old).uid))
    for new, old in versions["tactics_v19_to_v18"].items():
        assert set(ATTACK.resolve(new, "tactics").tactics) < set(ATTACK.resolve(old, "tactics").tactics)


def test_every_technique_of_version_18_is_live_or_says_why_not(data: Path) -> None:
    with gzip.open(data / "attack/techniques.json.gz", "rt", encoding="utf-8") as file:
        techniques = json.load(file)["techniques"]
    reasons: Counter[str] = Counter()
    for technique in techniques:
        found = ATTACK.resolve(technique["id"])
        reasons[found.reason] += 1
        assert (found.uid is None) == (found.reason is Reason.DEPRECATED), technique["id"]
    print(f"\nids of version 18.1, {len(techniques)}: {dict(reasons)}")
    assert reasons[Reason.DEPRECATED] == 12


@pytest.mark.parametrize("source", RULES)
def test_every_stated_id_is_live_now_or_reported_with_the_reason(source: str, data: Path) -> None:
    stated = Counter(
        uid for row in rows(data / f"rules/{source}_rules.jsonl.gz") for uid in row["techniques"]
    )
    report = {uid: ATTACK.resolve(uid) for uid in stated}
    reasons: Counter[str] = Counter()
    for uid, found in report.items():
        hints, quality = ATTACK.hints(alert("x", None, techniques=(uid,)))
        assert [hint.uid for hint in hints] == [found.uid] if found.uid else bool(quality), uid
        reasons[found.reason] += stated[uid]
    lost = {uid: str(found.reason) for uid, found in report.items() if found.uid is None}
    share = 1 - sum(stated[uid] for uid in lost) / stated.total()
    print(
        f"\n{source}: {len(stated)} ids stated, {share:.4f} of uses live; {dict(reasons)}; not live: {lost}"
    )
    assert share > 0.97


def test_hints_of_patterns_alone_beside_the_floors(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sets: dict[str, list[tuple[Alert, set[str]]]] = {}
    for source in RULES:
        sets[source] = [
            (alert(row["title"], row.get("description")), current(row["techniques"]))
            for row in rows(data / f"rules/{source}_rules.jsonl.gz")
        ]
    sets["sigma events"] = [
        (alert(row["title"], row["description"], _command(row)), current(row["techniques"]))
        for row in rows(data / "alerts/sigma_regression_events.jsonl.gz")
    ]
    tiers: dict[float, list[bool]] = defaultdict(list)
    lines = [
        "",
        f"{'patterns alone':14}{'texts':>6}{'hinted':>8}{'hints':>7}{'hit@1':>7}{'hit@3':>7}{'hit@5':>7}"
        f"{'right@1':>9}{'sure':>7}{'right':>7}  floors",
    ]
    for name, pairs in sets.items():
        labelled = [(ATTACK.hints(text)[0], truth) for text, truth in pairs if truth]
        assert all(hint.source == "pattern" for hints, _ in labelled for hint in hints)
        count = len(labelled)
        hinted = [(hints, truth) for hints, truth in labelled if hints]
        sure = [hints[0].uid in truth for hints, truth in hinted if hints[0].confidence >= SURE]
        given = sum(len(hints) for hints, _ in hinted) / count
        hits = [
            sum(any(hint.uid in truth for hint in hints[:most]) for hints, truth in hinted) / count
            for most in (1, 3, 5)
        ]
        if name in FLOORS:
            for hints, truth in hinted:
                for hint in hints:
                    tiers[round(hint.confidence, 1)].append(hint.uid in truth)
            assert all(hit > floor for hit, floor in zip(hits, FLOORS[name], strict=True)), name
        lines.append(
            f"{name:14}{count:6}{len(hinted) / count:8.3f}{given:7.2f}"
            + "".join(f"{hit:7.3f}" for hit in hits)
            + f"{hits[0] * count / len(hinted):9.3f}{len(sure) / count:7.3f}{sum(sure) / len(sure):7.3f}"
            f"  {' '.join(map(str, FLOORS.get(name, ())))}"
        )
    shares = {tier: sum(right) / len(right) for tier, right in sorted(tiers.items())}
    lines += [f"confidence {tier}: {share:.3f} right of {len(tiers[tier])}" for tier, share in shares.items()]
    with capsys.disabled():
        print("\n".join(lines))
    assert shares[0.8] > shares[0.6] > shares[0.4] > shares[0.2]


def test_how_often_ordinary_rules_are_hinted(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [""]
    for low, high in ((0, 3), (4, 6), (7, 11), (12, 16)):
        chosen = [
            row
            for row in rows(data / "rules/wazuh_rules.jsonl.gz")
            if low <= int(row["level"]) <= high and not row["techniques"]
        ]
        severity = 1 if high <= 3 else None
        found = [ATTACK.hints(alert(row["title"], None, severity_id=severity))[0] for row in chosen]
        likely = sum(bool(hints) and hints[0].confidence >= LIKELY for hints in found)
        hinted = sum(map(bool, found))
        lines.append(
            f"Wazuh rules without a technique, level {low}-{high}: {len(chosen)}, hinted "
            f"{hinted / len(chosen):.3f}, with a likely one {likely / len(chosen):.3f}"
        )
        if high <= 3:
            assert hinted / len(chosen) < 0.2
    with capsys.disabled():
        print("\n".join(lines))


def _command(row: dict[str, Any]) -> str | None:
    fields = row["event"]["Event"].get("EventData") or {}
    return str(fields.get("CommandLine") or fields.get("Image") or "")[:1024] or None
