"""Alert names of our own for log anomaly detectors, in the manner of the AIT alert data set's."""

from typing import Final

from training.generate.texts_suricata import Text

# category holds "detector/code": what the format puts beside the name.
MAPPED: Final[dict[str, Text]] = {
    "new.value": Text(
        "LogMiner/L-Val",
        (
            ("New {}.", ("event type", "query record in DNS logs", "ip address in DNS logs")),
            ("New {} in Apache Access log.", ("request method", "status code", "user agent")),
        ),
    ),
    "new.combination": Text(
        "LogMiner/L-Com",
        (
            (
                "New {} parameter combination in Audit logs.",
                ("user_acct", "user_auth", "service_start", "service_stop", "cred_acq", "user_cmd", "login"),
            ),
        ),
    ),
    "rate.odd": Text(
        "LogMiner/L-Frq",
        (
            (
                "Unusual occurrence frequencies of {}.",
                ("DNS log events", "Apache Access request methods", "mail log events", "DNS query records"),
            ),
        ),
    ),
    "text.odd": Text(
        "LogMiner/L-Ent",
        (
            ("Unusual entropy in {}.", ("DNS domain", "Apache Access request", "Apache Access referer")),
            ("New characters in Apache Access {}.", ("request", "referer", "user agent")),
        ),
    ),
    "load.odd": Text(
        "LogMiner/L-Mon",
        (("{} value out of expected range in monitoring logs.", ("CPU", "Memory", "Network output")),),
    ),
    "auth.success": Text(
        "HostWatch/H-Aut", (("{}", ("Dovecot authentication success.", "sshd: authentication success.")),)
    ),
    "auth.fail": Text(
        "HostWatch/H-Aut",
        (
            (
                "{}",
                (
                    "syslog: user authentication failure.",
                    "PAM: user login failed.",
                    "Dovecot invalid user login attempt.",
                ),
            ),
        ),
    ),
    "auth.brute": Text(
        "HostWatch/H-Mul",
        (("Multiple {} from same source ip.", ("failed logins", "authentication failures")),),
    ),
    "web.error": Text(
        "HostWatch/H-Web", (("{}", ("Web server 400 error code.", "Web server 500 error code.")),)
    ),
    "web.errors_many": Text(
        "HostWatch/H-Web",
        (("Multiple {} from same source ip.", ("web server 400 error codes", "forbidden requests")),),
    ),
    "scan.web": Text(
        "NetWatch/N-Scn", (("Alert - SCAN {} User-Agent observed", ("Nmap", "WPScan", "dirb", "Nikto")),)
    ),
    "scan.port": Text("NetWatch/N-Scn", (("Multiple IDS {} from same source ip.", ("events", "alerts")),)),
    "web.attack": Text("NetWatch/N-Web", (("Alert - {}", ("Suspicious URL access.", "CMS login attempt.")),)),
    "web.shell": Text(
        "LogMiner/L-Exe",
        (
            (
                "{}",
                ("Web server user executed new command in Audit logs.", "New PHP file requested first time."),
            ),
        ),
    ),
    "sudo": Text(
        "HostWatch/H-Sud", (("{}", ("Successful sudo to root executed.", "First time user executed sudo.")),)
    ),
    "av.update": Text("HostWatch/H-Cav", (("ClamAV database {}", ("update", "update check")),)),
    "dns.tld": Text("NetWatch/N-Dns", (("Alert - Observed DNS query to .{} TLD", ("biz", "cc", "cloud")),)),
    "dns.tunnel": Text("LogMiner/L-Dns", (("Unusual {} in DNS logs.", ("query length", "TXT record rate")),)),
    "exfil": Text(
        "LogMiner/L-Vol", (("Outbound volume out of expected range for {}.", ("host", "service")),)
    ),
    "script": Text(
        "LogMiner/L-Exe",
        (("New {} in process logs.", ("command interpreter parent", "command line pattern")),),
    ),
    "cred.dump": Text(
        "LogMiner/L-Exe", (("Unusual access to {} in Audit logs.", ("shadow file", "key store")),)
    ),
    "lateral.exec": Text(
        "LogMiner/L-Ses", (("New {} between hosts.", ("remote session pair", "service logon pair")),)
    ),
    "miner.process": Text(
        "LogMiner/L-Mon", (("CPU value deviates from average for {}.", ("hours", "whole night")),)
    ),
    "encrypt": Text(
        "LogMiner/L-Fil", (("File change rate out of expected range on {}.", ("share", "volume")),)
    ),
    "discovery": Text(
        "LogMiner/L-Exe", (("New sequence of {} commands in Audit logs.", ("system query", "network query")),)
    ),
    "beacon": Text("LogMiner/L-Net", (("Periodic outbound connections to {}.", ("new host", "rare host")),)),
}
