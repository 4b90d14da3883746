"""AttackKnowledge: from an alert to its hints, down the ladder: stated, table, patterns, a model."""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from importlib.resources import files
from typing import Final

from enrich.address import facts
from enrich.alert import Alert
from enrich.attack import searched
from enrich.attack.codes import Codes, Found, Rule, holding
from enrich.attack.guesses import GUESS_MAX, GUESS_MIN, Guess
from enrich.attack.hint import HINTS_MAX, Hint, Span
from enrich.attack.kept import Kept
from enrich.attack.pattern_file import CONFIDENCE_MAX
from enrich.attack.patterns import Match, Patterns
from enrich.attack.resolve import Resolution, resolution
from enrich.attack.searched import Fields
from enrich.attack.stated import stated_hints
from enrich.attack.table import Table, Technique
from enrich.errors import Quality

# Hints below LIKELY fill up to FEW: a reader is not given five guesses. Below GUESS there are none of what
# its source calls informational: of ordinary events many words could mean something.
LIKELY: Final = 0.3
FEW: Final = 4
GUESS: Final = 0.2
INFORMATIONAL: Final = 1
# Patterns that count beyond the first of a technique.
MORE_MAX: Final = 2
# Characters kept of rules, of command lines and of the rest, each in two generations: 1.5 MB of ASCII in all,
# at most 6 MB.
_KEPT_CHARACTERS: Final = 1 << 18
# Sets of evidence whose hints are kept, where they are small: some 2 KB each.
_CACHE_SIZE: Final = 2048
_CACHED_LENGTH: Final = 512
_CACHED_MATCHES: Final = 12
# Sources, by the rung they stand on: of two with one confidence the higher comes first.
_RUNGS: Final = ("table", "pattern", "model")

# Matches in one text, and the names of its fields.
_Part = tuple[tuple[Match, ...], Fields]
# The strongest evidence for a technique: confidence, source, evidence, place.
_Best = tuple[float, str, str, Span]
_NONE: Final[_Best] = (0.0, "", "", Span("", 0, 0))


class _Head:
    """What rule, title and class of an alert say: asked for once for each, and told apart by identity."""

    __slots__ = ("codes", "conditions", "fields", "matches")

    def __init__(self, codes: tuple[Found, ...], matches: tuple[Match, ...], fields: Fields) -> None:
        self.codes: Final = codes
        self.matches: Final = matches
        self.fields: Final = fields
        self.conditions: Final = any(each.code.needs for each in codes)


