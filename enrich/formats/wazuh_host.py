"""The host side of a Wazuh alert: user, process, file, hashes, and a Windows event's network connection.

Four places, told apart by key: ``data.win`` (Windows event channel, Sysmon), ``syscheck`` (integrity checks),
``data.audit`` (Linux audit), and the flat names of the log decoders.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from enrich.alert import FIELD_LIMIT, Endpoint, Process
from enrich.errors import Quality
from enrich.formats import fields
from enrich.swift import maker

# Logon events: the account is the target; in other events the subject is the one who acted.
# https://learn.microsoft.com/en-us/windows/security/threat-protection/auditing/basic-audit-logon-events
_LOGON_EVENTS: Final = frozenset(("4624", "4625", "4634", "4647", "4768", "4769", "4770", "4771", "4776"))
# What Windows writes for "none".
_NONE: Final = ("-", "")
_CONNECTION: Final = frozenset(("sourceIp", "destinationIp", "ipAddress", "workstationName"))
_WIN: Final = "data.win.eventdata."
_ARGUMENTS: Final = 64
_HASHES: Final = frozenset(("md5", "sha1", "sha256"))


class Host(NamedTuple):
    """What is known. All but user, process, file and hashes come from Windows events only."""

    user: str | None = None
    process: Process | None = None
    file_path: str | None = None
    hashes: tuple[tuple[str, str], ...] = ()
    src: Endpoint = fields.NOWHERE
    dst: Endpoint = fields.NOWHERE
    proto: str | None = None
    dns_query: str | None = None
    message: str | None = None


_NOBODY: Final = Host()


def host(doc: Mapping[str, Any], data: Mapping[str, Any], quality: list[Quality]) -> Host:
    """Return the host side of this alert; ``data`` is the object of that name."""
    if "win" in data:
        return _windows(fields.part(data, "win", "data.win", quality), quality)
    if "syscheck" in doc:
        return _syscheck(fields.part(doc, "syscheck", "syscheck", quality), quality)
    if not data:
        return _NOBODY
    user = (
        fields.word(data.get("srcuser"), "data.srcuser", quality)
        or fields.word(data.get("dstuser"), "data.dstuser", quality)
        or fields.word(data.get("user"), "data.user", quality)
    )
    if "audit" in data:
        return _audit(fields.part(data, "audit", "data.audit", quality), user, quality)
    command = fields.text(data.get("command"), "data.command", quality)
    if command is not None:
        return Host(user, Process(command_line=command))
    return _NOBODY if user is None else Host(user)


def _windows(win: Mapping[str, Any], quality: list[Quality]) -> Host:
    data = fields.part(win, "eventdata", "data.win.eventdata", quality)
    system = fields.part(win, "system", "data.win.system", quality)
    event_id = fields.text(system.get("eventID"), "data.win.system.eventID", quality)
    src, dst, proto = fields.NOWHERE, fields.NOWHERE, None
    if not _CONNECTION.isdisjoint(data):
        src, dst, proto = _windows_connection(data, quality)
    return Host(
        user=_windows_user(data, event_id, quality),
        process=_windows_process(data, quality),
        file_path=_windows_text(data, quality, "targetFilename", "imageLoaded"),
        hashes=_windows_hashes(data.get("hashes"), quality),
        src=src,
        dst=dst,
        proto=proto,
        dns_query=_windows_text(data, quality, "queryName"),
        message=fields.text(system.get("message"), "data.win.system.message", quality),
    )


def _windows_connection(
    data: Mapping[str, Any], quality: list[Quality]
) -> tuple[Endpoint, Endpoint, str | None]:
    """Return source, destination and protocol: of Sysmon's event 3, or the source of a logon."""
    src_key, src = _given(data, "sourceIp", "ipAddress")
    src_port_key, src_port = _given(data, "sourcePort", "ipPort")
    dst_key, dst = _given(data, "destinationIp")
    dst_port_key, dst_port = _given(data, "destinationPort")
    proto_key, proto = _given(data, "protocol")
    return (
        fields.endpoint(
            fields.ip(src, src_key, quality),
            fields.port(src_port, src_port_key, quality),
            _windows_text(data, quality, "sourceHostname", "workstationName"),
        ),
        fields.endpoint(
            fields.ip(dst, dst_key, quality),
            fields.port(dst_port, dst_port_key, quality),
            _windows_text(data, quality, "destinationHostname"),
        ),
        fields.proto(proto, proto_key, quality),
    )


def _given(data: Mapping[str, Any], *keys: str) -> tuple[str, object]:
    """Return path and value of the first of these that says something, else ("", None)."""
    for key in keys:
        value = data.get(key)
        if value is not None and value not in _NONE:
            return _WIN + key, value
    return "", None


def _windows_text(data: Mapping[str, Any], quality: list[Quality], *keys: str) -> str | None:
    for key in keys:
        value = data.get(key)
        if value is not None and value not in _NONE:
            found = fields.text(value, _WIN + key, quality)
            return None if found is None else unescaped(found)
    return None


