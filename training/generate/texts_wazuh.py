"""Rule descriptions of our own for the host agents, in the manner of such rules. No word tells a severity."""

from typing import Final

from training.generate.texts_suricata import Text

# category holds the rule's groups, joined by a comma.
WAZUH: Final[dict[str, Text]] = {
    "auth.success": Text(
        "syslog,authentication_success",
        (
            ("{}: authentication success.", ("sshd", "Dovecot", "vsftpd", "PostgreSQL", "OpenVPN")),
            ("Windows logon success{}", (".", " over the network.", " (remote interactive).")),
        ),
    ),
    "auth.fail": Text(
        "syslog,authentication_failed",
        (
            ("{}: authentication failed.", ("sshd", "Dovecot", "vsftpd", "Postfix", "OpenVPN", "MySQL")),
            (
                "{}",
                (
                    "PAM: user login failed.",
                    "Windows logon failure - bad password.",
                    "su: user missed password.",
                ),
            ),
        ),
    ),
    "auth.unknown_user": Text(
        "syslog,invalid_login",
        (("{}: attempt to login using a non-existent user.", ("sshd", "Dovecot", "proftpd", "Windows")),),
    ),
    "session": Text(
        "pam,syslog",
        (("{}", ("PAM: login session opened.", "PAM: login session closed.", "Windows user logoff.")),),
    ),
    "sudo": Text(
        "syslog,sudo",
        (
            (
                "{}",
                (
                    "Successful sudo to root executed.",
                    "First time user executed sudo.",
                    "su: user changed to root.",
                ),
            ),
        ),
    ),
    "service.state": Text(
        "service",
        (
            ("Service {} on host.", ("started", "stopped", "restarted", "startup type was changed")),
            ("Docker: container {}", ("started.", "stopped.", "received an action: exec.")),
        ),
    ),
    "package": Text(
        "syslog,package",
        (
            (
                "{}",
                (
                    "New package installed.",
                    "Package removed.",
                    "Windows update installed.",
                    "Application installed.",
                ),
            ),
        ),
    ),
    "av.update": Text(
        "antivirus", (("{} database update", ("ClamAV", "Windows Defender", "Endpoint agent")),)
    ),
    "config.change": Text(
        "configuration_changed",
        (
            ("{} configuration changed.", ("Firewall", "sshd", "Group policy", "Audit", "DNS server")),
            ("Registry {} changed.", ("value", "key integrity checksum")),
        ),
    ),
    "integrity": Text(
        "ossec,syscheck",
        (
            ("File {} the system.", ("added to", "deleted from", "modified on")),
            ("Integrity checksum changed{}", (".", " again (second time).", " for web content.")),
        ),
    ),
    "web.error": Text("web,accesslog", (("Web server {} error code.", ("400", "403", "404", "500")),)),
    "web.errors_many": Text(
        "web,web_scan",
        (
            (
                "{}",
                (
                    "Multiple web server 400 error codes from same source ip.",
                    "Multiple not found requests from same source.",
                    "Apache: attempt to access forbidden file or directory.",
                ),
            ),
        ),
    ),
    "account.create": Text(
        "account_changed",
        (("{}", ("New user added to the system.", "User account created.", "User account enabled.")),),
    ),
    "account.admin": Text(
        "account_changed",
        (("User added to {} group.", ("Administrators", "Domain Admins", "sudo", "Backup Operators")),),
    ),
    "auth.brute": Text(
        "authentication_failures",
        (
            (
                "{}: brute force trying to get access to the system.",
                ("sshd", "Dovecot", "vsftpd", "CMS login"),
            ),
            ("Multiple {}", ("Windows logon failures.", "authentication failures followed by lockout.")),
        ),
    ),
    "auth.spray": Text(
        "windows,authentication_failures",
        (
            (
                "{}",
                (
                    "Same source failed to log on to many accounts.",
                    "Kerberos pre-authentication failed for many users.",
                ),
            ),
        ),
    ),
    "web.attack": Text(
        "web,attack",
        (
            (
                "{} attempt in web log.",
                ("SQL injection", "Cross site scripting", "Path traversal", "Code injection"),
            ),
            ("Suspicious URL access{}", (".", " with encoded characters.")),
        ),
    ),
    "web.shell": Text(
        "web,attack,syscheck",
        (
            (
                "{}",
                (
                    "Web server process spawned a shell.",
                    "New script file in web root executed by www-data.",
                    "POST request to a recently added PHP file.",
                ),
            ),
        ),
    ),
    "av.found": Text(
        "antivirus,virus",
        (
            ("{}: malware found and quarantined.", ("ClamAV", "Windows Defender", "Endpoint agent")),
            ("Windows Defender: {} detected", ("potentially unwanted software", "trojan in download folder")),
        ),
    ),
    "av.off": Text(
        "windows,windows_defender",
        (
            (
                "{}",
                (
                    "Windows Defender: real time protection disabled.",
                    "Endpoint agent stopped.",
                    "Antivirus exclusion added.",
                ),
            ),
        ),
    ),
    "macro": Text(
        "sysmon,process_creation",
        (("{} spawned a command shell.", ("Word", "Excel", "Outlook attachment", "PDF reader")),),
    ),
    "script": Text(
        "sysmon,process_creation",
        (
            (
                "{}",
                (
                    "PowerShell executed with encoded command.",
                    "PowerShell download cradle executed.",
                    "Script interpreter started from temporary folder.",
                    "Shell script piped from curl.",
                    "mshta executed remote script.",
                ),
            ),
        ),
    ),
    "lolbin": Text(
        "sysmon,process_creation",
        (
            (
                "{}",
                (
                    "certutil used to decode or download a file.",
                    "rundll32 executed from unusual folder.",
                    "regsvr32 loading remote scriptlet.",
                    "bitsadmin job created for download.",
                    "wmic process call create.",
                ),
            ),
        ),
    ),
    "task": Text(
        "windows,scheduled_task",
        (
            (
                "{}",
                (
                    "Scheduled task created.",
                    "Cron job added for root.",
                    "Scheduled task running from user folder.",
                ),
            ),
        ),
    ),
    "persist": Text(
        "windows,persistence",
        (
            (
                "{}",
                (
                    "New Windows service created.",
                    "Run key value added in registry.",
                    "New authorized_keys entry for root.",
                    "Systemd unit file added.",
                    "Startup folder file created.",
                ),
            ),
        ),
    ),
    "discovery": Text(
        "sysmon,discovery",
        (
            (
                "Discovery: {}",
                (
                    "net group Domain Admins executed.",
                    "whoami and ipconfig executed in sequence.",
                    "nltest domain trust query.",
                    "LDAP enumeration of all users.",
                    "arp and netstat executed by service user.",
                ),
            ),
        ),
    ),
    "log.cleared": Text(
        "windows,log_clearing",
        (
            (
                "{}",
                (
                    "The audit log was cleared.",
                    "Windows event log cleared with wevtutil.",
                    "Shell history deleted.",
                ),
            ),
        ),
    ),
    "cred.dump": Text(
        "sysmon,credential_access",
        (
            (
                "{}",
                (
                    "LSASS process memory accessed.",
                    "Mimikatz like command line executed.",
                    "SAM hive saved with reg save.",
                    "ntds.dit copied from volume snapshot.",
                    "shadow file read by unusual process.",
                ),
            ),
        ),
    ),
    "cred.kerberos": Text(
        "windows,credential_access",
        (
            (
                "{}",
                (
                    "Many service tickets requested with RC4.",
                    "Directory replication requested by a user account.",
                ),
            ),
        ),
    ),
    "lateral.smb": Text(
        "windows,lateral_movement",
        (
            (
                "{}",
                (
                    "PsExec service installed from remote host.",
                    "Executable written to ADMIN$ share.",
                    "Remote registry access.",
                ),
            ),
        ),
    ),
    "lateral.rdp": Text(
        "windows,rdp", (("{}", ("Remote desktop logon from internal host.", "RDP session reconnected.")),)
    ),
    "lateral.exec": Text(
        "windows,lateral_movement",
        (
            (
                "{}",
                (
                    "WinRM session spawned a shell.",
                    "WMI remote process creation.",
                    "Remote service started a payload.",
                ),
            ),
        ),
    ),
    "malware.download": Text(
        "sysmon,file_creation",
        (
            (
                "{}",
                (
                    "Executable file dropped in download folder.",
                    "Executable file created by script interpreter.",
                ),
            ),
        ),
    ),
    "collect": Text(
        "sysmon,collection",
        (
            (
                "{}",
                (
                    "Archive created with password by rar.",
                    "Large 7z archive created in temporary folder.",
                    "Mailbox export started.",
                ),
            ),
        ),
    ),
    "mass.read": Text(
        "windows,file_access",
        (("{}", ("Many files read from share by one user.", "Bulk download from document store.")),),
    ),
    "usb": Text(
        "windows,usb", (("{}", ("USB storage device connected.", "Files copied to removable device.")),)
    ),
    "exfil": Text(
        "sysmon,exfiltration",
        (("{}", ("rclone executed with remote target.", "Large upload by unusual process.")),),
    ),
    "miner.process": Text(
        "sysmon,process_creation",
        (
            (
                "{}",
                (
                    "xmrig process started.",
                    "Process command line with stratum pool address.",
                    "Miner binary in /tmp executed.",
                ),
            ),
        ),
    ),
    "backup.gone": Text(
        "windows,impact",
        (
            (
                "{}",
                (
                    "Volume shadow copies deleted with vssadmin.",
                    "Backup catalog deleted.",
                    "Boot recovery disabled with bcdedit.",
                ),
            ),
        ),
    ),
    "encrypt": Text(
        "windows,syscheck,impact",
        (
            (
                "{}",
                (
                    "Many files renamed with a new extension.",
                    "Ransom note file created in many folders.",
                    "Mass file modification by one process.",
                ),
            ),
        ),
    ),
}
