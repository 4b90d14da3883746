"""What a line shows of an attack: file, hashes, ATT&CK ids, counts; and whether it is a test."""

import re
from typing import Final

from enrich.alert import FIELD_LIMIT
from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats.eicar import all_eicar
from enrich.formats.lines import keys, products
from enrich.formats.lines.parts import Line, one

_TECHNIQUE: Final = re.compile(r"\bT[0-9]{4}(?:\.[0-9]{3})?\b")


def file(found: Line, used: set[str], quality: list[Quality]) -> str | None:
    if found.product is not products.MODSECURITY:
        for each in keys.FILE:
            pair = found.named.get(each)
            if pair is not None and ("/" in pair[1] or "\\" in pair[1] or each in _FILES):
                used.add(pair[0])
                return fields.text(pair[1], "pairs.file", quality)
    return fields.text(found.said.file, "text", quality)


_FILES: Final = frozenset(("file", "filename", "fname"))


def hashes(found: Line, used: set[str]) -> tuple[tuple[str, str], ...]:
    stated: list[tuple[str, object]] = []
    for algorithm, names in (("md5", keys.MD5), ("sha1", keys.SHA1), ("sha256", keys.SHA256)):
        if (value := one(found, names, used)) is not None:
            stated.append((algorithm, value))
    key, value = keys.first(found.named, keys.HASH)
    if not stated and len(value) in _ALGORITHMS:
        stated.append((_ALGORITHMS[len(value)], value))
        used.add(key)
    return fields.hashes(tuple(stated), "pairs.hash", []) if stated else ()


_ALGORITHMS: Final = {32: "md5", 40: "sha1", 64: "sha256"}


def techniques(found: Line, used: set[str]) -> tuple[str, ...]:
    value = one(found, keys.TECHNIQUES, used)
    if value is None:
        return ()
    return tuple(dict.fromkeys(_TECHNIQUE.findall(value)))[: fields.LIST_LIMIT] or (value[:FIELD_LIMIT],)


def is_sample(found: Line) -> bool:
    """Return whether the threat that the pairs name is the EICAR test file.

    Of products that quote what others wrote: elsewhere a user may be called ``x virus=EICAR``.
    """
    if ("icar" not in found.body and "ICAR" not in found.body) or found.product not in _GUARDS:
        return False
    names: list[object] = [found.named[name][1] for name in THREATS if name in found.named]
    if found.kind in _NAMED_IN_TITLE:
        names.append(found.rule.get("title"))
    return all_eicar(names)


# Keys that hold the name of a threat.
THREATS: Final = frozenset(
    ("virus", "threat", "threatname", "malware", "signature", "signaturename", "attack", "attackname")
)
_GUARDS: Final = frozenset(
    (
        *(products.FORTIGATE, products.SOPHOS, products.SONICWALL, products.CHECK_POINT, products.JUNOS),
        *(products.PALO_ALTO, products.FTD, products.MERAKI, products.WATCHGUARD),
    )
)
# Their titles are names of threats, and hold nothing of what was seen.
_NAMED_IN_TITLE: Final = ("ftd", "meraki")


def counted(found: Line, names: tuple[str, ...], used: set[str]) -> int | None:
    key, value = keys.first(found.named, names)
    number = fields.whole(value) if key else None
    if number is not None:
        used.add(key)
    return number
