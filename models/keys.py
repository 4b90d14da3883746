"""Ed25519 keys: private ones that sign bundles, and the trust directory of public ones that are believed.

A private key is ``<keys>/<key id>.pem`` (PKCS8, not encrypted, mode 0600). Its public half is
``<trust>/<key id>.json``; whoever can write there decides which bundles are opened. The key id is the first
16 hex digits of the SHA-256 of the 32 public bytes. A *bootstrap* key was made by a fresh machine for itself:
it proves that the bundle was not changed, not that a person stands behind it, so production refuses it.
"""

import base64
import binascii
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

import orjson
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from enrich.errors import SettingsWrong
from models.files import Unreadable, file_bytes, locked, replace_file, sync_directory, write_new, writing

COMMENT_LIMIT: Final = 200
_COMMENT_RULE: Final = f"a key's comment is one line of at most {COMMENT_LIMIT} printable characters"
# A PKCS8 Ed25519 PEM is 119 bytes, a trust file below 1 KiB.
_FILE_LIMIT: Final = 4096
_KEY_ID: Final = re.compile(r"[0-9a-f]{16}")
_TRUST_FIELDS: Final = {"key_id": str, "public_key": str, "comment": str, "bootstrap": bool}


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, opened. ``repr`` shows its id only."""

    key_id: str
    private: Ed25519PrivateKey = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the signature; the same for the same message."""
        return self.private.sign(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """A public key. public: its 32 raw bytes. comment: for people, one line, at most COMMENT_LIMIT."""

    key_id: str
    public: bytes
    comment: str
    bootstrap: bool


@dataclass(frozen=True, slots=True)
class Trust:
    """The keys of a trust directory by id; in production bootstrap keys among them do not count."""

    keys: Mapping[str, TrustedKey]
    production: bool = False

    def problem(self, key_id: str, signature: bytes, message: bytes) -> str | None:
        """Return why this signature over exactly these bytes is not believed; None: it is."""
        key = self.keys.get(key_id)
        if key is None:
            return (
                f"is signed by key {key_id}, which is not trusted here: if you know whose it is, "
                "`millrace keys trust FILE`"
            )
        if key.bootstrap and self.production:
            return (
                f"is signed by bootstrap key {key_id}, refused when MILLRACE_ENV=production: "
                "sign with a key of `millrace keys new`"
            )
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
        except InvalidSignature:
            return (
                f"does not match its signature by key {key_id}: one of the two was changed: restore it, or "
                "make and sign it anew"
            )
        return None


def new_key(keys_dir: Path, trust_dir: Path, *, comment: str, bootstrap: bool = False) -> SigningKey:
    """Make a key pair, keep the private half in keys_dir (0700; the file 0600) and trust the public one."""
    if not _good_comment(comment):
        raise SettingsWrong(_COMMENT_RULE)
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    key = SigningKey(_key_id(public), private)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with writing(keys_dir):
        keys_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if keys_dir.stat().st_mode & 0o022:
            raise SettingsWrong(f"keys directory {keys_dir}: others may write here: chmod 700 {keys_dir}")
        write_new(private_path(keys_dir, key.key_id), pem, 0o600)
        sync_directory(keys_dir)
    trust(trust_dir, TrustedKey(key_id=key.key_id, public=public, comment=comment, bootstrap=bootstrap))
    return key


def bootstrap_key(keys_dir: Path, trust_dir: Path) -> SigningKey:
    """Return this machine's bootstrap key, made on the spot when there is none yet."""
    trusted = trusted_keys(trust_dir).keys
    for key_id in private_ids(keys_dir):
        if key_id in trusted and trusted[key_id].bootstrap:
            return load_key(private_path(keys_dir, key_id))
    comment = f"bootstrap key of {os.uname().nodename}"
    return new_key(keys_dir, trust_dir, comment=comment[:COMMENT_LIMIT], bootstrap=True)


def load_key(path: Path) -> SigningKey:
    """Open a private key. Raises SettingsWrong: missing, readable by others, not an Ed25519 key."""
    try:
        others_may_read = path.stat().st_mode & 0o077
        content = file_bytes(path, _FILE_LIMIT, follow=True)
    except FileNotFoundError:
        raise SettingsWrong(f"private key {path}: is missing: make one with `millrace keys new`") from None
    except (Unreadable, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise SettingsWrong(f"private key {path}: {reason}: give a file of the keys directory") from None
    if others_may_read:
        raise SettingsWrong(f"private key {path}: others may read it: chmod 600 {path}")
    try:
        private = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise SettingsWrong(
            f"private key {path}: not an Ed25519 private key in PEM without a passphrase: "
            "make one with `millrace keys new`"
        )
    return SigningKey(_key_id(private.public_key().public_bytes_raw()), private)


def private_path(keys_dir: Path, key_id: str) -> Path:
    return keys_dir / f"{key_id}.pem"


def private_ids(keys_dir: Path) -> tuple[str, ...]:
    """Return the ids of the private keys kept here, sorted; none of them is opened."""
    return tuple(sorted(path.stem for path in keys_dir.glob("*.pem") if _KEY_ID.fullmatch(path.stem)))


def trusted_keys(trust_dir: Path, production: bool = False) -> Trust:
    """Read every ``*.json`` of the trust directory. A missing directory is one that trusts nobody.

    Links are followed and modes not judged: the directory is the operator's word, and a mounted Kubernetes
    ConfigMap consists of links. Raises SettingsWrong naming a file that is not what it should be.
    """
    keys = {}
    for path in sorted(trust_dir.glob("[!.]*.json")):
        key = read_public(path)
        if path.stem != key.key_id:
            raise SettingsWrong(f"trusted key {path}: holds key {key.key_id}: rename it to {key.key_id}.json")
        keys[key.key_id] = key
    return Trust(keys, production)


def trust(trust_dir: Path, key: TrustedKey) -> Path:
    """Add a public key; return its file. Raises SettingsWrong if the id is there with other facts."""
    if not _good_comment(key.comment):
        raise SettingsWrong(_COMMENT_RULE)
    path = trust_dir / f"{key.key_id}.json"
    with writing(trust_dir):
        trust_dir.mkdir(mode=0o755, parents=True, exist_ok=True)
        with locked(trust_dir):
            if not path.exists():
                replace_file(path, _trust_file(key))
            elif read_public(path) != key:
                raise SettingsWrong(
                    f"{path}: already there with another comment or bootstrap flag: "
                    f"`millrace keys distrust {key.key_id}` first"
                )
    return path


def distrust(trust_dir: Path, key_id: str) -> None:
    """Take a public key away: bundles signed by it are refused from the next load on."""
    path = trust_dir / f"{key_id}.json"
    if _KEY_ID.fullmatch(key_id) is None or not path.exists():
        raise SettingsWrong(f"key {key_id!r} is not trusted here: see `millrace keys list`")
    with writing(trust_dir):
        path.unlink()
        sync_directory(trust_dir)


def read_public(path: Path, comment: str = "") -> TrustedKey:
    """Read a public key: a trust file (JSON), or a PEM public key, which gets ``comment``.

    Raises SettingsWrong in one line: missing, a private key, not Ed25519, an id that is not the key's.
    """
    try:
        content = file_bytes(path, _FILE_LIMIT, follow=True)
    except Unreadable as error:
        raise SettingsWrong(f"public key {path}: {error}: give a file of a trust directory") from None
    if b"PRIVATE KEY" in content:
        raise SettingsWrong(f"public key {path}: is a private key: give its public half, keep this one")
    try:
        if content.lstrip().startswith(b"-----BEGIN"):
            return _from_pem(content, comment)
        return _from_json(content)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SettingsWrong(f"public key {path}: {error}: not an Ed25519 public key of Millrace") from None


def _from_pem(content: bytes, comment: str) -> TrustedKey:
    public = serialization.load_pem_public_key(content)
    if not isinstance(public, Ed25519PublicKey):
        raise ValueError("a key of another kind")
    raw = public.public_bytes_raw()
    return TrustedKey(key_id=_key_id(raw), public=raw, comment=comment, bootstrap=False)


def _from_json(content: bytes) -> TrustedKey:
    doc = orjson.loads(content)
    if not isinstance(doc, dict) or {name: type(value) for name, value in doc.items()} != _TRUST_FIELDS:
        raise ValueError("fields are not " + ", ".join(_TRUST_FIELDS))
    try:
        public = base64.b64decode(doc["public_key"], validate=True)
    except binascii.Error:
        raise ValueError("public_key is not base64") from None
    if len(public) != 32:
        raise ValueError("public_key is not 32 bytes")
    if doc["key_id"] != _key_id(public):
        raise ValueError("key_id is not the id of public_key")
    if not _good_comment(doc["comment"]):
        raise ValueError(_COMMENT_RULE)
    return TrustedKey(key_id=doc["key_id"], public=public, comment=doc["comment"], bootstrap=doc["bootstrap"])


def _trust_file(key: TrustedKey) -> bytes:
    doc = {
        "key_id": key.key_id,
        "public_key": base64.b64encode(key.public).decode(),
        "comment": key.comment,
        "bootstrap": key.bootstrap,
    }
    return orjson.dumps(doc, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _key_id(public: bytes) -> str:
    return sha256(public).hexdigest()[:16]


def _good_comment(comment: str) -> bool:
    return len(comment) <= COMMENT_LIMIT and comment.isprintable()
