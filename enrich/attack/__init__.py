"""ATT&CK: a table of ids, names and tactics, and hints with the evidence for them."""

from enrich.attack.guesses import Classifier, Guess
from enrich.attack.hint import Hint, Span
from enrich.attack.knowledge import AttackKnowledge, load_attack
from enrich.attack.resolve import Reason, Repair, Resolution
from enrich.attack.table import Technique

__all__ = [
    "AttackKnowledge",
    "Classifier",
    "Guess",
    "Hint",
    "Reason",
    "Repair",
    "Resolution",
    "Span",
    "Technique",
    "load_attack",
]
