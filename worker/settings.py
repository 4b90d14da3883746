"""Every setting of Millrace, read once: environment over ``.env`` over TOML, then frozen.

A name that no setting has, or a value that cannot be one, stops the start with a line that names it.
Secrets are never settings: a setting names the file that holds one.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from platformdirs import user_state_path
from pydantic import Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from enrich.address import DEFAULT_NETWORKS
from enrich.errors import SettingsWrong
from worker.settings_files import ENV_FILE, PREFIX, place_of, toml_file, unknown
from worker.settings_types import Address, Cidrs, File, KafkaName, Listed, NamedFile, Seconds, Zone

MEBIBYTE: Final = 1_048_576
# Room that headers, keys and batch framing take beside a value, in an output topic's max.message.bytes.
FRAMING: Final = 65_536


class Settings(BaseSettings):
    """Field ``batch_rows`` is ``MILLRACE_BATCH_ROWS`` in the environment and ``batch_rows`` in TOML.

    The description of each field is its line in docs/settings.md (``python -m worker.settings_table``).
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ENV_FILE,
        env_ignore_empty=True,
        extra="ignore",  # settings_files.load names unknown ones itself, in all three sources
        frozen=True,
        hide_input_in_errors=True,
    )

    # Kafka: where
    bootstrap: Annotated[
        tuple[Address, ...], NoDecode, Listed, Field(min_length=1, description="Brokers to ask first.")
    ] = ("127.0.0.1:9092",)
    group: KafkaName = Field(default="millrace", description="Consumer group of the workers.")
    source: KafkaName = Field(
        default="millrace", description="Name of this installation, part of every event's uid."
    )
    topic_raw: KafkaName = Field(default="alerts.raw", description="Raw alerts, read by workers.")
    topic_enriched: KafkaName = Field(default="alerts.enriched", description="Every alert, enriched.")
    topic_escalated: KafkaName = Field(
        default="alerts.escalated", description="The ones that a person must see."
    )
    topic_dead: KafkaName = Field(default="alerts.dead", description="Records that cannot become alerts.")
    topic_state: KafkaName = Field(default="alerts.state", description="What workers keep; compacted.")
    topic_feedback: KafkaName = Field(default="alerts.feedback", description="Verdicts of analysts.")
    partitions: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=6, description="Partitions of a topic that `topics --apply` creates."
    )
    replication: Annotated[int, Field(ge=-1, le=32_767)] = Field(
        default=-1,
        description="Replicas of a topic that `topics --apply` creates; -1: the cluster's default.",
    )

    # Kafka: security
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="As the listener of the brokers speaks."
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", description="For SASL_*."
    )
    sasl_username: str | None = Field(default=None, description="For SASL_*.")
    sasl_password_file: File | None = Field(default=None, description="File that holds the SASL password.")
    ssl_ca_file: File | None = Field(default=None, description="PEM of the CA; not set: the system's.")
    ssl_cert_file: File | None = Field(default=None, description="PEM of the client's certificate (mTLS).")
    ssl_key_file: File | None = Field(default=None, description="PEM of the client's key (mTLS).")
    ssl_key_password_file: File | None = Field(
        default=None, description="File that holds the key's password."
    )
    ssl_check_hostname: bool = Field(
        default=True, description="Whether the broker's certificate must name it."
    )

    # This installation
    state: File = Field(
        default_factory=lambda: user_state_path("millrace"),
        description="Directory of bundles, keys and the embedded broker's data.",
    )
    env: Literal["development", "production"] = Field(
        default="development", description="`production` refuses bootstrap bundles."
    )
    bundle_dir: File = Field(
        default_factory=lambda given: given["state"] / "bundles", description="Directory of the bundles."
    )
    trust_dir: File = Field(
        default_factory=lambda given: given["state"] / "trust", description="Directory of the trusted keys."
    )
    on_bundle_error: Literal["stop", "passthrough"] = Field(
        default="stop",
        description="At start, without a bundle that verifies: do not start, or open none and say so.",
    )

    authors: Annotated[tuple[str, ...], NoDecode, Listed] = Field(
        default=(), description="Analysts whose verdicts count; nobody else's are taken."
    )

    # What an event depends on
    networks: Annotated[Cidrs, NoDecode, Listed] = Field(
        default=DEFAULT_NETWORKS.cidrs, description="Your own networks, in CIDR."
    )
    mappings: Annotated[tuple[File, ...], NoDecode, Listed] = Field(
        default=(), description="TOML mappings of further JSON formats, before the packaged ones."
    )
    policy: File | None = Field(
        default=None, description="TOML file of the policy; not set: the packaged one."
    )
    geo_db: File | None = Field(
        default=None, description="City or Country database in MaxMind's format (docs/tables.md)."
    )
    asn_db: File | None = Field(default=None, description="ASN or ISP database in MaxMind's format.")
    blocklists: Annotated[tuple[NamedFile, ...], NoDecode, Listed, Field(max_length=16)] = Field(
        default=(), description="Block lists, each as `name=path`: an address or CIDR block a line."
    )
    assets: File | None = Field(default=None, description="CSV of your assets: address or host, criticality.")
    identities: File | None = Field(default=None, description="CSV of your users: department, privileged.")
    zone: Zone = Field(default="UTC", description="IANA time zone of hour, weekend and office hours.")
    raw_limit: Annotated[int, Field(ge=262_144, le=64 * MEBIBYTE)] = Field(
        default=MEBIBYTE, description="Largest raw record in bytes; larger ones are dead letters."
    )
    raw_keep: Annotated[int, Field(ge=0, le=64 * MEBIBYTE)] = Field(
        default=MEBIBYTE, description="Most bytes of the original kept in `raw_data`."
    )
    raw_data: Literal["full", "redacted", "none"] = Field(
        default="full",
        description="The original in the event: whole, without secrets, or not at all (docs/redaction.md).",
    )
    pseudonym_key_file: File | None = Field(
        default=None,
        description="File that holds a key of 16 bytes or more: names of users become pseudonyms.",
    )

    # The worker
    http: bool = Field(default=True, description="Whether a worker serves `/health/*` and `/metrics`.")
    http_host: str = Field(default="127.0.0.1", description="Address that they are served on.")
    http_port: Annotated[int, Field(ge=0, le=65_535)] = Field(
        default=9464, description="Port that they are served on; 0: a free one, which the log tells."
    )
    snapshot_s: Seconds = Field(
        default=30, description="How often the history of each partition is kept on `topic_state`."
    )
    outstanding_rows: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=8000, description="Most alerts read and not yet acknowledged, in one worker."
    )
    outstanding_mib: Annotated[int, Field(ge=1, le=65_536)] = Field(
        default=64, description="Most MiB of them, read and not yet acknowledged, in one worker."
    )
    redrive_limit: Annotated[int, Field(ge=1, le=999_999)] = Field(
        default=3, description="Most attempts of one raw record in all; its dead letter stays then."
    )
    batch_rows: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=1000, description="Most alerts in one scoring batch."
    )
    batch_wait_ms: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=10, description="How long a batch waits to fill, in milliseconds."
    )
    one_cpu: bool = Field(
        default=True,
        description="A worker's threads stay on one CPU while its batches are at least half full.",
    )
    compression: Literal["none", "gzip"] = Field(
        default="none", description="Of the records that a worker produces."
    )
    connect_timeout_s: Seconds = Field(
        default=5, description="How long a broker may take to answer at start."
    )
    tables_poll_s: Seconds = Field(
        default=10, description="How often the files of the tables are looked at; a change is taken over."
    )
    bundles_poll_s: Seconds = Field(
        default=5, description="How often a worker looks for another promotion; it takes the bundle over."
    )
    core_timeout_s: Seconds = Field(
        default=60,
        description="How long scoring one batch may take before the worker ends, un-acknowledged.",
    )
    produce_timeout_s: Seconds = Field(
        default=120,
        description="How long a batch waits for its receipts before the worker ends, un-acknowledged.",
    )
    stop_timeout_s: Seconds = Field(
        default=25,
        description="How long SIGTERM waits for the running batch; keep the container's grace above.",
    )
    session_timeout_s: Annotated[float, Field(ge=6, le=300)] = Field(
        default=15, description="After how long the group gives up a silent worker."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level logged."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="`auto`: console at a terminal, JSON elsewhere."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        topics = [getattr(self, name) for name in type(self).model_fields if name.startswith("topic_")]
        if len(set(topics)) < len(topics):
            raise ValueError("two topics have the same name")
        lists = [named.partition("=")[0] for named in self.blocklists]
        if len(set(lists)) < len(lists):
            raise ValueError("two blocklists have the same name")
        if self.security_protocol.startswith("SASL") and not (self.sasl_username and self.sasl_password_file):
            raise ValueError(
                f"security_protocol {self.security_protocol} needs sasl_username and sasl_password_file"
            )
        if bool(self.ssl_cert_file) != bool(self.ssl_key_file):
            raise ValueError("ssl_cert_file and ssl_key_file go together")
        if not self.security_protocol.startswith("SASL") and (self.sasl_username or self.sasl_password_file):
            raise ValueError(f"sasl_* settings, but security_protocol is {self.security_protocol}")
        if not self.security_protocol.endswith("SSL") and (self.ssl_ca_file or self.ssl_cert_file):
            raise ValueError(f"ssl_* settings, but security_protocol is {self.security_protocol}")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """First wins."""
        toml = TomlConfigSettingsSource(settings_cls, toml_file=toml_file())
        return init_settings, env_settings, dotenv_settings, toml

    @property
    def production(self) -> bool:
        """Whether what a machine made for itself is refused."""
        return self.env == "production"

    @property
    def keys_dir(self) -> Path:
        """Directory of this installation's own signing keys."""
        return self.state / "keys"

    @property
    def broker_dir(self) -> Path:
        """Directory of the embedded broker."""
        return self.state / "broker"

    @property
    def output_limit(self) -> int:
        """Bytes that an output topic must accept in one record batch (``max.message.bytes``)."""
        return 2 * self.raw_limit + FRAMING


def load_settings() -> Settings:
    """Return the settings of this process. Raises SettingsWrong: a line for each unknown or wrong one."""
    lines = unknown(Settings.model_fields)
    if lines:
        raise SettingsWrong("\n".join(lines))
    try:
        return Settings()
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
        first = (each for each in wrong if each["type"] != "default_factory_not_called")
        raise SettingsWrong("\n".join(dict.fromkeys(_line(each) for each in first))) from None


def _line(wrong: Mapping[str, Any]) -> str:
    reason = str(wrong["msg"]).removeprefix("Value error, ")
    return f"{place_of(str(wrong['loc'][0]))}: {reason}" if wrong["loc"] else reason
