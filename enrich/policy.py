"""The policy: what a person must see. Parsed from TOML once, checked then, and immutable after."""

import re
from collections.abc import Mapping
from datetime import datetime
from fnmatch import translate
from functools import cached_property
from hashlib import blake2b
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from enrich.alert import Alert
from enrich.attack import Hint
from enrich.errors import SettingsWrong


def wildcard(text: str) -> re.Pattern[str]:
    """Return the pattern of a text in which ``*`` and ``?`` are wildcards, and nothing else is; any case."""
    return re.compile(translate(text.replace("[", "[[]")), re.IGNORECASE)


Text = Annotated[str, Field(min_length=1, max_length=200)]
Share = Annotated[float, Field(ge=0, le=100)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Match(_Strict):
    """Which alerts a rule speaks of: every field given must match. ``*`` and ``?`` are wildcards."""

    reason: Text
    detector: Text | None = None
    rule: Text | None = None
    title: Text | None = None
    entity: Text | None = None
    technique: Text | None = None
    stated_severity_at_least: Annotated[int, Field(ge=1, le=5)] | None = None

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if not (self._patterns or self.stated_severity_at_least):
            raise ValueError("says no detector, rule, title, entity, technique or stated_severity_at_least")
        return self

    @cached_property
    def _patterns(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        names = ("detector", "rule", "title", "entity", "technique")
        given = ((name, getattr(self, name)) for name in names)
        return tuple((name, wildcard(text)) for name, text in given if text)

    def matches(self, alert: Alert, entity: str, hints: tuple[Hint, ...]) -> bool:
        """Whether the rule speaks of this alert. It reads what the source states, never a model's view."""
        if (
            self.stated_severity_at_least is not None
            and (alert.severity_id or 0) < self.stated_severity_at_least
        ):
            return False
        for name, pattern in self._patterns:
            if name == "technique":
                if not any(pattern.match(hint.uid) for hint in hints):
                    return False
                continue
            value = {
                "detector": alert.detector,
                "rule": alert.rule_id,
                "title": alert.title,
                "entity": entity,
            }[name]
            if not pattern.match(value):
                return False
        return True


class Never(Match):
    """A muted kind of alert. ``until`` is compared with the alert's time: a replay decides the same."""

    until: datetime | None = None

    @field_validator("until")
    @classmethod
    def _has_zone(cls, until: datetime | None) -> datetime | None:
        if until is not None and until.tzinfo is None:
            raise ValueError("needs a time zone, as in 2027-01-31T00:00:00Z")
        return until

    @cached_property
    def until_ms(self) -> int | None:
        """Expiry in milliseconds since 1970, None for never."""
        return None if self.until is None else int(self.until.timestamp() * 1000)


class Suppress(_Strict):
    """Per rule and entity: after ``count`` escalations within ``minutes``, hold the rest back, counted."""

    rule: Text = "*"
    entity: Text = "*"
    minutes: Annotated[int, Field(ge=1, le=1440)]
    count: Annotated[int, Field(ge=1, le=1000)] = 1

    @cached_property
    def patterns(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        """Of rule and entity."""
        return wildcard(self.rule), wildcard(self.entity)


class Escalate(_Strict):
    """A fixed threshold, or a capacity per day that the threshold follows."""

    threshold: Annotated[float, Field(ge=0, le=100)] | None = None
    capacity_per_day: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    floor: Annotated[float, Field(ge=0, le=100)] = 40.0

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.threshold is None) == (self.capacity_per_day is None):
            raise ValueError("give either threshold or capacity_per_day")
        return self


class Points(_Strict):
    """What tables add to the priority, in points. asset_criticality: of low, medium, high, critical."""

    asset_criticality: tuple[Share, Share, Share, Share] = (0.0, 0.0, 5.0, 10.0)
    indicator: Share = 10.0


class Policy(_Strict):
    """The whole file. Order of force: sample, always, never, threshold or capacity, suppress."""

    version: Literal[1]
    escalate: Escalate
    points: Points = Points()
    always: tuple[Match, ...] = ()
    never: tuple[Never, ...] = ()
    suppress: tuple[Suppress, ...] = ()

    @classmethod
    def parse(cls, doc: Mapping[str, Any], name: str = "policy") -> "Policy":
        """Check a parsed TOML document. Raises SettingsWrong with one line that names the first wrong key."""
        try:
            return cls.model_validate(doc)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "the file"
            raise SettingsWrong(f"{name}: {place}: {first['msg'].removeprefix('Value error, ')}") from None

    @cached_property
    def digest(self) -> str:
        """Hash of what it says, not of how it was written."""
        return blake2b(self.model_dump_json().encode(), digest_size=8).hexdigest()
