"""Rules as the alerts that they would raise, in the vendor's own format, so that one definition of the text
(``enrich.formats`` and ``enrich.features.text_of``) holds for training and for serving.

No severity is in them. Sigma's shape cannot be told without a level: there it is the same word in each.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

# Says nothing, for it is in every document.
SIGMA_LEVEL: Final = "informational"
_TECHNIQUE: Final = re.compile(r"T[0-9]{4}(?:\.[0-9]{3})?")
_BLANKS: Final = re.compile(r"\s+")


def sigma(
    rule_id: str,
    title: str,
    description: str,
    tags: Sequence[str],
    logsource: Mapping[str, str],
    false_positives: Sequence[str],
) -> bytes:
    """Return the result of a Sigma rule, by Sigma's own names (docs/formats/sigma.md)."""
    doc = {
        "title": title,
        "id": rule_id,
        "level": SIGMA_LEVEL,
        "description": description,
        "tags": list(tags),
        "logsource": dict(logsource),
        "falsepositives": list(false_positives),
        "event": {},
    }
    return orjson.dumps(doc)


def elastic(
    rule_id: str,
    title: str,
    description: str,
    techniques: Sequence[str],
    tactics: Sequence[str],
    tags: Sequence[str],
    false_positives: Sequence[str],
) -> bytes:
    """Return an alert of Elastic Security with dotted keys (docs/formats/elastic.md)."""
    threat: list[dict[str, Any]] = [
        {"framework": "MITRE ATT&CK", "tactic": {"name": name}} for name in tactics
    ]
    if techniques:
        stated = [{"id": each} for each in techniques]
        if threat:
            threat[0]["technique"] = stated
        else:
            threat = [{"framework": "MITRE ATT&CK", "technique": stated}]
    doc = {
        "kibana.alert.rule.name": title,
        "kibana.alert.rule.rule_id": rule_id,
        "kibana.alert.rule.description": description,
        "kibana.alert.rule.threat": threat,
        "kibana.alert.rule.tags": list(tags),
        "kibana.alert.rule.false_positives": list(false_positives),
    }
    return orjson.dumps(doc)


def splunk(
    title: str, description: str, techniques: Sequence[str], stories: Sequence[str], domain: str
) -> bytes:
    """Return a notable event of Enterprise Security (docs/formats/splunk.md).

    Its fields are those that the rule's notable action fills: title, description and domain, and the
    annotations as one JSON text. Known false positives are not among them. The annotations hold impact and
    confidence, too, whose product is the risk score that the label comes from: they are left out.
    """
    said = {"analytic_story": list(stories), "mitre_attack": list(techniques)}
    name = f"ESCU - {title} - Rule"
    doc = {
        "search_name": name,
        "rule_name": name,
        "rule_title": title,
        "rule_description": description,
        "savedsearch_description": description,
        "annotations": orjson.dumps({key: value for key, value in said.items() if value}).decode(),
    }
    if domain:
        doc["security_domain"] = domain
    return orjson.dumps(doc)


def wazuh(rule_id: str, title: str, groups: Sequence[str], techniques: Sequence[str]) -> bytes:
    """Return an alert of Wazuh 4's manager, of no agent (docs/formats/wazuh.md)."""
    rule: dict[str, Any] = {"level": None, "description": title, "id": rule_id, "groups": list(groups)}
    if techniques:
        rule["mitre"] = {"id": list(techniques)}
    return orjson.dumps({"rule": rule, "manager": {"name": "manager"}})


def techniques_in(words: Sequence[str], prefix: str = "") -> tuple[str, ...]:
    """Return the ATT&CK ids among these, upper case, each once. prefix: of tags, taken off.

    >>> techniques_in(("attack.t1059.001", "attack.execution", "cve.2024"), "attack.")
    ('T1059.001',)
    """
    found = (word.upper().removeprefix(prefix.upper()) for word in words)
    return tuple(dict.fromkeys(each for each in found if _TECHNIQUE.fullmatch(each)))


def text_of_rule(title: str, description: str) -> str:
    """Return what the table shows of a rule: title and description, a line each."""
    title, description = (_BLANKS.sub(" ", part).strip() for part in (title, description))
    return f"{title}\n{description}" if description else title
