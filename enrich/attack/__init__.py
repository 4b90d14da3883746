"""ATT&CK: a table of ids, names and tactics, and hints with the evidence for them."""

from enrich.attack.hint import Hint
from enrich.attack.knowledge import AttackKnowledge, load_attack
from enrich.attack.table import Technique

__all__ = ["AttackKnowledge", "Hint", "Technique", "load_attack"]
