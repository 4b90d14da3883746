"""The user that a sentence of a log names.

By phrases, not by messages: a word for user before the name, a phrase such as "password for", and the few
programs that write the name first (sudo, su, cron, PAM's peers). Linear: every part of each expression is
bounded.
"""

import re
from typing import Final

from enrich.address import canonical


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# "user=ann", "User: ann", "Uname: ann", "set_id=ann", "user 'ann'", "by 'ann'"
_USER_MARKED: Final = re.compile(
    r"(?<![\w.@/-])(?:(?:user ?names?|users?|account(?: name)?|login(?: name)?|uname|admin|administrator|acct"
    r"|set_id|logname|ruser)[\"']?\s?[:=]\s?[\"'<(\[]?|(?:user|account|for|by) [\"'<])"
    r"([^\s\"'<>(),;:=\[\]{}|]{1,128})",
    re.IGNORECASE,
)
# "invalid user ann", "User ann from", "admin ann has"
_USER: Final = re.compile(
    r"(?<![\w.@/-])(?:user(?: ?name)?|account|admin|administrator)\s{1,3}(\()?"
    r"([^\s\"'<>(),;:=\[\]{}|]{1,128})",
    re.IGNORECASE,
)
# "password for root from", "session opened for user x by", "failed command for ddp2:", "error for ann from"
_FOR_USER: Final = re.compile(
    r"\b(?:password|publickey|none|auth|authentication|authenticate|command|session|login|logon|logged in"
    r"|keyboard-interactive(?:/pam)?|gssapi-with-mic|hostbased|kerberos|method|error|failures?|exceeded"
    r"|accepted|opened|closed|changed|expired|locked|access)"
    r" (?:opened |closed |name |attempts? )?(?:for|of|by) (?:(?:invalid |illegal )?user (?!from ))?"
    r"([^\s\"'<>(),;:=\[\]{}|]{1,128})",
    re.IGNORECASE,
)
# su, in the words of its makers; vsftpd's "[ann] FAIL LOGIN".
_SU: Final = re.compile(
    r"(?:^|BAD SU |- |\+ )(?P<a>[\w.@$-]{1,64}) to [\w.@$-]{1,64} on /"
    r"|changing from (?P<b>[\w.@$-]{1,64}) to "
    r"|\(to [\w.@$-]{1,64}\) (?P<c>[\w.@$-]{1,64}) on |su for [\w.@$-]{1,64} by (?P<d>[\w.@$-]{1,64})"
    r"|'su [\w.@$ -]{1,64}' (?:failed|succeeded) for (?P<e>[\w.@$-]{1,64})"
    r"|\[(?P<f>[^\]\s]{1,64})\] (?:OK|FAIL) (?=LOGIN|UPLOAD|DOWNLOAD|MKDIR|RMDIR|DELETE|RENAME|CHMOD)",
    re.ASCII,
)
_ACTOR: Final = re.compile(
    r"\s{0,8}([\w.@$\\-]{1,64}) :"
    r"(?:$| (?=TTY=|user NOT|command not|[0-9]{1,4} incorrect|a password|\(|unable|problem|sorry))"
)
_CRON: Final = re.compile(
    r"\(([\w.@$-]{1,64})\) (?:CMD|INFO|RELOAD|LIST|BEGIN|END|REPLACE|DELETE|AUTH|CMDOUT|MAIL)\b"
)
_PAM_PEER: Final = re.compile(
    r"\b(?:pam|passwd|passwd-file|sql|ldap|shadow|plain|login|static)\(([^\s,()]{1,128}),"
)
# Words that stand where a user's name would, and are none.
_NO_USER: Final = _set(
    """
    a an and any as at by for from has have id in is it name no not of on or the to via was were with
    will does did are be been unknown invalid illegal user users username names logged login logout
    logon deleted added removed created changed modified authentication authenticated account accounts
    request requests failed failure failures error errors denied access attempt attempts session
    sessions password passwords database group data info information list agent mode process limit
    connection connected credentials disconnected executed successfully successful using who tried may
    can could should must had but into doesn't isn't wasn't lookup quota service interface management
    profile privileges rights command input that this which - -- ? n/a none null (null) * exceeded
    expired locked disabled enabled method local remote console success succeeded accepted rejected all
    each new
    """
)


def actor(text: str) -> str | None:
    """Return who ran sudo, doas or su, where the message is one of theirs: "ann : TTY=pts/0 ; …"."""
    found = _ACTOR.match(text)
    return None if found is None else found[1]


def user(text: str) -> str | None:
    """Return the user that the sentence names: who acted, where it names two."""
    found = _ACTOR.match(text) or _CRON.search(text) or _PAM_PEER.search(text)
    if found is not None and found[1].lower() not in _NO_USER:
        return found[1]
    found = _SU.search(text)
    if found is not None and found.lastgroup is not None:
        return found[found.lastgroup]
    for match in _USER_MARKED.finditer(text):
        name = match[1].rstrip(".!?")
        if name and name.lower() not in _NOBODY and canonical(name) is None:
            return name
    for match in _USER.finditer(text):
        name = match[2].rstrip(".!?")
        known = name.lower() not in _NO_USER or (name == "user" and match[0][:4].lower() == "user")
        if name and known and canonical(name) is None:
            return name
    for match in _FOR_USER.finditer(text):
        name = match[1].rstrip(".!?")
        if name and (name.lower() not in _NO_USER or _named(text, match.end(1))) and canonical(name) is None:
            return name
    return None


_NOBODY: Final = _set(
    """
    unknown none null - -- n/a (null) ? * client
    """
)


def _named(text: str, at: int) -> bool:
    """Return whether "from" follows: "error for user from 192.0.2.1" has a user of that name."""
    return text.startswith(" from ", at)
