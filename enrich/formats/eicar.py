"""The EICAR test file: what antivirus products call it. It only shows that a product works.
https://www.eicar.org/download-anti-malware-testfile/

Only names that a product gives a threat are to be asked, never the name of a file, which an attacker chooses:
a sample never escalates.
"""

import re
from collections.abc import Iterable
from typing import Final

_EICAR: Final = re.compile(r"(?<![a-z0-9])eicar(?:test)?(?![a-z])")


def is_eicar(name: str | None) -> bool:
    """Return whether this name of a threat is that of the test file.

    >>> is_eicar("Virus:DOS/EICAR_Test_File"), is_eicar("Win.Test.EICAR_HDB-1"), is_eicar("Trojan.Eicarus")
    (True, True, False)
    """
    return name is not None and "icar" in (lower := name.lower()) and _EICAR.search(lower) is not None


def all_eicar(names: Iterable[object]) -> bool:
    """Return whether there are names, and all are of the test file: one more threat is no test."""
    found = [name for name in names if type(name) is str and name]
    return bool(found) and all(map(is_eicar, found))
