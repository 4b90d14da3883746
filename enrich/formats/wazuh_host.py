"""The host side of a Wazuh alert: user, process, file, hashes, and a Windows event's network connection.

Four places, told apart by key: ``data.win`` (Windows event channel, Sysmon), ``syscheck`` (integrity checks),
``data.audit`` (Linux audit), and the flat names of the log decoders.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from enrich.alert import Endpoint, Process
from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats.host_facts import process
from enrich.formats.windows_fields import WAZUH, Data, facts

_WIN: Final = "data.win.eventdata."
_ARGUMENTS: Final = 64


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
    user_agent: str | None = None


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
    # Of an active response "command" is add or delete; what it ran stands under its parameters.
    command = None if "parameters" in data else fields.text(data.get("command"), "data.command", quality)
    if command is not None:
        return Host(user, Process(command_line=command))
    return _NOBODY if user is None else Host(user)


def _windows(win: Mapping[str, Any], quality: list[Quality]) -> Host:
    data = fields.part(win, "eventdata", "data.win.eventdata", quality)
    system = fields.part(win, "system", "data.win.system", quality)
    event_id = fields.text(system.get("eventID"), "data.win.system.eventID", quality)
    about = facts(Data(dict(data), _WIN, quality, unescaped), event_id, WAZUH)
    return Host(
        user=about.user,
        process=about.process,
        file_path=about.file_path,
        hashes=about.hashes,
        src=about.src,
        dst=about.dst,
        proto=about.proto,
        dns_query=about.dns_query,
        message=fields.text(system.get("message"), "data.win.system.message", quality),
    )


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


def _syscheck(check: Mapping[str, Any], quality: list[Quality]) -> Host:
    audit = fields.part(check, "audit", "syscheck.audit", quality)
    ran = fields.part(audit, "process", "syscheck.audit.process", quality)
    user = None
    for key in ("login_user", "user"):
        who = fields.part(audit, key, "syscheck.audit." + key, quality)
        user = user or fields.word(who.get("name"), f"syscheck.audit.{key}.name", quality)
    return Host(
        user=user,
        process=process(
            None,
            fields.text(ran.get("name"), "syscheck.audit.process.name", quality),
            fields.process_id(ran.get("id"), "syscheck.audit.process.id", quality),
            parent=fields.text(ran.get("parent_name"), "syscheck.audit.process.parent_name", quality),
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
        process=process(
            fields.text(audit.get("command"), "data.audit.command", quality),
            path=fields.text(audit.get("exe"), "data.audit.exe", quality),
            pid=fields.process_id(audit.get("pid"), "data.audit.pid", quality),
            command_line=fields.text(" ".join(arguments), "data.audit.execve", quality),
        ),
        file_path=fields.text(file.get("name"), "data.audit.file.name", quality),
    )
