"""Make enrich/attack/techniques.json: ATT&CK's ids, names, tactics and successors, and nothing else.

    python tools/attack_facts.py ../shared/data/attack enrich/attack/techniques.json

Reads techniques.json.gz (an extract of MITRE's enterprise-attack STIX bundle, all techniques with their
revoked and deprecated ones) and attack_v18_v19_map.json (ids that the following version renamed). The same
input gives the same bytes; tests/quality/test_attack_real.py holds the committed file to that.
"""

import gzip
import json
import sys
from pathlib import Path
from typing import Any


def facts(techniques: dict[str, Any], versions: dict[str, Any]) -> dict[str, Any]:
    """Return the compact table; see enrich/attack/table.py for its shape."""
    tactic_of = {tactic["shortname"]: tactic["id"] for tactic in techniques["tactics"]}
    live: dict[str, list[Any]] = {}
    revoked: dict[str, list[str]] = {}
    deprecated: dict[str, str] = {}
    for technique in sorted(techniques["techniques"], key=lambda row: str(row["id"])):
        uid, name = technique["id"], technique["name"]
        if technique["revoked"]:
            revoked[uid] = [name, technique["revoked_by"]]
        elif technique["deprecated"]:
            deprecated[uid] = name
        else:
            live[uid] = [name, *sorted(tactic_of[short] for short in technique["tactics"])]
    known = live.keys() | revoked.keys() | deprecated.keys()
    later = {new: old for new, old in versions["v19_to_v18"].items() if new not in known}
    later_tactics = {new: tactic_of[old] for new, old in versions["tactics_v19_to_v18"].items()}
    return {
        "notice": techniques["license"],
        "what": f"Facts of MITRE ATT&CK {techniques['domain']}: ids, names, tactics, what revoked what.",
        "version": techniques["attack_version"],
        "tactics": {row["id"]: [row["name"], row["shortname"]] for row in techniques["tactics"]},
        "techniques": live,
        "revoked": revoked,
        "deprecated": deprecated,
        "later": dict(sorted(later.items())),
        "later_tactics": dict(sorted(later_tactics.items())),
    }


def text(table: dict[str, Any]) -> str:
    """Return the table as JSON with one entry a line, so that a new version reads well in a diff."""
    parts = []
    for key, value in table.items():
        if isinstance(value, dict):
            rows = ",\n".join(f"{_json(name)}:{_json(row)}" for name, row in value.items())
            parts.append(f"{_json(key)}:{{\n{rows}\n}}")
        else:
            parts.append(f"{_json(key)}:{_json(value)}")
    return "{" + ",\n".join(parts) + "}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def made_from(folder: Path) -> str:
    """Return the file's text, made from the two files in this folder."""
    techniques = json.loads(gzip.decompress((folder / "techniques.json.gz").read_bytes()))
    versions = json.loads((folder / "attack_v18_v19_map.json").read_bytes())
    return text(facts(techniques, versions))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python tools/attack_facts.py FOLDER OUTPUT")
    Path(sys.argv[2]).write_text(made_from(Path(sys.argv[1])), encoding="utf-8")
