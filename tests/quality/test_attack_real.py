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
from enrich.attack import load_attack

pytestmark = pytest.mark.quality

ROOT = Path(__file__).parents[2]
ATTACK = load_attack()
RULES = ("sigma", "elastic", "splunk", "wazuh")
# hit@1 and hit@3 of a plain text model on title + description, no rule text in training (data/README.md).
FLOORS = {"sigma": (0.253, 0.422), "elastic": (0.354, 0.568), "splunk": (0.364, 0.564)}


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
    return {hint.uid for uid in techniques for hint in ATTACK.hints(alert("x", None, techniques=(uid,)))[0]}


def test_the_committed_table_is_what_the_script_makes(data: Path, tmp_path: Path) -> None:
    made = tmp_path / "techniques.json"
    subprocess.run([sys.executable, ROOT / "tools/attack_facts.py", data / "attack", made], check=True)
    committed = (ROOT / "enrich/attack/techniques.json").read_bytes()
    assert made.read_bytes() == committed
    assert len(committed) < 120_000


def test_ids_that_the_next_version_renamed_are_ours(data: Path) -> None:
    versions = json.loads((data / "attack/attack_v18_v19_map.json").read_bytes())
    for new, old in versions["v19_to_v18"].items():
        hints, quality = ATTACK.hints(alert("x", None, techniques=(new,)))
        assert [hint.uid for hint in hints] == [new if ATTACK.technique(new) else old]
        assert quality == ()


@pytest.mark.parametrize("source", RULES)
def test_every_stated_id_is_live_now_or_reported(source: str, data: Path) -> None:
    stated = Counter(
        uid for row in rows(data / f"rules/{source}_rules.jsonl.gz") for uid in row["techniques"]
    )
    reported = []
    for uid in stated:
        hints, quality = ATTACK.hints(alert("x", None, techniques=(uid,)))
        assert len(hints) + len(quality) == 1, uid
        reported += [uid] if quality else []
    share = 1 - sum(stated[uid] for uid in reported) / stated.total()
    print(f"\n{source}: {len(stated)} ids stated, {share:.4f} of uses live; reported: {sorted(reported)}")
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
        f"{'hints of patterns':18}{'texts':>7}{'hinted':>8}{'hit@1':>7}{'hit@3':>7}{'right@1':>9}  floors",
    ]
    for name, pairs in sets.items():
        labelled = [(ATTACK.hints(text)[0][:3], truth) for text, truth in pairs if truth]
        hinted = [(hints, truth) for hints, truth in labelled if hints]
        first = sum(hints[0].uid in truth for hints, truth in hinted)
        third = sum(any(hint.uid in truth for hint in hints) for hints, truth in hinted)
        for hints, truth in hinted:
            for hint in hints:
                tiers[hint.confidence].append(hint.uid in truth)
        count, floors = len(labelled), FLOORS.get(name, ("", ""))
        lines.append(
            f"{name:18}{count:7}{len(hinted) / count:8.3f}{first / count:7.3f}{third / count:7.3f}"
            f"{first / len(hinted):9.3f}  {floors[0]} {floors[1]}"
        )
    shares = {tier: sum(right) / len(right) for tier, right in sorted(tiers.items())}
    lines += [f"confidence {tier}: {share:.3f} right of {len(tiers[tier])}" for tier, share in shares.items()]
    with capsys.disabled():
        print("\n".join(lines))
    assert shares[0.7] > shares[0.5] > shares[0.25]


def _command(row: dict[str, Any]) -> str | None:
    fields = row["event"]["Event"].get("EventData") or {}
    return str(fields.get("CommandLine") or fields.get("Image") or "")[:1024] or None
