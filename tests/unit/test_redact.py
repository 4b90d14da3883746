"""Secrets and names are taken out of the event; rules, models and history see the alert as it came."""

import time
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.alert import Alert, Endpoint, Process
from enrich.encode.ocsf import encode, event
from enrich.redact import LOOKED_AT, MARK, Redaction
from tests.unit import rows
from tests.unit.rows import LOW, SCORE, context, row

PLAIN = Redaction("redacted")
KEY = b"sixteen bytes or"
NAMED = Redaction("redacted", KEY)

# (text, what must not be left of it, what must)
SECRETS = [
    ("mysqldump -uroot -phunter2 db", "hunter2", "mysqldump -uroot"),
    ("psexec.exe \\\\srv -u adm -p hunter2 cmd", "hunter2", "-u adm"),
    ("plink -ssh -pw hunter2 host", "hunter2", "plink"),
    ("sshpass -p hunter2 ssh a@b.example", "hunter2", "a@b.example"),
    ("net user backdoor hunter2 /add", "hunter2", "backdoor"),
    ("net.exe  user backdoor  hunter2", "hunter2", "backdoor"),
    ("curl -u alice:hunter2 https://example.com", "hunter2", "alice"),
    ("curl https://alice:hunter2@example.com/x", "hunter2", "example.com"),
    ("GET /login?user=a&password=hunter2&x=1", "hunter2", "x=1"),
    ("GET /x?access_token=hunter2", "hunter2", "access_token"),
    ("/x?X-Amz-Signature=hunter2&y=2", "hunter2", "y=2"),
    ("tool --api-key hunter2 --verbose", "hunter2", "--verbose"),
    ("tool --password=hunter2", "hunter2", "tool"),
    ("tool /password:hunter2 /v", "hunter2", "/v"),
    ("New-User -Password 'hunter2 and more' -Name x", "hunter2", "-Name x"),
    ("ConvertTo-SecureString 'hunter2' -AsPlainText", "hunter2", "-AsPlainText"),
    ("ConvertTo-SecureString -String hunter2 -Force", "hunter2", "-Force"),
    ('{"user":"alice","password":"hunter2","n":1}', "hunter2", '"n":1'),
    ('{"log":"{\\"token\\":\\"hunter2\\",\\"n\\":1}"}', "hunter2", "n"),
    ("Authorization: Bearer hunter2hunter2", "hunter2", "Bearer"),
    ("authorization: basic aHVudGVyMg==", "aHVudGVyMg", "basic"),
    ("key AKIAABCDEFGHIJKLMNOP used", "AKIAABCDEFGHIJKLMNOP", "used"),
    ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl end", "c2lnbmF0dXJl", "end"),
    ("ghp_" + "a1" * 18 + " end", "a1a1a1", "end"),
    ("curl -u 'alice:hunter2' https://example.com", "hunter2", "alice"),
    ("curl --user=alice:hunter2 x", "hunter2", "alice"),
    ("Authorization: Basic YTpi", "YTpi", "Basic"),
    ('net user "bob smith" hunter2 /add', "hunter2", "bob smith"),
    ('"C:\\t\\psexec.exe" -u a -p hunter2 cmd', "hunter2", "-u a"),
    ("dbpassword=hunter2 userPassword: hunter2", "hunter2", "dbpassword"),
    ("schtasks /create /ru a /rp hunter2 /tn x", "hunter2", "/tn x"),
    ("net use X: \\\\srv\\share hunter2 /user:a", "hunter2", "/user:a"),
    ('{"password": "ab\\"cdhunter2"}', "hunter2", "password"),
    ("password => hunter2", "hunter2", "password"),
    ("github_pat_" + "a1" * 20 + " end", "a1a1a1", "end"),
    (
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nMIIabc\n-----END RSA PRIVATE KEY----- end",
        "MIIabc",
        "end",
    ),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY----- end", "MIIabc", "end"),
]


@pytest.mark.parametrize(("text", "gone", "stays"), SECRETS, ids=lambda each: str(each)[:24])
def test_a_secret_is_taken_out_and_the_rest_stays(text: str, gone: str, stays: str) -> None:
    shown = PLAIN.text(text, None)
    assert gone not in shown
    assert stays in shown
    assert MARK in shown


