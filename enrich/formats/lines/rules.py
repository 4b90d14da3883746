"""The rule that a line's kind of message is: its id and title, the keys of its history.

Neither holds what changes from one line to the next: an address, a number, a name. Where the source states
an id, that is it; else the shape of the sentence.
"""

import re
from typing import Final

from enrich.alert import FIELD_LIMIT
from enrich.formats.lines import keys, products
from enrich.formats.lines.keys import first
from enrich.formats.lines.parts import Line
from enrich.formats.lines.shape import shape

# ScreenOS: "[Root]system-warning-00515: Management session …"
SCREENOS: Final = re.compile(r"system-([a-z]{3,13})-([0-9]{5})\b")
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_.:-]{1,48}", re.ASCII)
# Longer numbers count events, not rules; 0 is none.
_IDS: Final = 10**12
_PREFIXES: Final = {products.WEB_SERVER: "web", products.UNKNOWN: "log"}
# What names a threat is kept as it is; a sentence is reduced to its shape.
_NAMES_OF_RULES: Final = frozenset(keys.TITLE[: keys.TITLE.index("logdesc")])
# Where neither words nor classes say what a line is, its first keys do.
_KEYS_NAMED: Final = 6
_CLASSES: Final = (
    *("type", "log_type", "subtype", "log_subtype", "apparmor", "operation", "op", "action", "res"),
    *("result", "method", "status"),
)
_COLUMNS: Final = {
    "web": ("method", "status"),
    "squid": ("result", "method", "status"),
    "filterlog": ("action", "direction", "proto"),
}
# Bits of a packet, which netfilter writes as words.
_BITS: Final = frozenset(
    ("CE", "DF", "MF", "ACK", "CWR", "ECE", "FIN", "PSH", "RST", "SYN", "URG", "OPT", "FRAG")
)


def rule(found: Line, used: set[str], user: str | None, src_name: str | None) -> tuple[str, str]:
    """Return the rule's id and the title, neither of them empty."""
    known = found.rule
    if known and type(title := known.get("title")) is str and type(uid := known.get("id")) is str:
        title, uid = title.strip(), uid.strip()
        if title and uid:
            return uid[:FIELD_LIMIT], title[:FIELD_LIMIT]
    title = _title(found, used, user, src_name).strip()
    rule_id = (_stated(found, used) or "").strip()
    if not rule_id:
        prefix = _PREFIXES.get(found.product, found.product.product)
        named = not title or title.lower().startswith(prefix.lower())
        rule_id = ((title or prefix) if named else f"{prefix}: {title}").lower()
    return rule_id[:FIELD_LIMIT], (title or rule_id)[:FIELD_LIMIT]


def _title(found: Line, used: set[str], user: str | None, src_name: str | None) -> str:
    """Return what the pairs call it, else the shape of the sentence, else its classes."""
    product = found.product
    if found.kind in _COLUMNS:
        return _classes(found, _COLUMNS[found.kind])
    if product is products.AUDIT:
        return "audit " + _classes(found, _CLASSES[:9])
    for name in ("protectionname", *keys.TITLE) if product is products.CHECK_POINT else keys.TITLE:
        pair = found.named.get(name)
        if pair is not None:
            whole = name in _NAMES_OF_RULES
            title = pair[1] if whole else shape(pair[1], user, src_name)
            if title:
                if whole:
                    used.add(pair[0])
                return title
    text = found.text
    if product is products.NETFILTER:
        text = " ".join(word for word in text.split(maxsplit=32) if word not in _BITS)
    message_id = found.header.get("message_id")
    return (
        shape(text, user, src_name)
        or (message_id if type(message_id) is str and not message_id.isspace() else "")
        or _classes(found, _CLASSES)
        or " ".join([key for key in found.pairs if "#" not in key][:_KEYS_NAMED])
    )


def _stated(found: Line, used: set[str]) -> str | None:
    """Return the id that the source gives its message or rule."""
    header, product, pairs = found.header, found.product, found.pairs
    mnemonic, message_id = header.get("mnemonic"), header.get("message_id")
    if type(mnemonic) is str:
        return f"{header.get('facility')}-{mnemonic}"
    if type(message_id) is str and _is_id(message_id):
        return f"{product.product}: {message_id}"
    if found.kind == "ids":
        gid, sid = pairs.get("gid"), pairs.get("sid")
        used.update(("gid", "sid"))
        if type(sid) is str:
            return sid if gid == "1" or type(gid) is not str else f"{gid}:{sid}"
    if product is products.SONICWALL and type(sid := pairs.get("sid")) is str and _is_id(sid):
        used.add("sid")
        return sid
    if product is products.MODSECURITY:
        key, value = "id", pairs.get("id")
    elif product is products.NETSCREEN and (event := SCREENOS.search(found.text, 0, 200)) is not None:
        return event[2]
    elif product is products.AUDIT:
        return None
    else:
        key, value = first(found.named, keys.RULE_ID)
    if type(value) is str and _is_id(value):
        used.add(key)
        return value
    return None


def _is_id(value: str) -> bool:
    """Return whether this may be the id of a rule: short, and no count of events."""
    return _IDENTIFIER.fullmatch(value) is not None and not (value.isdigit() and not 0 < int(value) < _IDS)


def _classes(found: Line, names: tuple[str, ...]) -> str:
    """Return the classes that the pairs state: "traffic forward deny"."""
    said = (found.pairs.get(name) for name in names)
    return " ".join(dict.fromkeys(word for word in said if type(word) is str and _IDENTIFIER.fullmatch(word)))
