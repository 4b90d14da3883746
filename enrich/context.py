"""The context: everything besides the record and the fold that can change a byte of an event."""

from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Final

from enrich.address import Networks
from enrich.alert import ENTITY_VERSION
from enrich.attack import AttackKnowledge
from enrich.features import FEATURES_HASH
from enrich.formats import Formats
from enrich.policy import Policy
from enrich.redact import Redaction
from enrich.tables import NO_TABLES, Tables

# Version of the event's own schema (unmapped.millrace); see docs/event.md for the promise that goes with it.
EVENT_VERSION: Final = "1.2"
# Raised with every change of code that changes a byte of some event.
CODE_VERSION: Final = "0.1.0"

PASSTHROUGH_BUNDLE: Final = "none"


@dataclass(frozen=True)
class Context:
    """Made once by the composition root, then passed down. Compare two by ``context_id``.

    source: the installation's name, part of every uid.
    partitions: of the raw topic: both folds are per partition, so the number is part of the context.
    bundle_id: of the models in use; "none" for passthrough. bootstrap: a machine trained them for itself.
    tables: what is known of addresses, hosts and users. A worker takes another context when one changes.
    extra: whatever else can change a byte, as (name, value): library versions, sources, time zone data.
    raw_limit: largest raw record in bytes that becomes an alert; larger ones are dead letters ``oversize``.
    raw_keep: most bytes of the original kept in ``raw_data`` (rest cut off and ``is_truncated`` said).
    redaction: what is taken out of an event before it is written.
    zone: IANA name of the time zone that hour, weekend and office hours are told in.
    """

    source: str
    partitions: int
    bundle_id: str
    bootstrap: bool
    formats: Formats
    attack: AttackKnowledge
    networks: Networks
    policy: Policy
    raw_limit: int = 1_048_576
    raw_keep: int = 1_048_576
    redaction: Redaction = field(default_factory=Redaction)
    zone: str = "UTC"
    code_version: str = CODE_VERSION
    extra: tuple[tuple[str, str], ...] = field(default=())
    tables: Tables = NO_TABLES

    @cached_property
    def context_id(self) -> str:
        """Hash of everything above, 16 hex digits."""
        parts = (
            self.code_version,
            EVENT_VERSION,
            str(ENTITY_VERSION),
            FEATURES_HASH,
            self.source,
            str(self.partitions),
            self.bundle_id,
            str(self.bootstrap),
            self.formats.digest,
            self.attack.digest,
            self.networks.digest,
            self.policy.digest,
            str(self.raw_limit),
            str(self.raw_keep),
            self.redaction.digest,
            self.zone,
            self.tables.digest,
            *(f"{name}={value}" for name, value in self.extra),
        )
        return blake2b("\x00".join(parts).encode(), digest_size=8).hexdigest()
