"""Syslog: what sentences say, levels, times, and rules that stay the same."""

import pytest

from enrich.alert import Alert, Endpoint
from tests.unit.lines_read import alert


def said(sentence: str, tag: str = "sshd[7]") -> Alert:
    return alert(f"Mar  5 10:11:12 h-1 {tag}: {sentence}")


SENTENCES: dict[str, tuple[str, str, str | None, Endpoint, Endpoint]] = {
    "a failed password": (
        "sshd[7]",
        "Failed password for root from 192.0.2.1 port 4022 ssh2",
        "root",
        Endpoint(ip="192.0.2.1", port=4022),
        Endpoint(),
    ),
    "an invalid user": (
        "sshd[7]",
        "Failed none for invalid user ann from 2001:db8::7 port 4022 ssh2",
        "ann",
        Endpoint(ip="2001:db8::7", port=4022),
        Endpoint(),
    ),
    "a user called user": (
        "sshd[7]",
        "error: PAM: authentication error for user from 192.0.2.1",
        "user",
        Endpoint(ip="192.0.2.1"),
        Endpoint(),
    ),
    "a user without from": (
        "sshd[7]",
        "Connection closed by authenticating user ann 192.0.2.1 port 4022 [preauth]",
        "ann",
        Endpoint(ip="192.0.2.1", port=4022),
        Endpoint(),
    ),
    "an unknown user": ("login[7]", "check pass; user unknown", None, Endpoint(), Endpoint()),
    "no user": (
        "sshd[7]",
        "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1",
        None,
        Endpoint(ip="192.0.2.1"),
        Endpoint(),
    ),
    "a peer by its name": (
        "sshd[7]",
        "pam_unix(sshd:auth): authentication failure; logname= uid=0 rhost=pc.example.com  user=ann",
        "ann",
        Endpoint(name="pc.example.com"),
        Endpoint(),
    ),
    "a name and its address": (
        "sshd[7]",
        "reverse mapping checking getaddrinfo for pc.example.com [192.0.2.1] failed",
        None,
        Endpoint(ip="192.0.2.1", name="pc.example.com"),
        Endpoint(),
    ),
    "sudo: who ran it": (
        "sudo",
        "    ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/bin/ls -l /root",
        "ann",
        Endpoint(),
        Endpoint(),
    ),
    "su": ("su[7]", "FAILED SU (to root) ann on pts/0", "ann", Endpoint(), Endpoint()),
    "an old su": ("su[7]", "BAD SU ann to root on /dev/ttyp1", "ann", Endpoint(), Endpoint()),
    "cron": ("CRON[7]", "(ann) CMD (/usr/bin/true)", "ann", Endpoint(), Endpoint()),
    "useradd": ("useradd[7]", "new user: name=ann, UID=1001, GID=1001", "ann", Endpoint(), Endpoint()),
    "dovecot": (
        "dovecot",
        "imap-login: Aborted login: user=<ann>, method=PLAIN, rip=192.0.2.1, lip=198.51.100.7",
        "ann",
        Endpoint(ip="192.0.2.1"),
        Endpoint(ip="198.51.100.7"),
    ),
    "MySQL": (
        "mysqld[7]",
        "Access denied for user 'ann'@'192.0.2.1' (using password: YES)",
        "ann",
        Endpoint(ip="192.0.2.1"),
        Endpoint(),
    ),
    "an arrow": (
        "fw",
        "list 102 denied tcp 192.0.2.1(3067) -> 198.51.100.7(139), 1 packet",
        None,
        Endpoint(ip="192.0.2.1", port=3067),
        Endpoint(ip="198.51.100.7", port=139),
    ),
    "one address at both ends": (
        "fw",
        "Deny IP due to Land Attack from 192.0.2.1 to 192.0.2.1",
        None,
        Endpoint(ip="192.0.2.1"),
        Endpoint(ip="192.0.2.1"),
    ),
    "a destination first": (
        "fw",
        "packet to 198.51.100.7:80 from 192.0.2.1:4022 dropped",
        None,
        Endpoint(ip="192.0.2.1", port=4022),
        Endpoint(ip="198.51.100.7", port=80),
    ),
    "a port with a hash": (
        "named[7]",
        "client 192.0.2.1#53012: query (cache) denied",
        None,
        Endpoint(ip="192.0.2.1", port=53012),
        Endpoint(),
    ),
    "an address in brackets": (
        "smtpd[7]",
        "NOQUEUE: reject: RCPT from unknown[192.0.2.1]:4022: 554 denied",
        None,
        Endpoint(ip="192.0.2.1", port=4022),
        Endpoint(),
    ),
    "a version": ("app", "started version 1.2.3.4 of the server", None, Endpoint(), Endpoint()),
    "times and hardware addresses": (
        "app",
        "at 10:11:12 from 00:00:5e:00:53:01",
        None,
        Endpoint(),
        Endpoint(),
    ),
    "a mapped address": ("app", "login from ::ffff:192.0.2.1", None, Endpoint(ip="192.0.2.1"), Endpoint()),
    "names in C++": ("app", "std::bad_alloc in a::b::c", None, Endpoint(), Endpoint()),
}


