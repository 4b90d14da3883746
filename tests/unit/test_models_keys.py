"""Keys: who may read them, which are believed, and that a wrong file ends in one line."""

import os
import stat
from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from enrich.errors import SettingsWrong
from models.keys import (
    SigningKey,
    bootstrap_key,
    distrust,
    load_key,
    new_key,
    private_ids,
    private_path,
    read_public,
    trust,
    trusted_keys,
)

PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8


def made(root: Path, bootstrap: bool = False) -> SigningKey:
    return new_key(root / "keys", root / "trust", comment="detection team", bootstrap=bootstrap)


def refusal(path: Path) -> str:
    with pytest.raises(SettingsWrong) as raised:
        load_key(path)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def public_refusal(path: Path) -> str:
    with pytest.raises(SettingsWrong) as raised:
        read_public(path)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_private_key_and_its_directory_are_for_their_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        key = made(tmp_path)
    finally:
        os.umask(before)
    path = private_path(tmp_path / "keys", key.key_id)
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)] == [0o600, 0o700]


def test_a_private_key_that_is_kept_signs_the_same(tmp_path: Path) -> None:
    key = made(tmp_path)
    again = load_key(private_path(tmp_path / "keys", key.key_id))
    assert (again.key_id, again.sign(b"x")) == (key.key_id, key.sign(b"x"))


def test_the_repr_of_a_key_shows_its_id_only(tmp_path: Path) -> None:
    key = made(tmp_path)
    assert repr(key) == f"SigningKey(key_id='{key.key_id}')"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_private_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = private_path(tmp_path / "keys", made(tmp_path).key_id)
    path.chmod(mode)
    assert f"chmod 600 {path}" in refusal(path)


def test_a_keys_directory_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys").chmod(0o777)
    with pytest.raises(SettingsWrong, match="chmod 700"):
        made(tmp_path)


def test_a_missing_private_key_says_how_to_make_one(tmp_path: Path) -> None:
    assert "millrace keys new" in refusal(tmp_path / "nothing.pem")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a key",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        generate_private_key(SECP256R1()).private_bytes(PEM, PKCS8, serialization.NoEncryption()),
        Ed25519PrivateKey.generate().private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(b"x")),
        Ed25519PrivateKey.generate()
        .public_key()
        .public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        b"x" * 5000,
    ],
    ids=["empty", "text", "broken", "another curve", "with a passphrase", "public", "too large"],
)
def test_what_is_no_private_key_of_ours_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "wrong.pem"
    path.touch(0o600)
    path.write_bytes(content)
    assert str(path) in refusal(path)


def test_a_fifo_in_place_of_a_key_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pem", 0o600)
    assert "not a regular file" in refusal(tmp_path / "pipe.pem")


def test_a_new_key_is_trusted_with_its_comment(tmp_path: Path) -> None:
    key = made(tmp_path)
    trusted = trusted_keys(tmp_path / "trust").keys[key.key_id]
    assert (trusted.comment, trusted.bootstrap) == ("detection team", False)


def test_a_missing_trust_directory_trusts_nobody(tmp_path: Path) -> None:
    assert trusted_keys(tmp_path / "trust").keys == {}


def test_a_signature_of_a_trusted_key_is_believed(tmp_path: Path) -> None:
    key = made(tmp_path)
    assert trusted_keys(tmp_path / "trust").problem(key.key_id, key.sign(b"x"), b"x") is None


def test_a_signature_over_other_bytes_is_not_believed(tmp_path: Path) -> None:
    key = made(tmp_path)
    problem = trusted_keys(tmp_path / "trust").problem(key.key_id, key.sign(b"x"), b"y")
    assert problem is not None
    assert "does not match" in problem


def test_a_signature_under_the_name_of_another_trusted_key_is_not_believed(tmp_path: Path) -> None:
    key, other = made(tmp_path), made(tmp_path)
    assert trusted_keys(tmp_path / "trust").problem(other.key_id, key.sign(b"x"), b"x") is not None


def test_in_production_a_bootstrap_key_is_not_believed(tmp_path: Path) -> None:
    key = made(tmp_path, bootstrap=True)
    problem = trusted_keys(tmp_path / "trust", True).problem(key.key_id, key.sign(b"x"), b"x")
    assert problem is not None
    assert "MILLRACE_ENV=production" in problem


def test_a_key_that_is_distrusted_is_gone(tmp_path: Path) -> None:
    key = made(tmp_path)
    distrust(tmp_path / "trust", key.key_id)
    assert trusted_keys(tmp_path / "trust").keys == {}


