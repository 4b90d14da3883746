"""The ATT&CK table: ids, names, tactics, and what took the place of what.

It is read from ``techniques.json`` (made by ``tools/attack_facts.py``): facts of one version of MITRE ATT&CK
Enterprise, with everything that earlier versions revoked, deprecated or called otherwise.
"""

import json
import re
from typing import Final, NamedTuple

from enrich.errors import SettingsWrong

# An id alone, or at the start with words after it ("T1059.001 - PowerShell"); "attack." is Sigma's prefix.
# Some sources write the dot of a sub-technique as a slash or an underscore. Both forms are linear.
_TECHNIQUE: Final = re.compile(
    r"(?:attack\.)?t([0-9]{4})(?:[./_]([0-9]{3}))?(?![0-9a-z]|[./_][0-9])", re.ASCII
)
_TACTIC: Final = re.compile(r"ta([0-9]{4})(?![0-9a-z])", re.ASCII)


class Technique(NamedTuple):
    """One technique or sub-technique.

    uid: "T1059" or "T1059.001". tactics: tactic uids ("TA0002"), ascending; empty when revoked or deprecated.
    revoked_by: uid that took its place, as MITRE says it (it may be revoked itself: see ``Table.current``).
    revoked, deprecated: MITRE's flags; a deprecated technique has no successor.
    """

    uid: str
    name: str
    tactics: tuple[str, ...]
    revoked_by: str | None = None
    revoked: bool = False
    deprecated: bool = False

    @property
    def live(self) -> bool:
        """Return whether it is part of the current version."""
        return not (self.revoked or self.deprecated)

    @property
    def parent(self) -> str | None:
        """Return the uid of the technique that a sub-technique belongs to, None of a technique."""
        uid, dot, _ = self.uid.partition(".")
        return uid if dot else None


class Table:
    """Look-ups in one version of ATT&CK.

    version: "19.2". techniques: uid → Technique, with the revoked and deprecated ones. tactics: uid → name.
    names: lower-case name of one live technique → its uid; former_names: likewise, of names that are no more.
    """

    def __init__(self, data: bytes) -> None:
        """Read the table from the file's bytes. Raises SettingsWrong when it is not sound."""
        try:
            document = json.loads(data)
            self.version: Final = str(document["version"])
            self.tactics: Final = {uid: name for uid, (name, _) in document["tactics"].items()}
            self.techniques: Final = {
                uid: Technique(uid, name, tuple(tactics))
                for uid, (name, *tactics) in document["techniques"].items()
            }
            for uid, (name, by) in document["revoked"].items():
                self.techniques[uid] = Technique(uid, name, (), by, revoked=True)
            for uid, name in document["deprecated"].items():
                self.techniques[uid] = Technique(uid, name, (), deprecated=True)
            self._tactic_words: Final[dict[str, tuple[str, ...]]] = {
                _words(word): (uid,) for uid, names in document["tactics"].items() for word in (uid, *names)
            } | {_words(word): tuple(uids) for word, uids in document["former_tactics"].items()}
            self._joined: Final = {word.replace(" ", ""): uids for word, uids in self._tactic_words.items()}
            renamed = [(name, uid) for name, uid in document["former_names"].items()]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SettingsWrong(f"ATT&CK table: not readable: {error}") from None
        live = [(each.name, each.uid) for each in self.techniques.values() if each.live]
        gone = [(each.name, each.uid) for each in self.techniques.values() if not each.live]
        self.names: Final = _unique(live)
        taken = {name.lower() for name, _ in live}
        self.former_names: Final = _unique([one for one in gone + renamed if one[0].lower() not in taken])
        self._check()

    def current(self, uid: str) -> Technique | None:
        """Return the live technique that this id of any version stands for now, or None if there is none."""
        seen = self.techniques.get(uid)
        while seen is not None and seen.revoked_by is not None:
            seen = self.techniques.get(seen.revoked_by)
        return seen if seen is not None and seen.live else None

    def is_revoked(self, uid: str) -> bool:
        """Return whether this id itself was revoked."""
        found = self.techniques.get(uid)
        return found is not None and found.revoked

    def technique_id(self, text: str) -> str | None:
        """Return the technique id that a stated value gives ("t1059/001" → "T1059.001"), known or not.

        The exact name of one technique, present or former, counts as its id. None: not of that shape.
        """
        folded = text.strip().lower()
        match = _TECHNIQUE.match(folded)
        if match is not None:
            return f"T{match[1]}.{match[2]}" if match[2] else f"T{match[1]}"
        return self.names.get(folded) or self.former_names.get(folded)

    def tactic_ids(self, text: str) -> tuple[str, ...]:
        """Return the uids of the tactics that a stated id, name or short name can mean, () if none.

        They are two where the tactic was split since: no technique belongs to both.
        """
        folded = text.strip().lower().removeprefix("attack.")
        match = _TACTIC.match(folded)
        if match is not None:
            return self._tactic_words.get(f"ta{match[1]}", ())
        words = _words(folded)
        # Microsoft and AWS write them as one word: "InitialAccess".
        return self._tactic_words.get(words) or self._joined.get(words, ())

    def _check(self) -> None:
        for uid, technique in self.techniques.items():
            if technique.live and not set(technique.tactics) <= self.tactics.keys():
                raise SettingsWrong(f"ATT&CK table: {uid} names a tactic that is not in the table")
            if technique.revoked and (not self._ends(uid) or self.current(uid) is None):
                raise SettingsWrong(f"ATT&CK table: the successors of {uid} end in a circle or nowhere")
        for uid in self.former_names.values():
            if uid not in self.techniques:
                raise SettingsWrong(f"ATT&CK table: {uid} was called otherwise, and is not in the table")
        for uids in self._tactic_words.values():
            for uid in uids:
                if uid not in self.tactics:
                    raise SettingsWrong(f"ATT&CK table: {uid} took a tactic's place, and is not in the table")

    def _ends(self, uid: str) -> bool:
        seen: set[str] = set()
        at: str | None = uid
        while at is not None and at not in seen:
            seen.add(at)
            found = self.techniques.get(at)
            if found is None:
                return False
            at = found.revoked_by
        return at is None


def _unique(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Return lower-case name → uid of the names that one technique alone has."""
    names: dict[str, str] = {}
    shared: set[str] = set()
    for name, uid in pairs:
        folded = name.lower()
        if names.setdefault(folded, uid) != uid:
            shared.add(folded)
    return {name: uid for name, uid in names.items() if name not in shared}


def _words(text: str) -> str:
    """Return lower-case words with single blanks: "Command_And_Control", "command-and-control" are one."""
    return " ".join(text.lower().replace("&", " and ").replace("-", " ").replace("_", " ").split())