@pytest.mark.parametrize(("tag", "sentence", "user", "src", "dst"), SENTENCES.values(), ids=SENTENCES.keys())
def test_a_sentence_tells_user_and_ends(
    tag: str, sentence: str, user: str | None, src: Endpoint, dst: Endpoint
) -> None:
    found = said(sentence, tag)
    assert (found.user, found.src, found.dst) == (user, src, dst)


@pytest.mark.parametrize(
    "name",
    [
        "src=10.0.0.1",
        "rhost=10.0.0.1",
        "IN=1 OUT=1 SRC=10.0.0.1 DST=10.0.0.2",
        "a from 10.0.0.1",
        "a from 10.0.0.1 port 1",
        "id=a sn=b fw=c m=1 src=10.0.0.1",
        "date=2030-01-01 time=00:00:00 severity=critical logid=1 devid=2 vd=3 msg=x",
        "time=2030-01-01T00:00:00Z level=alert eventid=7 title=y host=z",
        "type=X msg=audit(1709633472.243:1): addr=10.0.0.1",
        '[id "1"] [uri "/"] [unique_id "x"] [hostname "10.0.0.1"]',
    ],
)
def test_what_a_peer_calls_itself_decides_nothing_but_the_user(name: str) -> None:
    found = said(f"Failed password for invalid user {name} from 192.0.2.1 port 4022 ssh2")
    plain = said("Failed password for invalid user x from 192.0.2.1 port 4022 ssh2")
    for field in ("src", "device", "detector", "time_ms", "time_text", "severity_id", "action", "device_id"):
        assert getattr(found, field) == getattr(plain, field)
    assert found.rule_id.startswith("sshd: failed password for")


def test_what_a_peer_says_at_its_end_is_no_address_of_its_own() -> None:
    found = said("Received disconnect from 192.0.2.1 port 4022:11: bye from 10.0.0.1 port 1")
    assert found.src == Endpoint(ip="192.0.2.1", port=4022)


def test_the_outer_end_comes_first_in_an_outbound_connection_of_cisco() -> None:
    found = alert(
        "%ASA-6-302013: Built outbound TCP connection 1 for outside:198.51.100.7/443 (198.51.100.7/443) "
        "to inside:192.0.2.1/4022 (203.0.113.5/4022)"
    )
    assert (found.src, found.dst) == (
        Endpoint(ip="192.0.2.1", port=4022),
        Endpoint(ip="198.51.100.7", port=443),
    )


@pytest.mark.parametrize(
    ("priority", "severity_id"),
    [(0, 3), (1, 3), (2, 3), (3, 2), (4, 2), (5, 1), (6, 1), (7, 1), (191, 1), (184, 3)],
)
def test_a_priority_is_a_log_level_and_never_more_than_medium(priority: int, severity_id: int) -> None:
    found = alert(f"<{priority}>Mar  5 10:11:12 h t: x")
    assert (found.severity_id, found.severity_text, found.severity_scale) == (
        severity_id,
        str(priority % 8),
        "syslog:0-7",
    )


