"""Text for people: every character that a terminal or a reader could be fooled by, made visible.

Alerts carry text chosen by attackers. Shown raw, an escape sequence can recolour or rewrite a terminal, a
bidi override can turn ``gnp.exe`` into ``exe.png``, and a zero-width character can hide a difference.
"""

import re
from typing import Final

REPLACEMENT: Final = "\ufffd"
_ELLIPSIS: Final = "…"
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")

# Ranges that print as nothing, move the cursor, or turn the direction. Sources: Unicode 16 general categories
# Cc, Cf, Co, Cs, Zl, Zp and Default_Ignorable_Code_Point; noncharacters.
_UNSEEN: Final[tuple[tuple[int, int], ...]] = (
    (0x0000, 0x001F),  # C0: tab, newline, ESC
    (0x007F, 0x009F),  # DEL and C1: 0x9B begins a sequence in 8-bit terminals
    (0x00AD, 0x00AD),  # soft hyphen
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x0600, 0x0605),  # Arabic number signs
    (0x061C, 0x061C),  # Arabic letter mark (bidi)
    (0x06DD, 0x06DD),
    (0x070F, 0x070F),
    (0x0890, 0x0891),
    (0x08E2, 0x08E2),
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),  # Mongolian variation selectors
    (0x200B, 0x200F),  # zero-width space, joiners, LRM, RLM
    (0x2028, 0x202E),  # line and paragraph separators, bidi embeddings and overrides
    (0x2060, 0x206F),  # word joiner, invisible operators, bidi isolates
    (0x3164, 0x3164),  # Hangul filler
    (0xD800, 0xF8FF),  # surrogates and private use
    (0xFDD0, 0xFDEF),  # noncharacters
    (0xFE00, 0xFE0F),  # variation selectors: text can be hidden in them
    (0xFEFF, 0xFEFF),  # zero-width no-break space (BOM)
    (0xFFA0, 0xFFA0),  # halfwidth Hangul filler
    (0xFFF0, 0xFFFB),  # interlinear annotation
    (0xFFFE, 0xFFFF),
    (0x110BD, 0x110BD),
    (0x110CD, 0x110CD),
    (0x13430, 0x1343F),  # hieroglyph format controls
    (0x1BCA0, 0x1BCA3),  # shorthand format controls
    (0x1D173, 0x1D17A),  # musical format controls
    (0xE0000, 0xE0FFF),  # tags and more variation selectors
    (0xF0000, 0x10FFFF),  # private use planes
)
_UNSEEN_CLASS: Final = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _UNSEEN) + "]")


def visible(text: str, limit: int | None = None) -> str:
    """Return the text with every unseen or direction-turning character written out; at most ``limit`` long.

    ASCII control characters become control pictures (ESC is ``␛``, newline ``␊``), all others ``‹U+202E›``.
    Idempotent. A text that is cut ends in ``…``. Markup is left as it is: callers print it as plain text.

    >>> visible("\\x1b[31mred\\u202e"), visible("a\\tb\\n"), visible("abcdef", 4)
    ('␛[31mred‹U+202E›', 'a␉b␊', 'abc…')
    """
    if limit is not None and len(text) > limit:
        # No character gets shorter, so what lies beyond can not be part of the result.
        text = text[: limit + 1]
    if not (text.isascii() and text.isprintable()):
        text = _UNSEEN_CLASS.sub(_written_out, text)
    if limit is not None and len(text) > limit:
        text = text[: max(limit - 1, 0)] + _ELLIPSIS[:limit]
    return text


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"‹U+{code:04X}›"


def without_surrogates(text: str) -> str:
    """Return the text with each lone surrogate as U+FFFD; the same object when it has none.

    >>> without_surrogates("a" + chr(0xD83D))
    'a�'
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return _LONE_SURROGATE.sub(REPLACEMENT, text)
    return text