@pytest.mark.parametrize(
    "text",
    [
        "ET SCAN Suspicious inbound to mySQL port 3306",
        "C:\\Windows\\System32\\cmd.exe /c whoami /all",
        "powershell -nop -w hidden -enc SQBFAFgA",
        "net user /domain",
        "net user",
        "sshd[1]: Failed password for invalid user x from 192.0.2.1 port 22 ssh2",
        "https://example.com:8080/a:b@c",
        "monkey=3 turkey: 4 passport=no",
        '{"signature":"ET MALWARE Loader","signature_id":2001}',
        "Basic authentication failed",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert PLAIN.text(text, None) == text


def test_full_changes_nothing() -> None:
    alert = replace(row().alert, user="alice", url="https://a:hunter2@example.com/")
    assert not Redaction().active
    assert Redaction().alert(alert) is alert


@given(st.text(max_size=400))
def test_any_text_can_be_redacted_and_redacting_twice_leaks_nothing_more(text: str) -> None:
    once = PLAIN.text(text, "alice")
    assert isinstance(once, str)
    assert isinstance(PLAIN.text(once, "alice"), str)


@pytest.mark.parametrize(
    "piece",
    [
        "password",
        "password ",
        "password=",
        "-u a",
        "://a:",
        "://a:b",
        "bearer ",
        "eyj-",
        "eyjaaaaaaaa.",
        "mysql -",
        "mysql ",
        "net user a ",
        "-----begin private key-----",
        "-----begin ",
        "akia",
        "xoxb-",
        '\\"token\\":',
    ],
)
def test_time_is_linear_in_an_adversarial_text(piece: str) -> None:
    def took(size: int) -> float:
        text = piece * (size // len(piece))
        best = 9.9
        for _ in range(3):
            began = time.process_time()
            PLAIN.text(text, None)
            best = min(best, time.process_time() - began)
        return best

    # Four times the text, and far less than the sixteen times that a quadratic pattern takes.
    assert took(160_000) < 9 * max(took(40_000), 0.002)


def alert() -> Alert:
    return replace(
        row().alert,
        title="Login of alice",
        user="EXAMPLE\\Alice",
        message="alice@example.com logged on; malice stays",
        process=Process(command_line="net user alice hunter2 /add", name="net.exe"),
        url="https://example.com/?token=hunter2",
        unmapped={
            "who": ["alice"],
            "password": "hunter2",
            "n": 3,
            "deep": {"dbPassword": ["hunter2"], "x": "alice"},
        },
    )


def test_names_become_pseudonyms_everywhere_in_the_alert() -> None:
    shown = NAMED.alert(alert())
    text = repr(shown).lower()
    assert "hunter2" not in text
    assert "alice" not in text.replace("malice", "")
    assert shown.user == NAMED.pseudonym("example\\ALICE")
    assert shown.unmapped is not None
    assert shown.unmapped["n"] == 3


def test_a_pseudonym_is_the_keys_own() -> None:
    other = Redaction("redacted", b"another key, as long")
    assert NAMED.pseudonym("alice") == NAMED.pseudonym("ALICE")
    assert NAMED.pseudonym("alice") not in (NAMED.pseudonym("bob"), other.pseudonym("alice"))
    assert len({Redaction().digest, PLAIN.digest, NAMED.digest, other.digest}) == 4
    assert KEY.decode() not in NAMED.digest


def test_the_entity_of_a_user_is_a_pseudonym_too() -> None:
    assert NAMED.entity("user:corp\\alice", "CORP\\Alice") == "user:" + NAMED.pseudonym("CORP\\alice")
    assert NAMED.entity("user:" + "a" * 160 + "~hash", "a" * 300) == "user:" + NAMED.pseudonym("a" * 300)
    assert NAMED.entity("rule:d/password=hunter2", None) == "rule:d/password=[redacted]"
    assert NAMED.entity("ip:10.1.1.1", "alice") == "ip:10.1.1.1"
    assert PLAIN.entity("user:alice", "alice") == "user:alice"


@pytest.mark.parametrize(
    "field", ["category", "rule_id", "source_uid", "device_id", "dns_query", "detector", "severity_text"]
)
def test_no_text_of_the_alert_keeps_a_secret(field: str) -> None:
    shown = NAMED.alert(replace(alert(), **{field: "password=hunter2"}))
    assert getattr(shown, field) == "password=[redacted]"


def test_neither_ends_nor_stated_techniques_nor_reasons_keep_one() -> None:
    said = "T1059 - password=hunter2"
    told = replace(
        alert(), dst=Endpoint(name="password=hunter2"), techniques=(said,), process=Process(name="alice.exe")
    )
    hint = rows.HINT._replace(evidence=said, as_received=said)
    reason = LOW.reasons[0]._replace(detail=said)
    decision = LOW._replace(reasons=(reason,))
    shown = row(told, hints=(hint,), raw=b'{"password":"hunter2"}')
    value, _ = encode(shown, SCORE, decision, replace(context(), redaction=NAMED))
    assert b"hunter2" not in value
    assert b"alice" not in value.lower().replace(b"malice", b"")


@pytest.mark.parametrize(
    ("raw", "user"),
    [
        (b'{"user":"J\\u00fcrgen"}', "Jürgen"),
        (b'{"user":"CORP\\\\ab"}', "CORP\\ab"),
        ('{"user":"alice","password":"hunter2"}'.encode("utf-16"), "alice"),
    ],
)
def test_a_name_is_found_in_the_original_as_it_was_written(raw: bytes, user: str) -> None:
    shown = row(replace(alert(), user=user), raw=raw)
    value, _ = encode(shown, SCORE, LOW, replace(context(), redaction=NAMED))
    said = orjson.loads(value)["raw_data"]
    assert NAMED.pseudonym(user) in said
    assert "hunter2" not in said
    assert "\x00" not in said


def test_the_original_stays_json_where_it_was() -> None:
    raw = b'{"signature":"ET MALWARE Loader","password":"hunter2","n":1}'
    value, _ = encode(row(alert(), raw=raw), SCORE, LOW, replace(context(), redaction=PLAIN))
    assert orjson.loads(orjson.loads(value)["raw_data"]) == {
        "signature": "ET MALWARE Loader",
        "password": MARK,
        "n": 1,
    }


def test_a_large_original_is_looked_through_to_a_bound_and_cut_there() -> None:
    raw = b'{"x":"' + b"mysql " * 170_000 + b'"}'
    began = time.process_time()
    value, _ = encode(row(alert(), raw=raw), SCORE, LOW, replace(context(), redaction=PLAIN))
    assert time.process_time() - began < 5
    doc = orjson.loads(value)
    assert len(doc["raw_data"]) == LOOKED_AT
    assert doc["metadata"]["is_truncated"]


def test_none_writes_neither_the_original_nor_the_rest() -> None:
    shown = replace(row(), alert=alert(), raw=b'{"password":"hunter2"}')
    whole = event(shown, SCORE, LOW, replace(context(), redaction=Redaction("none")))
    assert "raw_data" not in whole
    assert "source" not in whole["unmapped"]
    assert whole["raw_data_size"] == len(shown.raw)
    assert whole["raw_data_hash"]["algorithm"] == "SHA-256"


def test_the_original_is_redacted_and_its_hash_is_of_what_came() -> None:
    shown = replace(row(), alert=alert(), raw=b'{"user":"alice","password":"hunter2"}')
    value, _ = encode(shown, SCORE, LOW, replace(context(), redaction=NAMED))
    plain, _ = encode(shown, SCORE, LOW, context())
    doc, full = orjson.loads(value), orjson.loads(plain)
    assert "hunter2" not in value.decode()
    assert "alice" not in value.decode().lower().replace("malice", "")
    assert doc["raw_data_hash"] == full["raw_data_hash"]
    assert full["raw_data"] == shown.raw.decode()
    assert full["unmapped"]["source"]["n"] == 3