def test_a_priority_beyond_the_scale_is_said() -> None:
    found = alert("<192>Mar  5 10:11:12 h t: x")
    assert (found.severity_id, found.severity_text) == (None, None)
    assert [(str(each.code), each.field) for each in found.quality] == [("bad_severity", "syslog.priority")]


@pytest.mark.parametrize(
    ("line", "severity_id", "text", "scale"),
    [
        ("%ASA-2-106017: Deny", 3, "2", "syslog:0-7"),
        ("<190>Mar  5 10:11:12 fw %ASA-4-106023: Deny", 2, "4", "syslog:0-7"),
        ("Mar  5 10:11:12 h sshd[7]: fatal: x", 2, "fatal", "syslog:words"),
        ("2024-03-05 10:11:12 [crit] x", 3, "crit", "syslog:words"),
        ("Mar  5 10:11:12 h t: x", None, None, None),
    ],
)
def test_a_level_comes_from_the_mnemonic_then_the_priority_then_a_word(
    line: str, severity_id: int | None, text: str | None, scale: str | None
) -> None:
    found = alert(line)
    assert (found.severity_id, found.severity_text, found.severity_scale) == (severity_id, text, scale)


TIMES: dict[str, tuple[str, int | None, str]] = {
    "ISO": ("2024-03-05T10:11:12.345+01:00 h t: x", 1_709_629_872_345, "2024-03-05T10:11:12.345+01:00"),
    "no zone is UTC": ("2024-03-05 10:11:12 h t: x", 1_709_633_472_000, "2024-03-05 10:11:12"),
    "a year after the day": ("Mar 05 2024 10:11:12 h t: x", 1_709_633_472_000, "Mar 05 2024 10:11:12"),
    "a year at the end": ("Tue Mar  5 10:11:12 2024 h t: x", 1_709_633_472_000, "Tue Mar  5 10:11:12 2024"),
    "a zone by name": ("Tue Mar  5 10:11:12 EST 2024 x", 1_709_651_472_000, "Tue Mar  5 10:11:12 EST 2024"),
    "slashes": ("2024/03/05 10:11:12 [error] x", 1_709_633_472_000, "2024/03/05 10:11:12"),
    "the year first": ("2024 Mar 05 10:11:12 h t: x", 1_709_633_472_000, "2024 Mar 05 10:11:12"),
    "a leap day without a year": ("Feb 29 10:11:12 h t: x", None, "Feb 29 10:11:12"),
    "no year": ("Mar  5 10:11:12 h t: x", None, "Mar  5 10:11:12"),
}


@pytest.mark.parametrize(("line", "ms", "text"), TIMES.values(), ids=TIMES.keys())
def test_a_time_is_read_where_its_year_is_said(line: str, ms: int | None, text: str) -> None:
    found = alert(line)
    assert (found.time_ms, found.time_text, found.quality) == (ms, text, ())


def test_a_day_that_no_month_has_is_a_bad_time() -> None:
    found = alert("Feb 31 2024 10:11:12 h t: x")
    assert (found.time_ms, found.time_text) == (None, "Feb 31 2024 10:11:12")
    assert [(str(each.code), each.field) for each in found.quality] == [("bad_time", "syslog.time")]