class AttackKnowledge:
    """The table, the codes and the patterns. Two made of the same bytes have one digest, and give one answer.

    version: of ATT&CK, "19.2". digest: hash of the three files, 16 hex digits.
    """

    def __init__(self, table: bytes, codes: bytes, patterns: bytes) -> None:
        """Read the files' bytes. Raises SettingsWrong when one of them is not sound."""
        self._bytes: Final = (table, codes, patterns)
        self._table: Final = Table(table)
        self._codes: Final = Codes(codes, self._table)
        self._patterns: Final = Patterns(patterns, self._table)
        self.version: Final = self._table.version
        self.digest: Final = blake2b(b"\x00".join(self._bytes), digest_size=8).hexdigest()
        self._heads: Final = Kept(self._head, _length, _KEPT_CHARACTERS)
        self._in_command: Final = Kept(self._patterns.in_command, len, _KEPT_CHARACTERS)
        self._elsewhere: Final = Kept(self._patterns.elsewhere_in, len, _KEPT_CHARACTERS)
        self._remembered: Final = lru_cache(_CACHE_SIZE)(self._find)

    def __reduce__(self) -> tuple[type["AttackKnowledge"], tuple[bytes, bytes, bytes]]:
        return AttackKnowledge, self._bytes

    @property
    def table(self) -> Table:
        """Ids, names and tactics."""
        return self._table

    def technique(self, uid: str) -> Technique | None:
        """Return the technique with exactly this id, revoked and deprecated ones too, or None."""
        return self._table.techniques.get(uid)

    def resolve(self, value: str, field: str = "techniques") -> Resolution:
        """Return what a stated value of "techniques" or "tactics" means now, and what is wrong with it."""
        return resolution(value, field, self._table)

    def hints(self, alert: Alert) -> tuple[tuple[Hint, ...], tuple[Quality, ...]]:
        """Return at most HINTS_MAX hints, best first, and what was wrong with the stated ids.

        Stated ones first, in the source's order, then the others by falling confidence, by rung (table before
        patterns) and by rising uid. No technique is there twice, and none of ours beside its own
        sub-technique where that is as likely.
        """
        techniques, tactics = alert.techniques, alert.tactics
        head = self._heads((alert.format, alert.detector, alert.rule_id, alert.title, alert.category))
        codes, found, fields = head.codes, head.matches, head.fields
        if head.conditions:
            codes = holding(codes, alert)
        parts = [(found, fields)] if found else []
        if alert.process is not None:
            text, fields = searched.command(alert)
            if text and (found := self._in_command(text)):
                parts.append((found, fields))
        elsewhere = len(parts)
        text, fields = searched.rest(alert)
        if text and (found := self._elsewhere(text)):
            parts.append((found, fields))
        outside = False
        if parts or codes:
            outside = alert.src.ip is not None and facts(alert.src.ip).scope == "global"
        elif not techniques and not tactics:
            return (), ()
        # Remembered only where small: an attacker's long texts must not fill the memory.
        small = (
            sum([len(matches) for matches, _ in parts]) <= _CACHED_MATCHES
            and sum(map(len, techniques + tactics)) <= _CACHED_LENGTH
        )
        find = self._remembered if small else self._find
        ordinary = alert.severity_id == INFORMATIONAL
        return find(techniques, tactics, codes, tuple(parts), elsewhere, outside, ordinary)

    def with_guesses(self, hints: tuple[Hint, ...], guesses: Sequence[Guess]) -> tuple[Hint, ...]:
        """Return the hints with a model's guesses under them, HINTS_MAX in all.

        A guess adds a technique that no rung above names; its confidence is at most GUESS_MAX.
        """
        known = {hint.uid for hint in hints}
        best: dict[str, float] = {}
        for uid, probability in guesses:
            technique = self._table.current(uid)
            if technique is not None and technique.uid not in known and probability >= GUESS_MIN:
                best[technique.uid] = max(best.get(technique.uid, 0.0), min(probability, GUESS_MAX))
        ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))
        more = [self._hint(uid, value, "model", "text", None) for uid, value in ranked]
        return (*hints, *more)[:HINTS_MAX]

    def _head(self, rule: Rule) -> _Head:
        format_, _, _, title, category = rule
        text, fields = searched.head(title, category, format_ in self._codes.ours)
        return _Head(self._codes.of(rule), self._patterns.in_head(text), fields)

    def _find(
        self,
        techniques: tuple[str, ...],
        tactics: tuple[str, ...],
        codes: tuple[Found, ...],
        parts: tuple[_Part, ...],
        elsewhere: int,
        outside: bool,
        ordinary: bool,
    ) -> tuple[tuple[Hint, ...], tuple[Quality, ...]]:
        """Return hints and quality. parts: what was found in each text, from ``elsewhere`` on in the rest."""
        stated, quality = stated_hints(techniques, tactics, self._table)
        best = self._best(codes, parts, elsewhere, outside)
        ranked = sorted(best.items(), key=lambda item: (-item[1][0], _RUNGS.index(item[1][1]), item[0]))
        if ordinary:
            ranked = [one for one in ranked if one[1][0] >= GUESS]
        kept = _beside({hint.uid for hint in stated}, ranked)
        return (*stated[:HINTS_MAX], *(self._hint(uid, *one) for uid, one in kept)), quality

    def _best(
        self, codes: tuple[Found, ...], parts: tuple[_Part, ...], elsewhere: int, outside: bool
    ) -> dict[str, _Best]:
        """Return, by uid, the strongest evidence of the table and the patterns; of equals the first.

        Further patterns of one technique in the title, the class or the command line make it likelier.
        """
        best: dict[str, _Best] = {}
        times: dict[str, int] = {}
        for number, (matches, fields) in enumerate(parts):
            for pattern, evidence, start, end in matches:
                confidence = pattern.confidence
                if number >= elsewhere:
                    confidence *= self._patterns.elsewhere
                first = pattern.outside if outside and pattern.outside is not None else pattern.technique
                for uid in (first, *pattern.also):
                    if number < elsewhere:
                        times[uid] = times.get(uid, 0) + 1
                    if uid not in best or confidence > best[uid][0]:
                        best[uid] = confidence, "pattern", evidence, searched.span(fields, start, end)
        for uid, count in times.items():
            confidence, source, evidence, place = best[uid]
            if count > 1:
                confidence = min(confidence + self._patterns.more * min(count - 1, MORE_MAX), CONFIDENCE_MAX)
                best[uid] = confidence, source, evidence, place
        # Of what both know the table speaks, however strong the words are.
        for code, evidence, place in codes:
            for uid in code.outside if outside and code.outside else code.techniques:
                if best.get(uid, _NONE)[0] < code.confidence:
                    best[uid] = code.confidence, "table", evidence, place
                elif best[uid][1] != "table":
                    best[uid] = best[uid][0], "table", evidence, place
        return best

    def _hint(self, uid: str, confidence: float, source: str, evidence: str, place: Span | None) -> Hint:
        technique = self._table.techniques[uid]
        tactics: tuple[tuple[str, str], ...] = ()
        if len(technique.tactics) == 1:
            tactics = ((technique.tactics[0], self._table.tactics[technique.tactics[0]]),)
        return Hint(uid, technique.name, tactics, source, evidence, round(confidence, 2), span=place)


def _length(rule: Rule) -> int:
    return sum(len(text) for text in rule if text is not None)


def _beside(stated: set[str], ranked: list[tuple[str, _Best]]) -> list[tuple[str, _Best]]:
    """Return what adds something to the stated ones and to each other, as many as there is room for."""
    # By technique, the confidence of its strongest sub-technique. What is stated outdoes all.
    subs = {uid.partition(".")[0]: 1.0 for uid in stated if "." in uid}
    for uid, one in ranked:
        parent, dot, _ = uid.partition(".")
        if dot:
            subs[parent] = max(subs.get(parent, 0.0), one[0])
    kept: list[tuple[str, _Best]] = []
    for uid, one in ranked:
        room = HINTS_MAX if one[0] >= LIKELY else FEW
        if uid not in stated and subs.get(uid, 0.0) < one[0] and len(stated) + len(kept) < room:
            kept.append((uid, one))
    return kept


def load_attack() -> AttackKnowledge:
    """Return the knowledge that comes with Millrace. For the composition root: it reads packaged files."""
    here = files("enrich.attack")
    names = ("techniques.json", "codes.toml", "patterns.toml")
    table, codes, patterns = ((here / name).read_bytes() for name in names)
    return AttackKnowledge(table, codes, patterns)
