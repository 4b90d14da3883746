"""Signature texts of our own for the network sensor, in the manner of such rules. None tells a severity."""

from typing import Final, NamedTuple


class Text(NamedTuple):
    """category: what the format puts beside the title. templates: (pattern with one {}, what to fill in)."""

    category: str
    templates: tuple[tuple[str, tuple[str, ...]], ...]


_DECODE: Final = "Generic Protocol Command Decode"
_LEAK: Final = "Attempted Information Leak"
_POLICY: Final = "Potential Corporate Privacy Violation"
_TROJAN: Final = "A Network Trojan was detected"
_WEB: Final = "Web Application Attack"
_BAD: Final = "Potentially Bad Traffic"

# Families that exist nowhere, so that no real name stands for a synthetic label.
_INVENTED: Final = ("Brackwater", "Tinlizard", "Oxbow", "Mossback", "Redfern")

SURICATA: Final[dict[str, Text]] = {
    "tls.odd": Text(
        _DECODE,
        (
            (
                "SURICATA TLS {}",
                (
                    "record with invalid length",
                    "unexpected handshake message",
                    "error message seen",
                    "invalid SNI",
                ),
            ),
            ("POLICY TLS certificate {}", ("self signed", "expired on server", "with unusual validity time")),
        ),
    ),
    "http.odd": Text(
        _DECODE,
        (
            (
                "SURICATA HTTP {}",
                (
                    "Host header missing or invalid",
                    "response does not match any request",
                    "request field without colon",
                    "method ends in non-compliant character",
                    "URI with encoded NUL",
                ),
            ),
        ),
    ),
    "stream.odd": Text(
        _DECODE,
        (
            (
                "SURICATA STREAM {}",
                ("packet out of window", "reassembly gap", "invalid ACK", "SYN resend", "FIN out of window"),
            ),
        ),
    ),
    "dns.tld": Text(
        _BAD,
        (
            (
                "DNS query for .{} domain",
                ("top", "xyz", "biz", "cc", "cloud", "club", "su", "tk", "icu", "online"),
            ),
            ("DNS {} lookup observed", ("dynamic provider", "URL shortener", "external IP check service")),
        ),
    ),
    "agent.update": Text(
        "Not Suspicious Traffic",
        (
            (
                "POLICY {} User-Agent outbound, package management",
                ("GNU/Linux APT", "yum", "pacman", "pip", "npm"),
            ),
            ("POLICY {} User-Agent outbound", ("curl", "wget", "python-requests", "Go http client")),
        ),
    ),
    "policy.chat": Text(
        _POLICY, (("CHAT {} traffic outgoing", ("IRC authorization", "Jabber", "Discord", "Telegram")),)
    ),
    "policy.p2p": Text(
        _POLICY, (("P2P {}", ("BitTorrent peer sync", "torrent tracker announce", "DHT ping request")),)
    ),
    "policy.remote_tool": Text(
        _POLICY, (("POLICY {} remote access session", ("AnyDesk", "TeamViewer", "VNC", "RustDesk")),)
    ),
    "policy.share": Text(
        _POLICY,
        (
            (
                "POLICY file upload to {}",
                ("Dropbox", "Mega", "a paste site", "WeTransfer", "a file sharing site"),
            ),
        ),
    ),
    "policy.cleartext": Text(
        _POLICY,
        (
            ("POLICY cleartext {}", ("WordPress login", "FTP password", "basic auth password", "LDAP bind")),
            ("POLICY {} password sent unencrypted", ("HTTP", "SNMP", "telnet")),
        ),
    ),
    "reputation.in": Text(
        "Misc Attack",
        (("REPUTATION known poor reputation IP TCP group {}", tuple(str(n) for n in range(3, 60, 4))),),
    ),
    "tor.in": Text("Misc Attack", (("TOR known relay node traffic group {}", ("7", "41", "112", "230")),)),
    "tor.out": Text(_POLICY, (("TOR {} from client", ("SSL connection to relay", "hidden service lookup")),)),
    "scan.port": Text(
        _LEAK,
        (
            (
                "SCAN {}",
                (
                    "inbound connection sweep over many ports",
                    "NMAP SYN probe window 1024",
                    "unusual port 445 traffic, potential scan or infection",
                    "masscan probe detected",
                    "suspicious inbound to database port",
                ),
            ),
        ),
    ),
    "scan.service": Text(
        _LEAK,
        (
            (
                "SCAN inbound {}",
                (
                    "ssh connection rate",
                    "RDP cookie probe",
                    "SIP user agent scanner",
                    "SNMP public community request",
                    "VNC probe",
                    "telnet probe",
                ),
            ),
        ),
    ),
    "scan.web": Text(
        _LEAK,
        (
            (
                "SCAN {} User-Agent observed",
                ("Nmap", "Nikto", "sqlmap", "gobuster", "WPScan", "Nessus", "ZGrab"),
            ),
            (
                "WEB_SERVER access to {}",
                ("hidden .env file", "phpMyAdmin setup", "backup archive", ".git config"),
            ),
        ),
    ),
    "auth.brute": Text(
        "Attempted User Privilege Gain",
        (
            (
                "BRUTE {} login attempts from one source",
                ("multiple SSH", "multiple RDP", "repeated SMTP AUTH", "repeated FTP", "many WordPress"),
            ),
        ),
    ),
    "web.attack": Text(
        _WEB,
        (
            (
                "WEB_SERVER {} in request URI",
                (
                    "SQL injection attempt UNION SELECT",
                    "path traversal attempt",
                    "cross site scripting attempt",
                    "command injection attempt",
                    "remote file inclusion attempt",
                    "template injection attempt",
                ),
            ),
            ("WEB_SERVER PHP {} option in request", ("auto_prepend_file", "safe_mode", "allow_url_include")),
        ),
    ),
    "web.shell": Text(
        _TROJAN,
        (
            (
                "WEB_SERVER {}",
                (
                    "generic webshell command in POST body",
                    "uploaded PHP shell accessed",
                    "JSP shell password parameter",
                    "ASPX webshell response",
                ),
            ),
        ),
    ),
    "exploit": Text(
        "Attempted Administrator Privilege Gain",
        (
            (
                "EXPLOIT possible {}",
                (
                    "Apache Struts remote code execution inbound",
                    "Log4j jndi ldap string in header (CVE-2021-44228)",
                    "Shellshock in HTTP headers (CVE-2014-6271)",
                    "SMB EternalBlue echo request (MS17-010)",
                    "router command execution",
                    "VPN gateway arbitrary file read",
                    "Exchange server ProxyShell request",
                ),
            ),
        ),
    ),
    "exploit.answer": Text(
        "Successful Administrator Privilege Gain",
        (
            (
                "ATTACK_RESPONSE {}",
                (
                    "id command output returned root",
                    "reverse shell prompt from server",
                    "Windows cmd shell banner outbound",
                    "passwd file content leaving server",
                    "directory listing returned by exploited service",
                ),
            ),
        ),
    ),
    "phish.mail": Text(
        "Potentially Bad Traffic",
        (
            (
                "SMTP attachment {}",
                (
                    "with double extension",
                    "executable inside archive",
                    "document with macro inbound",
                    "HTML smuggling script",
                ),
            ),
        ),
    ),
    "phish.visit": Text(
        "Possible Social Engineering Attempted",
        (
            (
                "PHISHING {}",
                (
                    "credential form posted to new domain",
                    "possible landing page for webmail",
                    "Office login lookalike page",
                    "successful submit of password form",
                ),
            ),
        ),
    ),
    "malware.download": Text(
        _TROJAN,
        (
            (
                "MALWARE {}",
                (
                    "PE EXE or DLL Windows file download over HTTP",
                    "executable retrieved with PowerShell user agent",
                    "possible HTA payload download",
                    "loader fetching encoded payload from raw IP",
                    "JavaScript dropper request",
                ),
            ),
        ),
    ),
    "beacon": Text(
        _TROJAN,
        (
            ("MALWARE {} CnC beacon", _INVENTED),
            ("TROJAN {} beacon", ("RAT checkin", "stealer", "Cobalt Strike like", "backdoor checkin")),
            ("MALWARE suspicious {} to CnC server", ("TLS certificate", "periodic POST", "JA3 hash")),
        ),
    ),
    "dns.tunnel": Text(
        _TROJAN,
        (("DNS {}", ("long TXT query, possible tunnel", "tunnel over NULL records", "iodine like tunnel")),),
    ),
    "dns.generated": Text(
        _TROJAN, (("DNS {}", ("query for generated looking domain", "NXDOMAIN burst, possible DGA")),)
    ),
    "cred.kerberos": Text(
        "Attempted Administrator Privilege Gain",
        (
            (
                "HUNTING Kerberos {}",
                (
                    "TGS request with RC4 for many service accounts",
                    "AS-REP without preauthentication",
                    "DCSync replication request from workstation",
                ),
            ),
        ),
    ),
    "lateral.smb": Text(
        "Attempted Administrator Privilege Gain",
        (
            (
                "SMB {} - lateral movement",
                (
                    "executable file transfer to ADMIN$ share",
                    "remote scheduled job pipe creation",
                    "PsExec service created",
                    "remote registry pipe access",
                ),
            ),
        ),
    ),
    "lateral.rdp": Text(_BAD, (("POLICY RDP {} inside", ("session setup", "connection request to server")),)),
    "lateral.exec": Text(
        "Attempted Administrator Privilege Gain",
        (
            (
                "WinRM {} - lateral movement",
                ("remote shell command execution", "encoded PowerShell over SOAP", "WMI process create call"),
            ),
        ),
    ),
    "exfil": Text(
        _POLICY,
        (
            (
                "EXFIL {}",
                (
                    "large outbound transfer to rare host",
                    "rclone user agent upload to cloud storage",
                    "archive upload over HTTP POST",
                    "FTP STOR of archive to outside host",
                ),
            ),
        ),
    ),
    "miner.pool": Text(
        "Crypto Currency Mining Activity Detected",
        (("COINMINER {}", ("stratum login to pool", "JSON RPC mining submit", "DNS query for mining pool")),),
    ),
    "dos": Text(
        "Attempted Denial of Service",
        (
            (
                "DOS {}",
                ("possible DNS amplification inbound", "SYN flood inbound", "NTP monlist amplification"),
            ),
        ),
    ),
}
