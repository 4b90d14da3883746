"""What can happen in the invented company: one literal table, read by noise, floods and stories alike."""

from typing import Final, NamedTuple


class Concept(NamedTuple):
    """One kind of happening, before anybody wrote a rule for it.

    gravity: 0-10, how grave it is when nothing else is known; ``truth`` adds the rest.
    flow: who talks to whom: "in" (outside to own), "out", "lateral" (own to own), "host" (one device).
    service: key of ``SERVICES``, what the connection speaks.
    person: a person does this, so the hour says something.
    chatty: chance 0-1 that the same bytes come once more, asked again after every copy.
    techniques: ATT&CK techniques that a good rule for it states.
    """

    gravity: float
    flow: str
    service: str = "none"
    person: bool = False
    chatty: float = 0.0
    techniques: tuple[str, ...] = ()


class Service(NamedTuple):
    proto: str
    port: int  # 0: any
    app_proto: str | None


SERVICES: Final[dict[str, Service]] = {
    "none": Service("TCP", 0, None),
    "http": Service("TCP", 80, "http"),
    "tls": Service("TCP", 443, "tls"),
    "dns": Service("UDP", 53, "dns"),
    "ssh": Service("TCP", 22, "ssh"),
    "rdp": Service("TCP", 3389, "rdp"),
    "smb": Service("TCP", 445, "smb"),
    "smtp": Service("TCP", 25, "smtp"),
    "ftp": Service("TCP", 21, "ftp"),
    "snmp": Service("UDP", 161, "snmp"),
    "sql": Service("TCP", 3306, None),
    "kerberos": Service("TCP", 88, "krb5"),
    "ldap": Service("TCP", 389, None),
    "winrm": Service("TCP", 5985, "http"),
    "irc": Service("TCP", 6667, None),
    "stratum": Service("TCP", 3333, None),
    "sip": Service("UDP", 5060, "sip"),
    "vnc": Service("TCP", 5900, None),
    "telnet": Service("TCP", 23, "telnet"),
}

CONCEPTS: Final[dict[str, Concept]] = {
    # Chatter of every network
    "tls.odd": Concept(0.8, "out", "tls", chatty=0.62),
    "http.odd": Concept(0.9, "in", "http", chatty=0.5),
    "stream.odd": Concept(0.6, "out", chatty=0.62),
    "dns.tld": Concept(1.5, "out", "dns", chatty=0.4),
    "agent.update": Concept(0.7, "out", "http", chatty=0.3),
    "policy.chat": Concept(1.7, "out", "tls", person=True),
    "policy.p2p": Concept(2.6, "out", person=True),
    "policy.remote_tool": Concept(3.4, "out", "tls", person=True, techniques=("T1219",)),
    "policy.share": Concept(2.2, "out", "tls", person=True),
    "policy.cleartext": Concept(3.0, "out", "http"),
    "reputation.in": Concept(2.1, "in", chatty=0.3),
    "tor.in": Concept(2.3, "in", "tls"),
    "tor.out": Concept(4.2, "out", "tls", person=True, techniques=("T1090.003",)),
    # Hosts at work
    "auth.success": Concept(0.7, "host", "ssh", person=True, chatty=0.5, techniques=("T1078",)),
    "auth.fail": Concept(2.2, "host", "ssh", chatty=0.2, techniques=("T1110.001",)),
    "auth.unknown_user": Concept(2.4, "host", "ssh", techniques=("T1110.001",)),
    "session": Concept(0.4, "host", person=True, chatty=0.4),
    "sudo": Concept(1.6, "host", person=True, techniques=("T1548.003",)),
    "service.state": Concept(1.1, "host", chatty=0.4),
    "package": Concept(1.7, "host", person=True),
    "av.update": Concept(0.3, "host", chatty=0.4),
    "config.change": Concept(2.7, "host", person=True),
    "integrity": Concept(2.9, "host", person=True, techniques=("T1565.001",)),
    "web.error": Concept(1.0, "host", "http", chatty=0.62),
    "web.errors_many": Concept(2.5, "host", "http", techniques=("T1595.002",)),
    "account.create": Concept(3.8, "host", person=True, techniques=("T1136.001",)),
    "account.admin": Concept(5.2, "host", person=True, techniques=("T1098",)),
    "new.value": Concept(1.3, "host", chatty=0.65),
    "new.combination": Concept(1.6, "host", chatty=0.6),
    "rate.odd": Concept(2.2, "host", chatty=0.2),
    "text.odd": Concept(3.2, "host", chatty=0.3),
    "load.odd": Concept(2.8, "host"),
    # Reconnaissance and entry
    "scan.port": Concept(2.1, "in", techniques=("T1046",)),
    "scan.service": Concept(2.4, "in", "ssh", techniques=("T1595.001",)),
    "scan.web": Concept(2.6, "in", "http", techniques=("T1595.002",)),
    "auth.brute": Concept(4.4, "in", "ssh", techniques=("T1110",)),
    "auth.spray": Concept(4.9, "host", "kerberos", techniques=("T1110.003",)),
    "web.attack": Concept(4.1, "in", "http", techniques=("T1190",)),
    "web.shell": Concept(7.2, "in", "http", techniques=("T1505.003",)),
    "exploit": Concept(5.0, "in", "http", techniques=("T1190",)),
    "exploit.answer": Concept(7.4, "out", techniques=("T1059",)),
    "phish.mail": Concept(3.7, "in", "smtp", techniques=("T1566.001",)),
    "phish.visit": Concept(4.8, "out", "http", person=True, techniques=("T1566.002",)),
    "malware.download": Concept(5.8, "out", "http", techniques=("T1105",)),
    "dos": Concept(4.3, "in", "dns", techniques=("T1498",)),
    # On the host and further in
    "macro": Concept(6.1, "host", techniques=("T1204.002",)),
    "script": Concept(4.9, "host", techniques=("T1059.001",)),
    "lolbin": Concept(4.5, "host", techniques=("T1218",)),
    "task": Concept(4.0, "host", techniques=("T1053.005",)),
    "persist": Concept(4.9, "host", techniques=("T1547.001",)),
    "discovery": Concept(3.5, "host", person=True, techniques=("T1087.002",)),
    "av.found": Concept(4.3, "host", techniques=("T1204",)),
    "av.off": Concept(5.7, "host", techniques=("T1685",)),
    "log.cleared": Concept(6.1, "host", techniques=("T1685.005",)),
    "cred.dump": Concept(7.5, "host", techniques=("T1003.001",)),
    "cred.kerberos": Concept(6.2, "lateral", "kerberos", techniques=("T1558.003",)),
    "lateral.smb": Concept(5.3, "lateral", "smb", techniques=("T1021.002",)),
    "lateral.rdp": Concept(3.4, "lateral", "rdp", person=True, techniques=("T1021.001",)),
    "lateral.exec": Concept(6.4, "lateral", "winrm", techniques=("T1021.006",)),
    "beacon": Concept(6.6, "out", "tls", techniques=("T1071.001",)),
    "dns.tunnel": Concept(5.4, "out", "dns", techniques=("T1071.004",)),
    "dns.generated": Concept(4.6, "out", "dns", techniques=("T1568.002",)),
    # What they came for
    "collect": Concept(4.6, "host", person=True, techniques=("T1560.001",)),
    "mass.read": Concept(4.3, "host", person=True, techniques=("T1039",)),
    "usb": Concept(3.3, "host", person=True, techniques=("T1052.001",)),
    "exfil": Concept(5.9, "out", "tls", person=True, techniques=("T1048",)),
    "miner.pool": Concept(5.1, "out", "stratum", techniques=("T1496",)),
    "miner.process": Concept(5.2, "host", techniques=("T1496",)),
    "backup.gone": Concept(7.3, "host", techniques=("T1490",)),
    "encrypt": Concept(9.2, "host", techniques=("T1486",)),
}