def unescaped(text: str) -> str:
    r"""Return the text with one layer of escapes taken off, if each of its backslashes is one.

    Wazuh escapes Windows texts once more than JSON needs: a backslash arrives doubled, a ``"`` behind one.

    >>> unescaped(r'\"C:\\Windows\\cmd.exe\" /c'), unescaped(r"C:\Windows")
    ('"C:\\Windows\\cmd.exe" /c', 'C:\\Windows')
    """
    if "\\" not in text or "\0" in text:
        return text
    paired = text.replace("\\\\", "\0").replace('\\"', '"')
    cut = paired.endswith("\\")  # a text cut at FIELD_LIMIT may end within an escape
    if "\\" in (paired[:-1] if cut else paired):
        return text
    return paired.replace("\0", "\\")


def _windows_user(data: Mapping[str, Any], event_id: str | None, quality: list[Quality]) -> str | None:
    user = _windows_text(data, quality, "user")
    if user is not None:
        return user
    sides = ("target", "subject") if event_id in _LOGON_EVENTS else ("subject", "target")
    for side in sides:
        user = _windows_text(data, quality, side + "UserName")
        if user is not None:
            domain = _windows_text(data, quality, side + "DomainName")
            return user if domain is None else f"{domain}\\{user}"[:FIELD_LIMIT]
    return None


def _windows_process(data: Mapping[str, Any], quality: list[Quality]) -> Process | None:
    # In event 4688 the new process has keys of its own, and processId is its creator's.
    pid_path, pid = _given(data, "newProcessId", "processId", "sourceProcessId")
    return _process(
        path=_windows_text(data, quality, "image", "newProcessName", "processName", "sourceImage"),
        pid=fields.process_id(pid, pid_path, quality),
        command_line=_windows_text(data, quality, "commandLine", "scriptBlockText", "imagePath"),
        parent=_windows_text(data, quality, "parentImage", "parentProcessName"),
    )


def _windows_hashes(value: object, quality: list[Quality]) -> tuple[tuple[str, str], ...]:
    """Return the hashes of Sysmon's list, ``SHA1=…,MD5=…,SHA256=…,IMPHASH=…``; IMPHASH is left out."""
    path = _WIN + "hashes"
    listed = fields.text(value, path, quality)
    if listed is None or listed in _NONE:
        return ()
    pairs = (item.partition("=") for item in listed.split(",")[:8])
    named = ((name.strip().lower(), digits.strip()) for name, _, digits in pairs)
    return fields.hashes(tuple((name, digits) for name, digits in named if name in _HASHES), path, quality)


def _process(
    *,
    name: str | None = None,
    path: str | None = None,
    pid: int | None = None,
    command_line: str | None = None,
    parent: str | None = None,
) -> Process | None:
    """Return the process, its name from the path unless stated; None where neither of them is known."""
    if path is None and command_line is None and name is None:
        return None
    return _new_process(name or _base_name(path), path, pid, command_line, _base_name(parent))


_new_process: Final = maker(Process, "name", "path", "pid", "command_line", "parent_name")


def _base_name(path: str | None) -> str | None:
    """Return what comes after the last slash or backslash."""
    if path is None:
        return None
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2] or None


def _syscheck(check: Mapping[str, Any], quality: list[Quality]) -> Host:
    audit = fields.part(check, "audit", "syscheck.audit", quality)
    process = fields.part(audit, "process", "syscheck.audit.process", quality)
    user = None
    for key in ("login_user", "user"):
        who = fields.part(audit, key, "syscheck.audit." + key, quality)
        user = user or fields.word(who.get("name"), f"syscheck.audit.{key}.name", quality)
    return Host(
        user=user,
        process=_process(
            path=fields.text(process.get("name"), "syscheck.audit.process.name", quality),
            pid=fields.process_id(process.get("id"), "syscheck.audit.process.id", quality),
            parent=fields.text(process.get("parent_name"), "syscheck.audit.process.parent_name", quality),
        ),
        file_path=fields.text(check.get("path"), "syscheck.path", quality),
        hashes=fields.hashes(
            tuple((name, check.get(name + "_after")) for name in ("md5", "sha1", "sha256")),
            "syscheck",
            quality,
        ),
    )


def _audit(audit: Mapping[str, Any], user: str | None, quality: list[Quality]) -> Host:
    execve = fields.part(audit, "execve", "data.audit.execve", quality)
    arguments = []
    for index in range(_ARGUMENTS):
        argument = execve.get(f"a{index}")
        if argument is None:
            break
        arguments.append(fields.text(argument, "data.audit.execve", quality) or "")
    file = fields.part(audit, "file", "data.audit.file", quality)
    return Host(
        user=user or fields.word(audit.get("acct"), "data.audit.acct", quality),
        process=_process(
            name=fields.text(audit.get("command"), "data.audit.command", quality),
            path=fields.text(audit.get("exe"), "data.audit.exe", quality),
            pid=fields.process_id(audit.get("pid"), "data.audit.pid", quality),
            command_line=fields.text(" ".join(arguments), "data.audit.execve", quality),
        ),
        file_path=fields.text(file.get("name"), "data.audit.file.name", quality),
    )
