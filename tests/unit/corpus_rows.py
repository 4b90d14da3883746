"""Rows and small corpora, all of them invented, for the tests of the training side."""

from pathlib import Path
from typing import Any

import orjson

from training.table import Row


def row(number: int = 1, **changed: Any) -> Row:
    """A rule of Sigma's, as a row of the table."""
    fields: dict[str, Any] = {
        "id": f"sigma:{number}",
        "kind": "rule",
        "text": f"Rule {chr(96 + number % 26 + 1)}{number // 26} alone",
        "document": b"{}",
        "label": 1 + number % 5,
        "label_source": "sigma",
        "techniques": ("T1059",),
        "true_positive": None,
        "attack": "",
        "time_ms": number * 1_000,
        "group": "",
        "path": "rules.jsonl",
        "row": number,
    }
    return Row(**{**fields, **changed})


def jsonl(path: Path, *docs: Any) -> Path:
    """Write a file with an object a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\n".join(orjson.dumps(doc) for doc in docs) + b"\n")
    return path


def sigma(number: int = 1, **changed: Any) -> dict[str, Any]:
    """A rule in the normalised JSONL of Sigma's."""
    doc = {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "title": f"Teapot Number {'x' * number} Boils",
        "description": "Looks for kettles that boil without a cup",
        "level": ("low", "high")[number % 2],
        "status": "test",
        "tags": ["attack.execution", "attack.t1059.001"],
        "logsource": {"product": "kitchen", "category": "process_creation"},
        "date": "2024-02-03",
        "path": f"rules/kitchen/{number}.yml",
    }
    return {**doc, **changed}


def elastic(number: int = 1, **changed: Any) -> dict[str, Any]:
    """A rule in the normalised JSONL of Elastic's."""
    doc = {
        "id": f"e-{number}",
        "title": f"Oven Door {'y' * number} Open",
        "description": "Identifies an oven that is open at night",
        "severity": ("medium", "high")[number % 2],
        "risk_score": 47,
        "building_block": False,
        "tactics": ["impact"],
        "techniques": ["T1499"],
        "tags": ["OS: Oven"],
        "status": "production",
        "date": "2023/05/06",
    }
    return {**doc, **changed}


def splunk(number: int = 1, **changed: Any) -> dict[str, Any]:
    """A detection in the normalised JSONL of Splunk's."""
    doc = {
        "id": f"s-{number}",
        "title": f"Fridge Light {'z' * number} On",
        "description": 'The analytic detects a "light" = on, at door=open',
        "severity": ("low", "critical")[number % 2],
        "risk_score": 25.0,
        "confidence": 50,
        "impact": 50,
        "techniques": ["T1200"],
        "status": "production",
        "date": "2024-10-01",
    }
    return {**doc, **changed}


def wazuh(number: int = 1, **changed: Any) -> dict[str, Any]:
    """A rule in the normalised JSONL of Wazuh's."""
    doc = {
        "id": f"{100_000 + number}",
        "level": (3, 10)[number % 2],
        "title": f"Dishwasher {'w' * number} leaks.",
        "groups": ["kitchen", "water"],
        "techniques": [],
        "file": "rules/kitchen_rules.xml",
        "severity": "low",
    }
    return {**doc, **changed}


def ait(number: int = 1, **changed: Any) -> dict[str, Any]:
    """An alert in AIT-ADS's JSONL."""
    doc = {
        "ts": f"2022-01-14T00:00:{number % 60:02d}+00:00",
        "scenario": "harbour",
        "detector": "Wazuh",
        "name": "Login session opened.",
        "ip": "10.1.2.3",
        "host": "mail",
        "code": "W-Aut-Pam1",
        "phase": "false_positive" if number % 2 else "wpscan",
        "event": None,
    }
    return {**doc, **changed}
