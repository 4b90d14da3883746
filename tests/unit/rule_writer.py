"""A corpus of invented Sigma rules whose words tell the severity, though not always: enough to train on."""

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import orjson

WORDS: Final = {
    "low": ("inventory", "listing", "policy", "reading", "usual", "audit"),
    "medium": ("script", "renamed", "scheduled", "odd", "remote", "archive"),
    "high": ("dumping", "injection", "tunnel", "bypass", "forged", "implant"),
}
SUBJECTS: Final = ("registry", "printer", "mailbox", "kernel", "browser", "backup", "directory", "gateway")
TECHNIQUES: Final = ("attack.t1003", "attack.t1053", "attack.t1046", "attack.t1070")
RULES: Final = 1_000
# Share of rules whose level is not what their words say.
NOISE: Final = 0.15


def sigma(path: Path, rules: int = RULES, seed: int = 1, tell: bool = True) -> Path:
    """Write so many rules, three a day, as normalised JSONL. tell: whether words have to do with levels."""
    dice = random.Random(seed)
    lines = []
    for number in range(rules):
        level = dice.choice(sorted(WORDS))
        said = level if tell and dice.random() > NOISE else dice.choice(sorted(WORDS))
        words = dice.sample(WORDS[said], 3)
        title = f"{words[0]} {dice.choice(SUBJECTS)} {words[1]} {_name(dice)}"
        day = 20_000 + number // 3
        lines.append(
            {
                "id": f"00000000-0000-4000-8000-{number:012d}",
                "title": title,
                "description": f"Looks for {words[2]} of the {dice.choice(SUBJECTS)} {_name(dice)}",
                "level": level,
                "tags": [dice.choice(TECHNIQUES), "attack.execution"],
                "techniques": [],
                "logsource": {"product": dice.choice(("windows", "linux")), "category": "process_creation"},
                "status": "test",
                "date": _date(day),
                "false_positives": [],
            }
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\n".join(orjson.dumps(line) for line in lines) + b"\n")
    return path


def _name(dice: random.Random) -> str:
    return "".join(dice.choice("bcdfgklmnprstv") + dice.choice("aeiou") for _ in range(3))


def _date(day: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()
