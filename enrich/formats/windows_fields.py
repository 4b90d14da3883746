"""What the data of a Windows event say: user, process, ends, file, hashes, question.

Shared by ``windows``, ``sigma`` and ``wazuh``, which writes the same names with a small first letter.
https://learn.microsoft.com/en-us/previous-versions/windows/it-pro/windows-10/security/threat-protection/auditing
https://learn.microsoft.com/en-us/sysinternals/downloads/sysmon#events
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from enrich.alert import FIELD_LIMIT, Endpoint, Process
from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats.host_facts import process

Keys = tuple[str, ...]

# Logon and ticket events: the account is the target; in other events the subject is the one who acted.
# https://learn.microsoft.com/en-us/windows/security/threat-protection/auditing/basic-audit-logon-events
LOGON_EVENTS: Final = frozenset(
    ("4624", "4625", "4634", "4647", "4740", "4768", "4769", "4770", "4771", "4772", "4773", "4776")
)
# The Windows Filtering Platform's events name a connection's process in their own way.
FILTERING_EVENTS: Final = frozenset(str(number) for number in range(5150, 5160))
# What Windows writes for "none"; LOCAL stands for the console where a remote address could be.
_NONE: Final = ("-", "")
_CONSOLE: Final = "LOCAL"
_UNKNOWN: Final = "Unknown"
_SCRIPT: Final = "4104"
_HASHES: Final = frozenset(("md5", "sha1", "sha256"))
_HASHES_LISTED: Final = 8


class Names(NamedTuple):
    """The events' own names for one thing each; of several the first that says something counts."""

    user: Keys = ("User", "SourceUser", "Detection User", "UserContext", "UserName")
    subject: Keys = ("SubjectUserName",)
    subject_domain: Keys = ("SubjectDomainName",)
    target: Keys = ("TargetUserName",)
    target_domain: Keys = ("TargetDomainName",)
    # Of a session (4778, 4779); alone, AccountName is what a service shall run as (7045).
    account: Keys = ("AccountName",)
    account_domain: Keys = ("AccountDomain",)
    process: Keys = (
        *("NewProcessName", "Image", "ProcessName", "SourceImage", "Process Name", "CallerProcessName"),
        "ProcessPath",
    )
    # In event 4688 the new process has keys of its own, and ProcessId is its creator's.
    pid: Keys = ("NewProcessId", "ProcessId", "SourceProcessId", "CallerProcessId", "ClientProcessId")
    command: Keys = (
        *("CommandLine", "ProcessCommandLine", "ScriptBlockText", "ImagePath", "ServiceFileName"),
    )
    parent: Keys = ("ParentImage", "ParentProcessName")
    application: Keys = ("Application",)
    application_pid: Keys = ("ProcessID",)
    file: Keys = ("TargetFilename", "ImageLoaded", "RelativeTargetName", "FilePath")
    object_type: Keys = ("ObjectType",)
    object_name: Keys = ("ObjectName",)
    path: Keys = ("Path",)
    hashes: Keys = ("Hashes", "Hash")
    src_ip: Keys = ("SourceIp", "IpAddress", "SourceAddress", "ClientAddress")
    src_port: Keys = ("SourcePort", "IpPort")
    src_name: Keys = ("SourceHostname", "WorkstationName", "Workstation", "ClientName")
    dst_ip: Keys = ("DestinationIp", "DestAddress")
    dst_port: Keys = ("DestinationPort", "DestPort")
    dst_name: Keys = ("DestinationHostname",)
    proto: Keys = ("Protocol",)
    query: Keys = ("QueryName", "QNAME")
    url: Keys = ("url",)


class Spelling(NamedTuple):
    """How one source writes the names. connection: those without which an event speaks of no connection."""

    names: Names
    connection: frozenset[str]


def _spelling(spelt: Callable[[str], str]) -> Spelling:
    names = Names(*(tuple(spelt(key) for key in keys) for keys in Names()))
    return Spelling(names, frozenset((*names.src_ip, *names.src_name, *names.dst_ip)))


WINDOWS: Final = _spelling(str)
# Wazuh's agent writes "targetUserName" where the event has "TargetUserName".
WAZUH: Final = _spelling(lambda key: key[0].lower() + key[1:])


class Facts(NamedTuple):
    """Fields of Alert."""

    user: str | None
    process: Process | None
    file_path: str | None
    hashes: tuple[tuple[str, str], ...]
    src: Endpoint
    dst: Endpoint
    proto: str | None
    dns_query: str | None
    url: str | None


