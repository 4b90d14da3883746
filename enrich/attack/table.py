"""The ATT&CK table: ids, names, tactics, and what took the place of what.

It is read from ``techniques.json`` (made by ``tools/attack_facts.py``): facts of one version of MITRE ATT&CK
Enterprise, and the ids that the version after it gave to techniques it renamed.
"""

import json
import re
from typing import Final, NamedTuple

from enrich.errors import SettingsWrong

# An id alone, or at the start with words after it ("T1059.001 - PowerShell"); "attack." is Sigma's prefix.
# Some sources write the dot of a sub-technique as a slash or an underscore. Both forms are linear.
_TECHNIQUE: Final = re.compile(r"(?:attack\.)?t([0-9]{4})(?:[./_]([0-9]{3}))?(?![0-9a-z])", re.ASCII)
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


class Table:
    """Look-ups in one version of ATT&CK.

    version: "18.1". techniques: uid → Technique, with the revoked and deprecated ones. tactics: uid → name.
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
            self._later: Final[dict[str, str]] = document["later"]
            self._tactic_words: Final = {
                _words(word): uid for uid, names in document["tactics"].items() for word in (uid, *names)
            } | {_words(word): uid for word, uid in document["later_tactics"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SettingsWrong(f"ATT&CK table: not readable: {error}") from None
        self.names: Final = self._unique_names()
        self._check()

    def current(self, uid: str) -> Technique | None:
        """Return the live technique that this id of any version stands for now, or None if there is none."""
        seen = self.techniques.get(self._later.get(uid, uid))
        while seen is not None and seen.revoked_by is not None:
            seen = self.techniques.get(seen.revoked_by)
        return seen if seen is not None and seen.live else None

    def is_revoked(self, uid: str) -> bool:
        """Return whether this id itself was revoked."""
        found = self.techniques.get(uid)
        return found is not None and found.revoked

    def technique_id(self, text: str) -> str | None:
        """Return the technique id that a stated value gives ("t1059/001" → "T1059.001"), known or not.

        The exact name of one live technique counts as its id. None: not of that shape.
        """
        folded = text.strip().lower()
        match = _TECHNIQUE.match(folded)
        if match is not None:
            return f"T{match[1]}.{match[2]}" if match[2] else f"T{match[1]}"
        return self.names.get(folded)

    def tactic_id(self, text: str) -> str | None:
        """Return the uid of the tactic that a stated id, name or short name gives, None if there is none."""
        folded = text.strip().lower().removeprefix("attack.")
        match = _TACTIC.match(folded)
        return self._tactic_words.get(f"ta{match[1]}" if match is not None else _words(folded))

    def _unique_names(self) -> dict[str, str]:
        names: dict[str, str] = {}
        shared: set[str] = set()
        for technique in self.techniques.values():
            if technique.live:
                name = technique.name.lower()
                (shared.add(name) if name in names else names.update({name: technique.uid}))
        return {name: uid for name, uid in names.items() if name not in shared}

    def _check(self) -> None:
        for uid, technique in self.techniques.items():
            if technique.live and not set(technique.tactics) <= self.tactics.keys():
                raise SettingsWrong(f"ATT&CK table: {uid} names a tactic that is not in the table")
            if technique.revoked and (not self._ends(uid) or self.current(uid) is None):
                raise SettingsWrong(f"ATT&CK table: the successors of {uid} end in a circle or nowhere")
        for uid in self._later:
            if self.current(uid) is None:
                raise SettingsWrong(f"ATT&CK table: {uid} of a later version stands for no live technique")

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


def _words(text: str) -> str:
    """Return lower-case words with single blanks: "Command_And_Control", "command-and-control" are one."""
    return " ".join(text.lower().replace("&", " and ").replace("-", " ").replace("_", " ").split())
