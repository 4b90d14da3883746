"""Make enrich/attack/techniques.json: ATT&CK's ids, names, tactics and successors, and nothing else.

    python tools/attack_facts.py ../shared/data/attack enrich/attack/techniques.json

Reads techniques.json.gz (an extract of MITRE's enterprise-attack STIX bundle 18.1, all techniques with their
revoked and deprecated ones), attack_v19.toml beside this file (what 19.2 says otherwise), and
attack_v18_v19_map.json (somebody else's list of what 19 renamed, to check the result against). The same input
gives the same bytes; tests/quality/test_attack_real.py holds the committed file to that.
"""

import gzip
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

CHANGES = Path(__file__).with_name("attack_v19.toml")


def facts(old: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return the compact table; see enrich/attack/table.py for its shape."""
    tactics = {row["id"]: [row["name"], row["shortname"]] for row in old["tactics"]} | changes["tactics"]
    tactic_of = {row["shortname"]: row["id"] for row in old["tactics"]}
    live: dict[str, list[Any]] = {}
    revoked: dict[str, list[str]] = {}
    deprecated: dict[str, str] = {}
    former: dict[str, str] = {}
    for technique in old["techniques"]:
        uid, name = technique["id"], technique["name"]
        if technique["revoked"]:
            revoked[uid] = [name, technique["revoked_by"]]
        elif technique["deprecated"]:
            deprecated[uid] = name
        elif uid in changes["revoked"]:
            revoked[uid] = [name, changes["revoked"][uid]]
        else:
            had = {tactic_of[short] for short in technique["tactics"]}
            live[uid] = [changes["renamed"].get(uid, name), *_tactics(uid, had, changes)]
            if uid in changes["renamed"]:
                former[name] = uid
    for uid, name in changes["added"].items():
        live[uid] = [name, *_tactics(uid, set(), changes)]
    return {
        "notice": changes["notice"],
        "what": f"Facts of MITRE ATT&CK {old['domain']}: ids, names, tactics, what revoked what.",
        "version": changes["version"],
        "tactics": dict(sorted(tactics.items())),
        "techniques": dict(sorted(live.items())),
        "revoked": dict(sorted(revoked.items())),
        "deprecated": dict(sorted(deprecated.items())),
        "former_names": dict(sorted(former.items())),
        "former_tactics": changes["former_tactics"],
    }


def _tactics(uid: str, had: set[str], changes: dict[str, Any]) -> list[str]:
    """Return the technique's tactics now, ascending."""
    parent = uid.partition(".")[0]
    if parent in changes["moved"]:
        return sorted(changes["moved"][parent])
    split = changes["former_tactics"]["TA0005"]
    joined = {tactic for tactic, members in changes["members"].items() if parent in members}
    return sorted((had - set(split)) | joined)


def check(table: dict[str, Any], old: dict[str, Any], changes: dict[str, Any], known: dict[str, Any]) -> None:
    """Raise ValueError where the three sources do not fit together."""
    live, revoked = table["techniques"], table["revoked"]
    subs = sum("." in uid for uid in live)
    if (len(live) - subs, subs) != (changes["live"]["techniques"], changes["live"]["sub_techniques"]):
        raise ValueError(f"{len(live) - subs} techniques and {subs} sub-techniques are live")
    were = {row["id"] for row in old["techniques"] if not row["revoked"] and not row["deprecated"]}
    for uid in (*changes["revoked"], *changes["renamed"]):
        if uid not in were:
            raise ValueError(f"{uid} was not live in {old['attack_version']}")
    members = {uid for listed in changes["members"].values() for uid in listed}
    for uid in (*members, *changes["moved"], *(new for _, new in revoked.values() if new not in revoked)):
        if uid not in live:
            raise ValueError(f"{uid} is not live in {table['version']}")
    for uid, (name, *tactics) in live.items():
        if not tactics or ("." in uid and tactics != live[uid.partition(".")[0]][1:]):
            raise ValueError(f"{uid} {name}: its tactics are not its technique's: {tactics}")
    for uid, now in known["v18_to_v19"].items():
        if revoked.get(uid, ("", ""))[1] != now:
            raise ValueError(f"{uid} is {now} in the list of renamed ids, and {revoked.get(uid)} here")
    for uid in known["v19_to_v18"]:
        if uid not in live:
            raise ValueError(f"{uid} is in the list of renamed ids, and not live here")


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
    """Return the file's text, made from the two files in this folder and the one beside this script."""
    old = json.loads(gzip.decompress((folder / "techniques.json.gz").read_bytes()))
    known = json.loads((folder / "attack_v18_v19_map.json").read_bytes())
    changes = tomllib.loads(CHANGES.read_text("utf-8"))
    table = facts(old, changes)
    check(table, old, changes, known)
    return text(table)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python tools/attack_facts.py FOLDER OUTPUT")
    Path(sys.argv[2]).write_text(made_from(Path(sys.argv[1])), encoding="utf-8")