class Data:
    """The data of one event; what has been read is taken out, so ``left`` is the rest.

    left: the event's data, a copy that may be changed. prefix: their path, for the Quality. mend: what every
    text still needs (Wazuh's escapes).
    """

    __slots__ = ("left", "mend", "prefix", "quality")

    def __init__(
        self,
        left: dict[str, Any],
        prefix: str,
        quality: list[Quality],
        mend: Callable[[str], str] | None = None,
    ) -> None:
        self.left: Final = left
        self.prefix: Final = prefix
        self.quality: Final = quality
        self.mend: Final = mend

    def given(self, keys: Keys) -> tuple[str, object]:
        """Return path and value of the first of these that says something, else ("", None)."""
        left = self.left
        for key in keys:
            value = left.get(key)
            if value is not None and value not in _NONE:
                del left[key]
                return self.prefix + key, value
        return "", None

    def text(self, keys: Keys) -> str | None:
        """Return the text of the first of these that says something."""
        path, value = self.given(keys)
        if value is None:
            return None
        found = fields.word(value, path, self.quality)
        return found if found is None or self.mend is None else self.mend(found)


def facts(data: Data, event_id: str | None, spelling: Spelling, command: str | None = None) -> Facts:
    """Return what the data say, and take it out of them. command: where no name of theirs has one."""
    names = spelling.names
    src, dst, proto = fields.NOWHERE, fields.NOWHERE, None
    # Before the user: a session's host and account stand side by side.
    if not spelling.connection.isdisjoint(data.left):
        src, dst, proto = _connection(data, names)
    process = _process(data, event_id, names, command)
    return Facts(
        _user(data, event_id, names),
        process,
        _file(data, event_id, names),
        _listed_hashes(data, names),
        src,
        dst,
        proto,
        data.text(names.query),
        data.text(names.url),
    )


def _user(data: Data, event_id: str | None, names: Names) -> str | None:
    user = data.text(names.user)
    if user is not None:
        return user
    subject, target = (names.subject, names.subject_domain), (names.target, names.target_domain)
    for name, domain in (target, subject) if event_id in LOGON_EVENTS else (subject, target):
        user = data.text(name)
        if user is not None:
            return with_domain(user, data.text(domain))
    if names.account_domain[0] in data.left:
        user = data.text(names.account)
        return None if user is None else with_domain(user, data.text(names.account_domain))
    return None


def with_domain(user: str, domain: str | None) -> str:
    """Return the account with its domain before it, unless it has one ("user@REALM" in Kerberos events)."""
    if domain is None or "\\" in user or "@" in user:
        return user
    return f"{domain}\\{user}"[:FIELD_LIMIT]


def _process(data: Data, event_id: str | None, names: Names, command: str | None) -> Process | None:
    pids = names.pid
    path = data.text(names.process)
    if path is None and event_id in FILTERING_EVENTS:
        path, pids = data.text(names.application), names.application_pid
    elif path == _UNKNOWN:
        path = None
    command = data.text(names.command) or command
    if path is None and command is None:
        return None
    pid_path, pid = data.given(pids)
    parent = data.text(names.parent)
    return process(None, path, fields.process_id(pid, pid_path, data.quality), command, parent)


def _file(data: Data, event_id: str | None, names: Names) -> str | None:
    found = data.text(names.file)
    if found is None and data.left.get(names.object_type[0]) == "File":
        found = data.text(names.object_name)
    if found is None and event_id == _SCRIPT:
        found = data.text(names.path)
    return found


def _listed_hashes(data: Data, names: Names) -> tuple[tuple[str, str], ...]:
    """Return the hashes of Sysmon's list, ``SHA1=…,MD5=…,SHA256=…,IMPHASH=…``; IMPHASH is left out."""
    path, value = data.given(names.hashes)
    if value is None:
        return ()
    listed = fields.text(value, path, data.quality)
    if listed is None:
        return ()
    pairs = (item.partition("=") for item in listed.split(",")[:_HASHES_LISTED])
    named = ((name.strip().lower(), digits.strip()) for name, _, digits in pairs)
    return fields.hashes(
        tuple((name, digits) for name, digits in named if name in _HASHES), path, data.quality
    )


def _connection(data: Data, names: Names) -> tuple[Endpoint, Endpoint, str | None]:
    """Return source, destination and protocol: of a connection, or the source of a logon."""
    src_path, src = data.given(names.src_ip)
    src_port_path, src_port = data.given(names.src_port)
    dst_path, dst = data.given(names.dst_ip)
    dst_port_path, dst_port = data.given(names.dst_port)
    proto_path, proto = data.given(names.proto)
    quality = data.quality
    return (
        fields.endpoint(
            None if src == _CONSOLE else fields.ip(src, src_path, quality),
            fields.port(src_port, src_port_path, quality),
            data.text(names.src_name),
        ),
        fields.endpoint(
            fields.ip(dst, dst_path, quality),
            fields.port(dst_port, dst_port_path, quality),
            data.text(names.dst_name),
        ),
        fields.proto(proto, proto_path, quality),
    )
