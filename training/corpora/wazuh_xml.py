"""Wazuh's rule files, which are nearly XML, as elements. Hostile ones are refused.

Wazuh has a parser of its own: a file has several roots, comments hold ``--``, ``\\<`` is a literal bracket
and an ampersand needs no escape (github.com/wazuh/wazuh-ruleset/pull/278). That much is mended here, without
moving a line. A document type, and so any entity beyond XML's five, is refused before it is read.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from training.place import Place

_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_AMPERSAND: Final = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
_DECLARATION: Final = re.compile(r"<\?xml.*?\?>", re.DOTALL)
# Elements within elements: a rule has three.
_DEEPEST: Final = 16


class Rule(NamedTuple):
    """element: the rule's. group: name of the group that it stands in. line: where it begins, from 1."""

    element: Element
    group: str
    line: int


def rules(text: str, path: str) -> Iterator[Rule]:
    """Yield the rules of a file. Raises CorpusRefused."""
    builder, lines = TreeBuilder(), []
    parser = expat.ParserCreate()
    depth = 0

    def place() -> Place:
        return Place(path, parser.CurrentLineNumber)

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            place().refuse(f"elements nested more than {_DEEPEST} deep")
        if tag == "rule":
            lines.append(parser.CurrentLineNumber)
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def declared(*_: object) -> None:
        place().refuse("a document type or entity is declared: rule files have none")

    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = declared
    try:
        # On one line with the text, so that lines count as in the file.
        parser.Parse(f"<ruleset>{_mended(text, path)}</ruleset>", True)
    except expat.ExpatError as error:
        Place(path, error.lineno).refuse(f"no XML: {expat.errors.messages[error.code]}")
    root = builder.close()
    numbers = iter(lines)
    for group in root:
        for element in group.iter("rule"):
            yield Rule(element, group.get("name", ""), next(numbers))


def _mended(text: str, path: str) -> str:
    for forbidden in ("<!DOCTYPE", "<!ENTITY"):
        place = text.upper().find(forbidden)
        if place >= 0:
            Place(path, text.count("\n", 0, place) + 1).refuse(
                "a document type or entity is declared: rule files have none"
            )
    for pattern in (_COMMENT, _DECLARATION):
        text = pattern.sub(lambda found: "\n" * found[0].count("\n"), text)
    return _AMPERSAND.sub("&amp;", text.replace("\\<", "\\&lt;"))
