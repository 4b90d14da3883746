"""What the well-known Windows events mean, in our words: provider → event id → title.

After the vendors' lists: https://learn.microsoft.com/en-us/sysinternals/downloads/sysmon#events,
https://learn.microsoft.com/en-us/defender-endpoint/troubleshoot-microsoft-defender-antivirus
"""

from collections.abc import Mapping
from typing import Final

from enrich.formats.windows_titles_security import SECURITY_TITLES

SECURITY: Final = "Microsoft-Windows-Security-Auditing"
SYSMON: Final = "Microsoft-Windows-Sysmon"
DEFENDER: Final = "Microsoft-Windows-Windows Defender"
POWERSHELL: Final = "Microsoft-Windows-PowerShell"
CLASSIC_POWERSHELL: Final = "PowerShell"
EVENTLOG: Final = "Microsoft-Windows-Eventlog"
SERVICES: Final = "Service Control Manager"
TASKS: Final = "Microsoft-Windows-TaskScheduler"
WMI: Final = "Microsoft-Windows-WMI-Activity"

# The provider of most events of a channel, for records that do not name it.
PROVIDERS: Final[Mapping[str, str]] = {
    "Security": SECURITY,
    "Microsoft-Windows-Sysmon/Operational": SYSMON,
    "Microsoft-Windows-Windows Defender/Operational": DEFENDER,
    "Microsoft-Windows-PowerShell/Operational": POWERSHELL,
    "Windows PowerShell": CLASSIC_POWERSHELL,
    "Microsoft-Windows-TaskScheduler/Operational": TASKS,
    "Microsoft-Windows-WMI-Activity/Operational": WMI,
}

_SYSMON: Final = {
    "1": "Process created",
    "2": "File creation time changed",
    "3": "Network connection",
    "4": "Sysmon service state changed",
    "5": "Process ended",
    "6": "Driver loaded",
    "7": "Image loaded",
    "8": "Remote thread created",
    "9": "Raw disk read",
    "10": "Process accessed by another",
    "11": "File created",
    "12": "Registry key created or deleted",
    "13": "Registry value set",
    "14": "Registry key or value renamed",
    "15": "File stream created",
    "16": "Sysmon configuration changed",
    "17": "Named pipe created",
    "18": "Named pipe connected",
    "19": "WMI event filter registered",
    "20": "WMI event consumer registered",
    "21": "WMI consumer bound to filter",
    "22": "DNS query",
    "23": "File deleted and kept",
    "24": "Clipboard changed",
    "25": "Process tampered with",
    "26": "File deleted",
    "27": "Executable file blocked",
    "28": "File shredding blocked",
    "29": "Executable file created",
    "255": "Sysmon error",
}
_POWERSHELL: Final = {
    "4100": "PowerShell error",
    "4103": "PowerShell command run",
    "4104": "PowerShell script block",
    "4105": "PowerShell script block started",
    "4106": "PowerShell script block ended",
    "40961": "PowerShell console starting",
    "40962": "PowerShell console ready",
    "53504": "PowerShell remoting endpoint opened",
}