SAME_RULE: dict[str, tuple[str, str]] = {
    "other address, port, user and process id": (
        "Mar  5 10:11:12 h sshd[7]: Failed password for root from 192.0.2.1 port 4022 ssh2",
        "Mar 15 20:11:12 h sshd[8]: Failed password for ann from 2001:db8::7 port 1 ssh2",
    ),
    "other file and number": (
        "Mar  5 10:11:12 h app: cannot read /a/b.c, error 5",
        "Mar  5 10:11:12 h app: cannot read /d, error 17",
    ),
    "other date": (
        "Mar  5 10:11:12 h ftpd[7]: connection from 192.0.2.1 () at Tue Mar  5 10:11:12 2024",
        "Apr  6 10:11:12 h ftpd[7]: connection from 192.0.2.9 (pc.example.com) at Sat Apr  6 10:11:12 2024",
    ),
    "other words in quotes": (
        "%ASA-5-111010: User 'ann', running 'CLI' from IP 192.0.2.1, executed 'reload'",
        "%ASA-5-111010: User 'bob', running 'CLI' from IP 192.0.2.9, executed 'no logging on'",
    ),
    "other request": (
        '192.0.2.1 - - [05/Mar/2024:10:11:12 +0000] "GET /a HTTP/1.1" 404 1 "-" "x"',
        '192.0.2.9 - ann [05/Mar/2024:10:11:13 +0000] "GET /b?c=d HTTP/1.0" 404 20 "-" "y"',
    ),
    "other packet": (
        "Mar  5 10:11:12 h kernel: [UFW BLOCK] IN=eth0 OUT= SRC=192.0.2.1 DST=198.51.100.7 DF PROTO=TCP",
        "Mar  5 10:11:12 h kernel: [UFW BLOCK] IN=eth1 OUT= SRC=192.0.2.9 DST=198.51.100.7 PROTO=UDP",
    ),
}


@pytest.mark.parametrize(("one", "other"), SAME_RULE.values(), ids=SAME_RULE.keys())
def test_what_changes_from_line_to_line_is_in_no_rule(one: str, other: str) -> None:
    first, second = alert(one), alert(other)
    assert (first.rule_id, first.title, first.detector) == (second.rule_id, second.title, second.detector)


def test_other_messages_are_other_rules() -> None:
    assert (
        said("Failed password for ann from 192.0.2.1").rule_id
        != said("Invalid user ann from 192.0.2.1").rule_id
    )


def test_a_rule_is_bounded_however_long_the_message_is() -> None:
    assert len(said("word " * 5_000).rule_id) < 160


def test_a_web_request_is_read_though_its_last_quote_is_missing() -> None:
    found = alert('192.0.2.1 - - [05/Mar/2024:10:11:12 +0000] "POST /a HTTP/1.1" 403 181 "-" "Bot/1')
    assert (found.http_method, found.url, found.user_agent) == ("POST", "/a", "Bot/1")


def test_a_request_that_is_none_is_kept_and_not_read() -> None:
    found = alert('192.0.2.1 - - [05/Mar/2024:10:11:12 +0000] "\\x16\\x03" 400 0')
    assert (found.url, found.src.ip, found.title) == (None, "192.0.2.1", "400")


def test_squid_and_iis_are_told_by_their_columns() -> None:
    squid = alert(
        "1709633472.345   12 192.0.2.1 TCP_DENIED/403 1536 GET http://www.example.com/ ann NONE/- text/html"
    )
    iis = alert("2024-03-05 10:11:12 198.51.100.7 GET /a.aspx - 80 - 192.0.2.1 Mozilla/5.0+(X) - 404 0 2 0")
    assert (squid.time_ms, squid.user, squid.title) == (1_709_633_472_345, "ann", "TCP_DENIED GET 403")
    assert (iis.src.ip, iis.dst, iis.title) == (
        "192.0.2.1",
        Endpoint(ip="198.51.100.7", port=80),
        "GET 404",
    )


def test_one_line_alerts_of_an_ids_share_the_history_of_its_other_alerts() -> None:
    found = alert(
        "03/05/2024-10:11:12.345678  [**] [1:2010935:3] ET SCAN Example port 1433 [**] [Classification: "
        "Potentially Bad Traffic] [Priority: 2] {TCP} 192.0.2.1:4022 -> 198.51.100.7:1433"
    )
    assert (found.detector, found.rule_id, found.severity_id, found.time_ms) == (
        *("suricata", "2010935", 3),
        1_709_633_472_345,
    )
