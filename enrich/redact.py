"""What is taken out of an event before it is written: secrets in texts, the original, names of users.

Only the event changes: rules, models and history see the alert as it came. A dead letter keeps its original
bytes, because nothing could be read of it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import Any, Final, Literal

from enrich.alert import Alert, Process

RawData = Literal["full", "redacted", "none"]
# What stands where something was taken out. No two secrets can be told apart, or told to be the same, by it.
MARK: Final = "[redacted]"
# Shorter names ("a", "sa") would be found in every other word.
NAME_MIN: Final = 3
# Levels of ``unmapped.source`` that are looked through; ``parse_bytes`` gives no more.
DEPTH: Final = 128

_NAMES: Final = "|".join(
    (
        "pass(?:word|wd|phrase|code)?|pwd|secret|credentials?|token|sig|signature",
        "(?:client|shared)[_-]?secret|(?:access|refresh|id|auth|session)[_-]?token",
        "(?:api|access|account|private)[_-]?key|session[_-]?id",
        "x-amz-(?:signature|security-token|credential)",
    )
)
# Programs that take a password after -p, -pw or -P, with or without a blank.
_PROGRAMS: Final = "mysql|mysqldump|mysqladmin|psexec(?:64)?|paexec|plink|pscp|pslist|winexe|sshpass|hydra"
_START: Final = "(?<![a-z0-9])"
# A value, bare or in quotation marks, also in those of a JSON text within a JSON text.
_VALUE: Final = r"""(\\?"[^"\\]{1,512}(?:\\?")?|'[^']{1,512}'?|[^\s&"',;|<>\\)\]}]{1,512})"""  # fmt: skip
# (what stands before a secret, the secret). Each begins with words of its own, and no repeat is without a
# bound or can begin inside another: linear on any text.
_SECRETS: Final = (
    # password=…, "token": "…", /password:…
    (rf"""({_START}(?:{_NAMES})\\?["']?\s{{0,4}}[=:]\s{{0,4}})""", _VALUE),
    # --api-key …, -Password …, ConvertTo-SecureString …
    (rf"({_START}(?:(?:--?|/)(?:{_NAMES}|pw)|convertto-securestring(?:\s{{1,4}}-string)?)\s{{1,4}})", _VALUE),
    # Authorization: Bearer …, Basic …
    (rf"({_START}(?:bearer|basic)\s{{1,4}})", "([a-z0-9+/=._~-]{8,2048})"),
    # https://user:secret@host
    (r"""(://[^\s/:@"']{1,128}:)""", r"""([^\s/@"']{1,256})(?=@)"""),
    # curl -u user:secret
    (rf"""({_START}(?:-u|--user)\s{{1,4}}[^\s:"']{{1,128}}:)""", r"""([^\s"']{1,256})"""),
    # net user NAME SECRET
    (rf"({_START}net1?(?:\.exe)?\s{{1,4}}user\s{{1,4}}[^\s/]{{1,128}}\s{{1,4}})", r"([^\s/*][^\s]{0,256})"),
    # psexec … -p SECRET, mysql -pSECRET
    (
        rf"({_START}(?:{_PROGRAMS})(?:\.exe)?\s[^|;&\n]{{0,128}}?(?<=\s)-pw?\s{{0,2}})",
        r"([^\s-][^\s]{0,256})",
    ),
    # Keys that are known by their own form: of AWS, GitHub, Slack; JSON Web Tokens; PEM.
    ("()", r"((?<![a-z0-9_-])(?:a[ks]ia[0-9a-z]{16}|gh[pousr]_[0-9a-z]{36,255}))"),
    ("()", r"((?<![a-z0-9_-])xox[abeoprs]-[0-9a-z-]{10,255})"),
    ("()", r"((?<![a-z0-9_-])eyj[a-z0-9_-]{8,2048}\.[a-z0-9_-]{4,4096}\.[a-z0-9_-]{0,4096})"),
    (
        "()",
        r"((?<!-)-----begin [a-z ]{0,32}private key-----[^-]{0,16384}"
        r"(?:-----end [a-z ]{0,32}private key-----)?)",
    ),
)
_SECRET: Final = re.compile("|".join(before + secret for before, secret in _SECRETS), re.IGNORECASE)


@dataclass(frozen=True)
class Redaction:
    """What the operator asked for. Part of the context.

    raw_data: "full": nothing is taken out. "redacted": secrets are, of every text and of ``raw_data``.
        "none": the same, and neither ``raw_data`` nor ``unmapped.source`` is written.
    key: at least 16 bytes: names of users become pseudonyms made with it; None: they stay.
    """

    raw_data: RawData = "full"
    key: bytes | None = None

    @property
    def active(self) -> bool:
        """Whether anything is taken out."""
        return self.raw_data != "full" or self.key is not None

    @cached_property
    def digest(self) -> str:
        """Hash of what can change an event; of the key, nothing can be told from it."""
        proof = "" if self.key is None else blake2b(b"context", key=self.key[:64], digest_size=8).hexdigest()
        return f"{self.raw_data}:{proof}"

    def pseudonym(self, name: str) -> str:
        """Return the name as it goes out: the same for the same name, in any case, under the same key."""
        if self.key is None:
            return name
        digest = blake2b(name.casefold().encode("utf-8", "replace"), key=self.key[:64], digest_size=8)
        return f"user-{digest.hexdigest()}"

    def alert(self, alert: Alert) -> Alert:
        """Return the alert as it goes out."""
        if not self.active:
            return alert
        user, process = alert.user, alert.process
        return replace(
            alert,
            title=self.text(alert.title, user),
            message=self._maybe(alert.message, user),
            user=user if user is None else self.pseudonym(user),
            process=None if process is None else self._process(process, user),
            url=self._maybe(alert.url, user),
            user_agent=self._maybe(alert.user_agent, user),
            file_path=self._maybe(alert.file_path, user),
            unmapped=None
            if alert.unmapped is None or self.raw_data == "none"
            else {self.text(key, user): self._value(item, user) for key, item in alert.unmapped.items()},
        )

    def entity(self, entity: str) -> str:
        """Return an entity as it goes out, in the event and as the record's key."""
        kind, colon, name = entity.partition(":")
        if self.key is None or kind != "user":
            return entity
        return f"{kind}{colon}{self.pseudonym(name)}"

    def text(self, text: str, user: str | None) -> str:
        """Return a text without secrets, and with the pseudonym where the user's name stands in it."""
        if self.raw_data != "full":
            text = _SECRET.sub(_marked, text)
        if self.key is not None and user is not None and len(user) >= NAME_MIN:
            text = _whole_words(user).sub(self.pseudonym(user), text)
        return text

    def _maybe(self, text: str | None, user: str | None) -> str | None:
        return None if text is None else self.text(text, user)

    def _process(self, process: Process, user: str | None) -> Process:
        return replace(
            process,
            path=self._maybe(process.path, user),
            command_line=self._maybe(process.command_line, user),
        )

    def _value(self, value: Any, user: str | None) -> Any:
        if type(value) is str:
            return self.text(value, user)
        if isinstance(value, list):
            return [self._value(item, user) for item in value]
        if isinstance(value, Mapping):
            return {self.text(key, user): self._value(item, user) for key, item in value.items()}
        return value


def _marked(match: "re.Match[str]") -> str:
    # lastindex is the secret's group, the one before it what stands before the secret.
    return str(match[(match.lastindex or 2) - 1]) + MARK


@lru_cache(1_024)
def _whole_words(name: str) -> "re.Pattern[str]":
    # A domain before it or after it belongs to the name: DOMAIN\name, name@domain.
    bare = name.rpartition("\\")[2].partition("@")[0]
    names = {name, bare} if len(bare) >= NAME_MIN else {name}
    either = "|".join(re.escape(each) for each in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?:{either})(?![\w-])", re.IGNORECASE)
