"""Hosts as EDR products describe them: accounts, paths, processes, hashes; and the names of tactics."""

from typing import Final

from enrich.alert import FIELD_LIMIT, Process
from enrich.errors import Quality, QualityCode
from enrich.swift import maker

_new_process: Final = maker(Process, "name", "path", "pid", "command_line", "parent_name")

# What products write where they know no account, file or hash.
NOTHING_SAID: Final = frozenset(("n/a", "na", "-", "none", "null", "unknown"))
# Tactics of ATT&CK Enterprise in lower case, without blanks: cloud vendors write "CredentialAccess".
# https://attack.mitre.org/tactics/enterprise/
_TACTICS: Final = frozenset(
    (
        *("reconnaissance", "resourcedevelopment", "initialaccess", "execution", "persistence"),
        *("privilegeescalation", "defenseevasion", "credentialaccess", "discovery", "lateralmovement"),
        *("collection", "commandandcontrol", "exfiltration", "impact"),
    )
)
_HEX_DIGITS: Final = {32: "md5", 40: "sha1", 64: "sha256"}


def is_tactic(text: str) -> bool:
    """Return whether this is the name of a tactic, with or without blanks.

    >>> is_tactic("CredentialAccess"), is_tactic("Command and Control"), is_tactic("Malware")
    (True, True, False)
    """
    return text.replace(" ", "").lower() in _TACTICS


def said(text: str | None) -> str | None:
    """Return the text unless it is a word for "nothing".

    >>> said("N/A"), said("ws-17")
    (None, 'ws-17')
    """
    return None if text is None or text.lower() in NOTHING_SAID else text


def account(name: str | None, domain: str | None) -> str | None:
    r"""Return the account with its Windows domain before it.

    >>> account("j.doe", "EXAMPLE"), account("j.doe@example.com", "EXAMPLE")
    ('EXAMPLE\\j.doe', 'j.doe@example.com')
    """
    name, domain = said(name), said(domain)
    if name is None or domain is None or "\\" in name or "@" in name:
        return name
    return f"{domain}\\{name}"[:FIELD_LIMIT]


def path_of(folder: str | None, name: str | None) -> str | None:
    r"""Return the file's whole path; some products give the folder, some the path, under the same key.

    >>> path_of(r"C:\Temp", "a.exe"), path_of(r"C:\Temp\a.exe", "a.exe"), path_of("/tmp/", "a")
    ('C:\\Temp\\a.exe', 'C:\\Temp\\a.exe', '/tmp/a')
    """
    folder, name = said(folder), said(name)
    if folder is None or name is None or base_name(folder) == name or base_name(name) != name:
        return folder or name
    slash = "\\" if "\\" in folder or folder[1:2] == ":" else "/"
    return (folder.rstrip("\\/") + slash + name)[:FIELD_LIMIT]


def base_name(path: str | None) -> str | None:
    """Return what comes after the last slash or backslash."""
    if path is None:
        return None
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2] or None


def process(
    name: str | None,
    path: str | None = None,
    pid: int | None = None,
    command_line: str | None = None,
    parent: str | None = None,
) -> Process | None:
    """Return the process, its name from the path unless stated; None where neither of them is known."""
    if path is None and command_line is None and name is None:
        return None
    return _new_process(name or base_name(path), path, pid, command_line, base_name(parent))


def hashes(found: tuple[object, ...], path: str, quality: list[Quality]) -> tuple[tuple[str, str], ...]:
    """Return (algorithm, lower-case hex) pairs, the algorithm told by the number of digits.

    What says "none" is left out: no text, "N/A", nothing but zeros.
    """
    pairs = []
    for value in found:
        if value is None or value == "":
            continue
        if type(value) is str:
            algorithm = _HEX_DIGITS.get(len(value))
            if algorithm is not None and _is_hex(value):
                if value.strip("0"):
                    pairs.append((algorithm, value.lower()))
                continue
            if value.lower() in NOTHING_SAID:
                continue
        quality.append(Quality(QualityCode.BAD_TYPE, path))
    return tuple(dict.fromkeys(pairs))


def _is_hex(text: str) -> bool:
    return not text.strip("0123456789abcdefABCDEF")
