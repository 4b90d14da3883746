"""The one spelling of a signature: a line of JSON with the key's id and 64 bytes in hexadecimal.

One spelling only, so that no byte of it can change unnoticed: hexadecimal, no parser, no spare bits.
"""

import re
from typing import Final, NamedTuple

from models.keys import SigningKey

SIGNATURE_SIZE: Final = 173
_LINE: Final = re.compile(rb'\{"key_id":"([0-9a-f]{16})","signature":"([0-9a-f]{128})"\}\n')


class Signature(NamedTuple):
    """key_id: who is said to have signed. value: the 64 bytes, not checked yet (``Trust.problem``)."""

    key_id: str
    value: bytes


def signature_line(key: SigningKey, content: bytes) -> bytes:
    """Return the line, SIGNATURE_SIZE bytes with its newline, that signs exactly this content."""
    return b'{"key_id":"%s","signature":"%s"}\n' % (key.key_id.encode(), key.sign(content).hex().encode())


def signature_from(line: bytes) -> Signature | None:
    """Return what the line says; None when it is not byte for byte such a line."""
    found = _LINE.fullmatch(line)
    return None if found is None else Signature(found[1].decode(), bytes.fromhex(found[2].decode()))
