"""The second rung: what a rule, a signature or an event code stands for, from ``codes.toml``."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from enrich.alert import Alert
from enrich.attack.code_file import Code, read_codes
from enrich.attack.hint import Span
from enrich.attack.table import Table
from enrich.attack.words import has_words, lowered

_PLACES: Final = {"rule": "rule_id", "title": "title", "category": "category"}
_BREAKS: Final = (";", "|")
# As much of a rule id, a title or a class as is looked at, in characters.
TEXT_MAX: Final = 256


# What a code stands for, each with its condition.
Meanings = tuple[Code, ...]


# Format, detector, rule, title, class.
Rule = tuple[str, str, str, str, str | None]


class Found(NamedTuple):
    """A code that an alert has, and where."""

    code: Code
    evidence: str
    span: Span


class _Listed(NamedTuple):
    """The codes of one format and field: whole ones, beginnings, and the lengths of those, longest first."""

    exact: dict[str, Meanings]
    starts: dict[str, Meanings]
    lengths: tuple[int, ...]


class Codes:
    """Looks up what is known of an alert's rule id, title and class. A look costs no more for a longer text.

    all: every (format or detector, field, code) of the file, with what it stands for. ours: formats whose
    titles are Millrace's own.
    """

    def __init__(self, data: bytes, table: Table) -> None:
        """Read the file's bytes. Raises SettingsWrong where ``read_codes`` does."""
        self.all, self._strip, self.ours = read_codes(data, table)
        listed: dict[str, dict[str, dict[str, Meanings]]] = {}
        for (name, field, text), meanings in self.all.items():
            listed.setdefault(name, {}).setdefault(field, {})[text] = meanings
        self._listed: Final = {
            name: {field: _listing(field, codes) for field, codes in fields.items()}
            for name, fields in listed.items()
        }

    def of(self, rule: Rule) -> tuple[Found, ...]:
        """Return what format and detector know of a rule, conditions aside: of a class, of all its parts."""
        format_, detector, rule_id, title, category = rule
        found: list[Found] = []
        # The sub-detector may be another product: Wazuh forwards Suricata's alerts.
        for name in dict.fromkeys((format_, detector)):
            for field in self._listed.get(name, ()):
                text = rule_id if field == "rule" else title if field == "title" else category
                if text is not None:
                    found.extend(self._find(name, field, text[:TEXT_MAX]))
        return tuple(found)

    def _find(self, name: str, field: str, text: str) -> list[Found]:
        listed = self._listed[name][field]
        found: list[Found] = []
        for at, part in _parts(lowered(text), field, self._strip):
            meanings, evidence = _meanings(part, listed, field)
            place = Span(_PLACES[field], at, at + len(evidence))
            found.extend([Found(code, evidence, place) for code in meanings])
            if found and field != "category":
                break
        return found


def holding(found: tuple[Found, ...], alert: Alert) -> tuple[Found, ...]:
    """Return those of which the alert meets the condition."""
    return tuple([each for each in found if not each.code.needs or _has(alert, each.code.needs)])


def _listing(field: str, codes: dict[str, Meanings]) -> _Listed:
    starts = {text.removesuffix("*"): of for text, of in codes.items() if field == "title" or text[-1] == "*"}
    exact = {text: of for text, of in codes.items() if field != "title" and text[-1] != "*"}
    return _Listed(exact, starts, tuple(sorted({len(text) for text in starts}, reverse=True)))


def _parts(text: str, field: str, strip: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Yield where a code may begin, and the text from there: of a class, each of its parts."""
    if field == "title":
        at = next((len(prefix) for prefix in strip if text.startswith(prefix)), 0)
        yield at, text[at:]
    elif field == "rule":
        yield 0, text
        # As Security Hub writes GuardDuty's types: a "-" for the slash, behind a path.
        path, slash, name = text.rpartition("/")
        if slash and ":" in name:
            yield len(path) + 1, name.replace("-", "/", 1)
    else:
        for mark in _BREAKS:
            text = text.replace(mark, ",")
        at = 0
        for part in text.split(","):
            yield at + len(part) - len(part.lstrip()), part.strip()
            at += len(part) + 1


def _meanings(text: str, listed: _Listed, field: str) -> tuple[Meanings, str]:
    """Return the code that this is, or the longest that it begins with: of a title, by whole words."""
    meanings = listed.exact.get(text)
    if meanings is not None:
        return meanings, text
    for length in listed.lengths:
        meanings = listed.starts.get(text[:length])
        if meanings is not None and length <= len(text):
            whole = length == len(text) or not (text[length - 1].isalnum() and text[length].isalnum())
            if whole or field != "title":
                return meanings, text[:length]
    return (), ""


def _has(alert: Alert, needs: tuple[str, ...]) -> bool:
    process = alert.process
    texts = [alert.title, alert.category, alert.message, alert.file_path]
    if process is not None:
        texts += [process.command_line, process.path, process.name, process.parent_name]
    text = lowered("\n".join([each for each in texts if each]))
    return any(has_words(text, words) for words in needs)