# Names and tactics as MITRE publishes them, of the techniques above; Wazuh states all three.
TECHNIQUES: Final[dict[str, tuple[str, str]]] = {
    "T1219": ("Remote Access Tools", "Command and Control"),
    "T1090.003": ("Multi-hop Proxy", "Command and Control"),
    "T1078": ("Valid Accounts", "Initial Access"),
    "T1110": ("Brute Force", "Credential Access"),
    "T1110.001": ("Password Guessing", "Credential Access"),
    "T1110.003": ("Password Spraying", "Credential Access"),
    "T1548.003": ("Sudo and Sudo Caching", "Privilege Escalation"),
    "T1565.001": ("Stored Data Manipulation", "Impact"),
    "T1136.001": ("Local Account", "Persistence"),
    "T1098": ("Account Manipulation", "Persistence"),
    "T1046": ("Network Service Discovery", "Discovery"),
    "T1595.001": ("Scanning IP Blocks", "Reconnaissance"),
    "T1595.002": ("Vulnerability Scanning", "Reconnaissance"),
    "T1190": ("Exploit Public-Facing Application", "Initial Access"),
    "T1505.003": ("Web Shell", "Persistence"),
    "T1059": ("Command and Scripting Interpreter", "Execution"),
    "T1059.001": ("PowerShell", "Execution"),
    "T1566.001": ("Spearphishing Attachment", "Initial Access"),
    "T1566.002": ("Spearphishing Link", "Initial Access"),
    "T1105": ("Ingress Tool Transfer", "Command and Control"),
    "T1498": ("Network Denial of Service", "Impact"),
    "T1204": ("User Execution", "Execution"),
    "T1204.002": ("Malicious File", "Execution"),
    "T1218": ("System Binary Proxy Execution", "Stealth"),
    "T1053.005": ("Scheduled Task", "Execution"),
    "T1547.001": ("Registry Run Keys / Startup Folder", "Persistence"),
    "T1087.002": ("Domain Account", "Discovery"),
    "T1685": ("Disable or Modify Tools", "Defense Impairment"),
    "T1685.005": ("Clear Windows Event Logs", "Defense Impairment"),
    "T1003.001": ("LSASS Memory", "Credential Access"),
    "T1558.003": ("Kerberoasting", "Credential Access"),
    "T1021.001": ("Remote Desktop Protocol", "Lateral Movement"),
    "T1021.002": ("SMB/Windows Admin Shares", "Lateral Movement"),
    "T1021.006": ("Windows Remote Management", "Lateral Movement"),
    "T1071.001": ("Web Protocols", "Command and Control"),
    "T1071.004": ("DNS", "Command and Control"),
    "T1568.002": ("Domain Generation Algorithms", "Command and Control"),
    "T1560.001": ("Archive via Utility", "Collection"),
    "T1039": ("Data from Network Shared Drive", "Collection"),
    "T1052.001": ("Exfiltration over USB", "Exfiltration"),
    "T1048": ("Exfiltration Over Alternative Protocol", "Exfiltration"),
    "T1496": ("Resource Hijacking", "Impact"),
    "T1490": ("Inhibit System Recovery", "Impact"),
    "T1486": ("Data Encrypted for Impact", "Impact"),
}
