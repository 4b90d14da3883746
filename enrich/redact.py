"""What is taken out of an event before it is written: secrets in texts, the original, names of users.

Only the event changes: rules, models and history see the alert as it came. A dead letter keeps its original
bytes, because nothing could be read of it. The patterns are in ``secrets``.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import Any, Final, Literal

from enrich.alert import Alert, Endpoint, Process
from enrich.attack import Hint
from enrich.row import Decision
from enrich.secrets import MARK, is_secret_key, marked

RawData = Literal["full", "redacted", "none"]
# Shorter names ("a", "sa") would be found in every other word.
NAME_MIN: Final = 3
# Bytes of the original that are looked through, and characters of ``unmapped.source``: what is beyond is cut
# off, so that no record takes the core longer than a tenth of a second.
LOOKED_AT: Final = 131_072
# Fields of Alert that may hold what people typed. The others are words of ours or of a closed list.
_TEXTS: Final = (
    *("title", "category", "message", "description", "rule_id", "source_uid", "detector", "device_id"),
    *("severity_text", "app_proto", "url", "http_method", "user_agent", "dns_query", "file_path"),
)


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
        changes: dict[str, Any] = {name: self._maybe(getattr(alert, name), user) for name in _TEXTS}
        changes |= {name: self._end(getattr(alert, name), user) for name in ("src", "dst", "device")}
        changes |= {
            name: tuple([self.text(each, user) for each in getattr(alert, name)])
            for name in ("techniques", "tactics", "false_positives", "tags")
        }
        changes["user"] = user if user is None else self.pseudonym(user)
        changes["process"] = None if process is None else self._process(process, user)
        changes["unmapped"] = self._rest(alert.unmapped, user)
        return replace(alert, **changes)

    def entity(self, entity: str, user: str | None) -> str:
        """Return an entity as it goes out, in the event and as the record's key. user: of its alert."""
        kind, colon, name = entity.partition(":")
        if not self.active or kind == "ip":
            return entity
        if kind == "user":
            return f"{kind}{colon}{self.pseudonym(user or name)}"
        return f"{kind}{colon}{self.text(name, user)}"

    def hints(self, hints: tuple[Hint, ...], user: str | None) -> tuple[Hint, ...]:
        """Return the hints as they go out: a stated value is a text of the source."""
        return tuple(
            [
                hint._replace(
                    evidence=self.text(hint.evidence, user), as_received=self._maybe(hint.as_received, user)
                )
                for hint in hints
            ]
        )

    def decision(self, decision: Decision, user: str | None) -> Decision:
        """Return the decision as it goes out: reasons repeat what hints and tables say."""
        reasons = [each._replace(detail=self.text(each.detail, user)) for each in decision.reasons]
        return decision._replace(reasons=tuple(reasons))

    def text(self, text: str, user: str | None) -> str:
        """Return a text without secrets, and with the pseudonym where the user's name stands in it."""
        if self.raw_data != "full":
            text = marked(text)
        if self.key is not None and user is not None and len(user) >= NAME_MIN:
            text = _whole_words(user).sub(self.pseudonym(user), text)
        return text

    def _maybe(self, text: str | None, user: str | None) -> str | None:
        return None if text is None else self.text(text, user)

    def _end(self, end: Endpoint, user: str | None) -> Endpoint:
        return end if end.name is None else replace(end, name=self.text(end.name, user))

    def _process(self, process: Process, user: str | None) -> Process:
        names = ("name", "path", "command_line", "parent_name")
        said: dict[str, Any] = {name: self._maybe(getattr(process, name), user) for name in names}
        return replace(process, **said)

    def _rest(self, rest: Mapping[str, Any] | None, user: str | None) -> dict[str, Any] | None:
        if rest is None or self.raw_data == "none":
            return None
        left = [LOOKED_AT]
        found: dict[str, Any] = self._value(rest, user, left)
        return found if left[0] >= 0 else None

    def _value(self, value: Any, user: str | None, left: list[int]) -> Any:
        """Keys stay: they are the source's. What stands under one that names a secret is one."""
        if type(value) is str:
            left[0] -= len(value)
            return self.text(value, user) if left[0] >= 0 else MARK
        if isinstance(value, list):
            return [self._value(item, user, left) for item in value]
        if isinstance(value, Mapping):
            secret = self.raw_data != "full"
            return {
                key: MARK
                if secret and item is not None and is_secret_key(key)
                else self._value(item, user, left)
                for key, item in value.items()
            }
        return value


@lru_cache(1_024)
def _whole_words(name: str) -> "re.Pattern[str]":
    # A domain before it or after it belongs to the name: DOMAIN\name, name@domain. And in the original it may
    # stand as JSON writes it.
    bare = name.rpartition("\\")[2].partition("@")[0]
    names = {name, bare} if len(bare) >= NAME_MIN else {name}
    names |= {json.dumps(each, ensure_ascii=plain)[1:-1] for each in names for plain in (True, False)}
    either = "|".join(re.escape(each) for each in sorted(names, key=lambda each: (-len(each), each)))
    return re.compile(rf"(?<![\w-])(?:{either})(?![\w-])", re.IGNORECASE)
