"""AttackKnowledge: from an alert to its hints, down the ladder: stated, then patterns."""

from functools import lru_cache
from hashlib import blake2b
from importlib.resources import files
from typing import Final

from enrich.address import facts
from enrich.alert import Alert
from enrich.attack.hint import HINTS_MAX, Hint
from enrich.attack.patterns import Patterns
from enrich.attack.stated import stated_hints
from enrich.attack.table import Table, Technique
from enrich.errors import Quality

# Longest text searched in the title and class, in the command line, and in the rest, in characters.
TEXT_LIMITS: Final = (1024, 1024, 2048)
# Hints of patterns below WEAK_BELOW are given only where nothing stronger is known, below NOT_BELOW never.
WEAK_BELOW: Final = 0.4
NOT_BELOW: Final = 0.25
# Texts whose matches are kept. A third to three quarters of the rows of real streams are repeats.
_CACHE_SIZE: Final = 4096
_CACHED_LENGTH: Final = 512
# Evidence in the title and class, in the command line, and in the rest.
_Found = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
_NOTHING: Final[_Found] = ((), (), ())


class AttackKnowledge:
    """The table and the patterns. Two made of the same bytes have the same digest and give the same hints.

    version: of ATT&CK, "18.1". digest: hash of both files, 16 hex digits.
    """

    def __init__(self, table: bytes, patterns: bytes) -> None:
        """Read both files' bytes. Raises SettingsWrong when one of them is not sound."""
        self._bytes: Final = (table, patterns)
        self._table: Final = Table(table)
        self._patterns: Final = Patterns(patterns, self._table)
        self.version: Final = self._table.version
        self.digest: Final = blake2b(table + b"\x00" + patterns, digest_size=8).hexdigest()
        self._evidence: Final = lru_cache(_CACHE_SIZE)(self._matched)
        self._remembered: Final = lru_cache(_CACHE_SIZE)(self._find)

    def __reduce__(self) -> tuple[type["AttackKnowledge"], tuple[bytes, bytes]]:
        return AttackKnowledge, self._bytes

    def technique(self, uid: str) -> Technique | None:
        """Return the technique with exactly this id, revoked and deprecated ones too, or None."""
        return self._table.techniques.get(uid)

    def hints(self, alert: Alert) -> tuple[tuple[Hint, ...], tuple[Quality, ...]]:
        """Return at most HINTS_MAX hints, best first, and what was wrong with the stated ids.

        Stated ones first, in the source's order, then patterns by falling confidence and rising uid. No
        technique is there twice, and no pattern's technique beside its own sub-technique.
        """
        techniques, tactics = alert.techniques, alert.tactics
        head, command, rest = searched(alert)
        evidence = self._evidence
        found = evidence(head), evidence(command) if command else (), evidence(rest) if rest else ()
        outside = False
        if found != _NOTHING:
            outside = alert.src.ip is not None and facts(alert.src.ip).scope == "global"
        elif not techniques and not tactics:
            return (), ()
        # Remembered only where short, as ids are: an attacker's long texts must not fill the memory.
        if sum(map(len, techniques)) + sum(map(len, tactics)) <= _CACHED_LENGTH:
            return self._remembered(techniques, tactics, found, outside)
        return self._find(techniques, tactics, found, outside)

    def _find(
        self, techniques: tuple[str, ...], tactics: tuple[str, ...], found: _Found, outside: bool
    ) -> tuple[tuple[Hint, ...], tuple[Quality, ...]]:
        stated, quality = stated_hints(techniques, tactics, self._table)
        return (*stated, *_beside(stated, self._ranked(found, outside)))[:HINTS_MAX], quality

    def _matched(self, text: str) -> tuple[str, ...]:
        """Return the evidence of the patterns that hold in a text. No two patterns have one spelling."""
        return tuple([evidence for _, evidence in self._patterns.matches(text)])

    def _ranked(self, found: _Found, outside: bool) -> tuple[Hint, ...]:
        """Return a hint per technique that the patterns point at, by falling confidence and rising uid."""
        best: dict[str, tuple[float, str]] = {}
        for factor, part in zip((1.0, 1.0, self._patterns.elsewhere), found, strict=True):
            for evidence in part:
                pattern = self._patterns.of[evidence]
                confidence = pattern.confidence * factor
                if confidence < NOT_BELOW:
                    continue
                first = pattern.outside if outside and pattern.outside is not None else pattern.technique
                for uid in (first, *pattern.also):
                    if uid not in best or confidence > best[uid][0]:
                        best[uid] = confidence, evidence
        ranked = sorted(best.items(), key=lambda item: (-item[1][0], item[0]))
        return tuple([self._hint(uid, confidence, evidence) for uid, (confidence, evidence) in ranked])

    def _hint(self, uid: str, confidence: float, evidence: str) -> Hint:
        technique = self._table.techniques[uid]
        tactics: tuple[tuple[str, str], ...] = ()
        if len(technique.tactics) == 1:
            tactics = ((technique.tactics[0], self._table.tactics[technique.tactics[0]]),)
        return Hint(uid, technique.name, tactics, "pattern", evidence, round(confidence, 2))


def _beside(stated: tuple[Hint, ...], ranked: tuple[Hint, ...]) -> list[Hint]:
    """Return the patterns' hints that add something to the stated ones and to each other."""
    known = {hint.uid for hint in stated}
    new = [hint for hint in ranked if hint.uid not in known]
    kept = [hint for hint in new if hint.confidence >= WEAK_BELOW] or ([] if stated else new)
    parents = {hint.uid.partition(".")[0] for hint in (*stated, *kept) if "." in hint.uid}
    return [hint for hint in kept if hint.uid not in parents]


def searched(alert: Alert) -> tuple[str, str, str]:
    """Return the texts that patterns are looked for in: title and class; command line; the rest.

    The first two say what the alert is about. The rest (message, URL, user agent) says much else besides.
    Each has one field a line and is cut at its TEXT_LIMITS.
    """
    process = alert.process
    head = alert.title if alert.category is None else f"{alert.title}\n{alert.category}"
    command = None if process is None else process.command_line or process.path or process.name
    rest = alert.message or ""
    if alert.url or alert.user_agent:
        rest = f"{rest}\n{alert.url or ''}\n{alert.user_agent or ''}"
    return head[: TEXT_LIMITS[0]], (command or "")[: TEXT_LIMITS[1]], rest[: TEXT_LIMITS[2]]


def load_attack() -> AttackKnowledge:
    """Return the knowledge that comes with Millrace. For the composition root: it reads packaged files."""
    here = files("enrich.attack")
    return AttackKnowledge((here / "techniques.json").read_bytes(), (here / "patterns.toml").read_bytes())