TITLES: Final[Mapping[str, Mapping[str, str]]] = {
    SYSMON: _SYSMON,
    "Linux-Sysmon": _SYSMON,
    SECURITY: SECURITY_TITLES,
    DEFENDER: {
        "1000": "Antivirus scan started",
        "1001": "Antivirus scan finished",
        "1002": "Antivirus scan stopped before its end",
        "1005": "Antivirus scan failed",
        "1006": "Malware or unwanted software found",
        "1007": "Action taken against malware",
        "1008": "Action against malware failed",
        "1009": "Item restored from quarantine",
        "1011": "Item deleted from quarantine",
        "1013": "Antivirus history deleted",
        "1015": "Suspicious behaviour detected",
        "1116": "Malware or unwanted software detected",
        "1117": "Action taken against malware",
        "1118": "Action against malware failed",
        "1119": "Action against malware failed critically",
        "1120": "Hashes of a threat",
        "1121": "Attack surface reduction rule blocked an action",
        "1122": "Attack surface reduction rule audited an action",
        "1123": "Folder protection blocked a change",
        "1124": "Folder protection audited a change",
        "1125": "Network protection audited a connection",
        "1126": "Network protection blocked a connection",
        "1150": "Antivirus client is up and running",
        "1151": "Antivirus client health report",
        "2000": "Antivirus definitions updated",
        "2001": "Antivirus definitions update failed",
        "2010": "Cloud protection got definitions",
        "3002": "Real-time protection failed",
        "5000": "Real-time protection enabled",
        "5001": "Real-time protection disabled",
        "5004": "Real-time protection configuration changed",
        "5007": "Antivirus configuration changed",
        "5008": "Antivirus engine failed",
        "5010": "Scanning for malware disabled",
        "5012": "Scanning for viruses disabled",
        "5013": "Tampering with antivirus settings blocked",
    },
    POWERSHELL: _POWERSHELL,
    "PowerShellCore": _POWERSHELL,
    CLASSIC_POWERSHELL: {
        "400": "PowerShell engine started",
        "403": "PowerShell engine stopped",
        "500": "PowerShell command started",
        "501": "PowerShell command stopped",
        "600": "PowerShell provider started",
        "800": "PowerShell pipeline run",
    },
    EVENTLOG: {
        "104": "Event log cleared",
        "1100": "Event logging service shut down",
        "1101": "Audit events dropped",
        "1102": "Audit log cleared",
        "1104": "Security log is full",
    },
    SERVICES: {
        "7022": "Service hung on starting",
        "7023": "Service ended with an error",
        "7024": "Service ended with an error of its own",
        "7026": "Driver failed to load",
        "7031": "Service ended unexpectedly",
        "7034": "Service ended unexpectedly",
        "7035": "Service was sent a control",
        "7036": "Service changed its state",
        "7040": "Service start type changed",
        "7045": "Service installed",
    },
    TASKS: {
        "100": "Scheduled task started",
        "102": "Scheduled task finished",
        "106": "Scheduled task registered",
        "107": "Scheduled task triggered",
        "110": "Scheduled task started by a user",
        "119": "Scheduled task triggered by a logon",
        "129": "Scheduled task's process created",
        "140": "Scheduled task updated",
        "141": "Scheduled task deleted",
        "142": "Scheduled task disabled",
        "200": "Scheduled task's action started",
        "201": "Scheduled task's action finished",
    },
    WMI: {
        "5857": "WMI provider started",
        "5858": "WMI operation failed",
        "5859": "WMI event filter registered",
        "5860": "Temporary WMI event consumer registered",
        "5861": "Permanent WMI event consumer registered",
    },
    "Microsoft-Windows-TerminalServices-LocalSessionManager": {
        "21": "Remote desktop session logged on",
        "22": "Remote desktop shell started",
        "23": "Remote desktop session logged off",
        "24": "Remote desktop session disconnected",
        "25": "Remote desktop session reconnected",
        "39": "Remote desktop session disconnected by another",
        "40": "Remote desktop session disconnected",
    },
    "Microsoft-Windows-TerminalServices-RemoteConnectionManager": {
        "261": "Remote desktop connection received",
        "1149": "Remote desktop user authenticated",
    },
    "Microsoft-Windows-TerminalServices-ClientActiveXCore": {"1024": "Remote desktop connection attempted"},
    "Microsoft-Windows-Bits-Client": {
        "3": "Background transfer job created",
        "4": "Background transfer job finished",
        "59": "Background transfer started",
        "60": "Background transfer stopped",
        "16403": "Background transfer job with remote files",
    },
    "Microsoft-Windows-AppLocker": {
        "8002": "Program allowed by AppLocker",
        "8003": "Program would have been blocked by AppLocker",
        "8004": "Program blocked by AppLocker",
        "8005": "Script or installer allowed by AppLocker",
        "8006": "Script or installer would have been blocked by AppLocker",
        "8007": "Script or installer blocked by AppLocker",
    },
    "Microsoft-Windows-CodeIntegrity": {
        "3033": "Image refused for its signature level",
        "3076": "Image would have been blocked by code integrity policy",
        "3077": "Image blocked by code integrity policy",
    },
    "Microsoft-Windows-Windows Firewall With Advanced Security": {
        "2002": "Firewall setting changed",
        "2003": "Firewall profile setting changed",
        "2004": "Firewall rule added",
        "2005": "Firewall rule changed",
        "2006": "Firewall rule deleted",
        "2033": "All firewall rules deleted",
    },
    "Microsoft-Windows-WinRM": {
        "6": "WinRM session created",
        "91": "WinRM shell created",
        "161": "WinRM user could not be authenticated",
        "169": "WinRM user authenticated",
    },
    "Microsoft-Windows-DNS-Client": {
        "3006": "DNS query called",
        "3008": "DNS query finished",
        "1014": "DNS query timed out",
    },
    "Microsoft-Windows-DNS-Server-Service": {
        "150": "DNS server could not load a plug-in",
        "770": "DNS server loaded a plug-in",
    },
    "Microsoft-Windows-NTLM": {
        "8001": "Outgoing NTLM authentication audited",
        "8002": "Incoming NTLM call audited",
        "8004": "NTLM authentication to this domain controller audited",
    },
    "Microsoft-Windows-PrintService": {
        "316": "Printer driver added or updated",
        "808": "Print spooler failed to load a plug-in",
    },
    "Microsoft-Windows-DriverFrameworks-UserMode": {
        "2003": "Device connected",
        "2100": "Device request",
        "2102": "Device removed",
    },
    "Microsoft-Windows-Kernel-General": {
        "1": "System time changed",
        "12": "Windows started",
        "13": "Windows shutting down",
    },
    "Microsoft-Windows-Kernel-Power": {"41": "Windows restarted without a clean shutdown"},
    "MsiInstaller": {
        "1033": "Product installed",
        "1034": "Product removed",
        "11707": "Product installed",
        "11724": "Product removed",
    },
    "EventLog": {
        "6005": "Event log service started",
        "6006": "Event log service stopped",
        "6008": "Previous shutdown was unexpected",
        "6013": "System uptime",
    },
    "Application Error": {"1000": "Application crashed"},
    "Windows Error Reporting": {"1001": "Problem reported"},
    "Microsoft-Windows-DistributedCOM": {
        "10005": "Component could not be started",
        "10016": "Component access denied",
    },
    "ESENT": {
        "216": "Database location changed",
        "325": "Database created",
        "326": "Database attached",
        "327": "Database detached",
    },
}


def title(provider: str | None, event_id: str | None) -> str:
    """Return what the event means, with its provider's short name before it; else provider and id.

    >>> title("Microsoft-Windows-Sysmon", "22"), title("Microsoft-Windows-Search", "7042")
    ('Sysmon: DNS query', 'Windows event Microsoft-Windows-Search 7042')
    """
    if provider is not None and event_id is not None:
        known = TITLES.get(provider)
        if known is not None and event_id in known:
            meaning = known[event_id]
            short = _SHORT[provider]
            return meaning if meaning.startswith(short) else f"{short}: {meaning}"
    named = " ".join(part for part in (provider, event_id) if part is not None)
    return f"Windows event {named}" if named else "Windows event"


_PREFIXES: Final = ("Microsoft-Windows-Windows ", "Microsoft-Windows-")
_SHORT: Final = {
    **{
        provider: next(
            (provider.removeprefix(start) for start in _PREFIXES if provider.startswith(start)), provider
        )
        for provider in TITLES
    },
    SECURITY: "Windows security",
    SYSMON: "Sysmon",
    DEFENDER: "Windows Defender",
    EVENTLOG: "Windows event log",
}