@pytest.mark.parametrize("key_id", ["0123456789abcdef", "../keys/x", "", "*"])
def test_a_key_that_is_not_there_cannot_be_distrusted(tmp_path: Path, key_id: str) -> None:
    made(tmp_path)
    with pytest.raises(SettingsWrong, match="millrace keys list"):
        distrust(tmp_path / "trust", key_id)


def test_the_bootstrap_key_of_a_machine_is_made_once(tmp_path: Path) -> None:
    first, second = (bootstrap_key(tmp_path / "keys", tmp_path / "trust") for _ in range(2))
    assert first.key_id == second.key_id


def test_the_bootstrap_key_is_never_a_key_made_by_hand(tmp_path: Path) -> None:
    key = made(tmp_path)
    assert bootstrap_key(tmp_path / "keys", tmp_path / "trust").key_id != key.key_id


def test_a_public_key_travels_by_its_trust_file(tmp_path: Path) -> None:
    key = made(tmp_path)
    public = read_public(tmp_path / "trust" / f"{key.key_id}.json")
    trust(tmp_path / "elsewhere", public)
    assert trusted_keys(tmp_path / "elsewhere").keys == {key.key_id: public}


def test_a_public_key_may_come_as_pem(tmp_path: Path) -> None:
    key = made(tmp_path)
    path = tmp_path / "public.pem"
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    path.write_bytes(key.private.public_key().public_bytes(PEM, form))
    public = read_public(path, "mail from B.")
    assert (public.key_id, public.comment) == (key.key_id, "mail from B.")


def test_a_key_already_trusted_does_not_quietly_lose_its_bootstrap_mark(tmp_path: Path) -> None:
    key = made(tmp_path, bootstrap=True)
    path = tmp_path / "clean.json"
    doc = orjson.loads((tmp_path / "trust" / f"{key.key_id}.json").read_bytes())
    path.write_bytes(orjson.dumps(doc | {"bootstrap": False}))
    with pytest.raises(SettingsWrong, match="distrust"):
        trust(tmp_path / "trust", read_public(path))


def test_a_public_key_under_the_id_of_another_is_refused(tmp_path: Path) -> None:
    key, other = made(tmp_path), made(tmp_path)
    doc = orjson.loads((tmp_path / "trust" / f"{key.key_id}.json").read_bytes())
    path = tmp_path / "offered.json"
    path.write_bytes(orjson.dumps(doc | {"key_id": other.key_id}))
    assert "key_id is not the id of public_key" in public_refusal(path)


def test_a_private_key_is_not_taken_for_a_public_one(tmp_path: Path) -> None:
    path = private_path(tmp_path / "keys", made(tmp_path).key_id)
    assert "is a private key" in public_refusal(path)


@pytest.mark.parametrize(
    "change",
    [
        {"key_id": "0" * 16},
        {"public_key": "AAAA"},
        {"public_key": "no base64!"},
        {"comment": "two\nlines"},
        {"comment": "\x1b[31mred"},
        {"comment": "x" * 201},
        {"bootstrap": "no"},
        {"bootstrap": None},
        {"note": "unknown field"},
    ],
    ids=lambda change: str(change)[:40],
)
def test_a_trust_file_with_a_wrong_field_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    key = made(tmp_path)
    path = tmp_path / "trust" / f"{key.key_id}.json"
    path.write_bytes(orjson.dumps(orjson.loads(path.read_bytes()) | change))
    with pytest.raises(SettingsWrong, match=key.key_id):
        trusted_keys(tmp_path / "trust")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff\xfe", b"-----BEGIN PUBLIC KEY-----\nx"])
def test_what_is_no_public_key_of_ours_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "wrong.json"
    path.write_bytes(content)
    assert str(path) in public_refusal(path)


def test_a_trust_file_under_another_name_is_refused(tmp_path: Path) -> None:
    key = made(tmp_path)
    path = tmp_path / "trust" / f"{key.key_id}.json"
    path.rename(path.with_name("team.json"))
    with pytest.raises(SettingsWrong, match="rename"):
        trusted_keys(tmp_path / "trust")


def test_trust_files_may_be_links_as_in_a_config_map(tmp_path: Path) -> None:
    key = made(tmp_path)
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    (mounted / f"{key.key_id}.json").symlink_to(tmp_path / "trust" / f"{key.key_id}.json")
    assert list(trusted_keys(mounted).keys) == [key.key_id]


def test_private_keys_are_listed_without_being_opened(tmp_path: Path) -> None:
    key = made(tmp_path)
    private_path(tmp_path / "keys", key.key_id).write_bytes(b"spoilt")
    (tmp_path / "keys" / "other.pem").touch()
    assert private_ids(tmp_path / "keys") == (key.key_id,)
