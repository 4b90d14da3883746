"""A broker with a listener for every way to be refused, the certificates for it, and its users and rights.

    with secured(directory) as cluster:
        Installation(cluster.address("SASL_TLS"), prefix, home, **cluster.sasl("SCRAM-SHA-512"))

PLAINTEXT clients are User:ANONYMOUS, who may do everything: through that door tests look at what happened.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from worker.broker import EmbeddedBroker, Listener

SECURITY: Final = Path(__file__).parents[2] / "docs" / "security.md"
USER: Final = "millrace"
PHRASE: Final = "correct horse battery"
KEY_PHRASE: Final = "of the key itself"
# How long the broker lets a login of the listener SASL_BRIEF count. Well above the 1.5 s for which an idle
# fetch holds a connection: aiokafka asks for the coordinator on the same one, behind the fetch, and at 2 s a
# worker without traffic may find its login over each time that it asks.
BRIEF_MS: Final = 5_000
MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")

# name of the listener: (protocol, certificate that it shows, what it asks of the client's)
LISTENERS: Final[Mapping[str, tuple[str, str | None, str]]] = {
    "TLS": ("SSL", "broker", "none"),
    "MTLS": ("SSL", "broker", "required"),
    "SASL_TLS": ("SASL_SSL", "broker", "none"),
    "SASL": ("SASL_PLAINTEXT", None, "none"),
    "SASL_SCRAM": ("SASL_PLAINTEXT", None, "none"),
    "SASL_BRIEF": ("SASL_PLAINTEXT", None, "none"),
    "ELSEWHERE": ("SSL", "elsewhere", "none"),
    "EXPIRED": ("SSL", "expired", "none"),
}


class Certificates:
    """A CA, the broker's certificates and the client's, as files in ``directory``."""

    def __init__(self, directory: Path) -> None:
        self._directory: Final = directory
        ca, stranger = trustme.CA(), trustme.CA()
        over = datetime.now(UTC) - timedelta(days=1)
        self._certificates: Final = {
            "broker": ca.issue_cert("127.0.0.1", "localhost"),
            "elsewhere": ca.issue_cert("kafka.elsewhere.example"),
            "expired": ca.issue_cert("127.0.0.1", not_before=over - timedelta(days=1), not_after=over),
            "client": ca.issue_cert("client.example", common_name=USER),
            "unknown": stranger.issue_cert("client.example", common_name=USER),
        }
        self._ca: Final = ca.cert_pem.bytes().decode()
        self.ca: Final = self._file("ca.pem", self._ca)
        self.other_ca: Final = self._file("other-ca.pem", stranger.cert_pem.bytes().decode())

    def keystore(self, name: str) -> dict[str, str]:
        """What Kafka is told of one, as PEM in its properties."""
        return {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.certificate.chain": self._chain(name),
            "ssl.keystore.key": self._key(name, NoEncryption()),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.certificates": self._ca,
        }

    def client(self, name: str = "client", phrase: str | None = None) -> dict[str, object]:
        """Settings of a client with this certificate; phrase: its key is encrypted with it."""
        how = BestAvailableEncryption(phrase.encode()) if phrase else NoEncryption()
        kind = "-locked" if phrase else ""
        return {
            "ssl_cert_file": self._file(f"{name}.pem", self._chain(name)),
            "ssl_key_file": self._file(f"{name}{kind}.key", self._key(name, how)),
        }

    def _chain(self, name: str) -> str:
        return "".join(blob.bytes().decode() for blob in self._certificates[name].cert_chain_pems)

    def _key(self, name: str, how: KeySerializationEncryption) -> str:
        # Kafka takes PKCS 8 only; trustme gives what OpenSSL once called traditional.
        key = load_pem_private_key(self._certificates[name].private_key_pem.bytes(), password=None)
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how).decode()

    def _file(self, name: str, text: str) -> Path:
        path = self._directory / name
        path.touch(0o600)
        path.write_text(text)
        return path


class Secured:
    """A running broker. ``bootstrap`` is the open door."""

    def __init__(self, broker: EmbeddedBroker, certificates: Certificates, directory: Path) -> None:
        self.certificates: Final = certificates
        self.bootstrap: Final = broker.bootstrap
        self.address: Final = broker.address
        self._directory: Final = directory

    def secret(self, name: str, text: str) -> Path:
        """A file that holds a secret, and a line end."""
        path = self._directory / name
        path.write_text(text + "\n")
        return path

    def sasl(
        self, mechanism: str, user: str = USER, phrase: str = PHRASE, protocol: str = "SASL_SSL"
    ) -> dict[str, object]:
        """Settings of a client that is ``user``."""
        tls = {"ssl_ca_file": self.certificates.ca} if protocol == "SASL_SSL" else {}
        password = self.secret(f"{user}-{len(phrase)}-{mechanism}", phrase)
        return {
            "security_protocol": protocol,
            "sasl_mechanism": mechanism,
            "sasl_username": user,
            "sasl_password_file": password,
            **tls,
        }

    def tls(self, **more: object) -> dict[str, object]:
        """Settings of a client that knows the CA."""
        return {"security_protocol": "SSL", "ssl_ca_file": self.certificates.ca, **more}

    def user(self, name: str, phrase: str = PHRASE) -> None:
        """A further SCRAM user, known when this returns: without rights as yet."""
        with KafkaAdminClient(bootstrap_servers=self.bootstrap) as admin:
            wanted = [
                UserScramCredentialUpsertion(name, mechanism, phrase, iterations=4096)
                for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512)
            ]
            for one in wanted:
                assert admin.alter_user_scram_credentials([one]) == {name: None}

    def allow(self, user: str, rights: Iterable["Right"]) -> None:
        """Give ``user`` these rights."""
        with KafkaAdminClient(bootstrap_servers=self.bootstrap) as admin:
            made = admin.create_acls([right.acl(user) for right in rights])
            assert not made["failed"], made

    def forbid(self, user: str, right: "Right") -> None:
        """Take this right from ``user`` again."""
        with KafkaAdminClient(bootstrap_servers=self.bootstrap) as admin:
            gone = admin.delete_acls([right.filter(user)])
            assert sum(len(found) for _, found, _ in gone) == 1, gone


class Right:
    """One line of an access list: ``Right("topic", "alerts.raw", "read")``."""

    def __init__(self, kind: str, name: str, operation: str, prefixed: bool = False) -> None:
        self.kind: Final = ResourceType[kind.upper()]
        self.name: Final = name
        self.operation: Final = ACLOperation[operation.upper()]
        self.pattern: Final = ACLResourcePatternType.PREFIXED if prefixed else ACLResourcePatternType.LITERAL

    def acl(self, user: str) -> ACL:
        """As kafka-python creates it."""
        pattern = ResourcePattern(self.kind, self.name, self.pattern)
        return ACL(f"User:{user}", "*", self.operation, ACLPermissionType.ALLOW, pattern)

    def filter(self, user: str) -> ACLFilter:
        """As kafka-python deletes it."""
        pattern = ResourcePatternFilter(self.kind, self.name, self.pattern)
        return ACLFilter(f"User:{user}", "*", self.operation, ACLPermissionType.ALLOW, pattern)


def _properties(certificates: Certificates) -> dict[str, str]:
    plain = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    found = {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:ANONYMOUS;User:{USER}",
        "ssl.client.auth": "none",
    }
    for name, (protocol, shown, asked) in LISTENERS.items():
        of = f"listener.name.{name.lower()}."
        if shown:
            found |= {of + key: value for key, value in certificates.keystore(shown).items()}
            found[of + "ssl.client.auth"] = asked
            found[of + "ssl.principal.mapping.rules"] = "RULE:^CN=([^,]+).*$/$1/,DEFAULT"
        if protocol.startswith("SASL"):
            mechanisms: Sequence[str] = MECHANISMS[1:] if name == "SASL_SCRAM" else MECHANISMS
            found[of + "sasl.enabled.mechanisms"] = ",".join(mechanisms)
            found |= {of + f"{each.lower()}.sasl.jaas.config": scram for each in mechanisms}
            if name == "SASL_BRIEF":
                found[of + "connections.max.reauth.ms"] = str(BRIEF_MS)
            found[of + "plain.sasl.jaas.config"] = f'{plain} user_{USER}="{PHRASE}";'
    return found


@contextmanager
def secured(directory: Path) -> Iterator[Secured]:
    """Start it; SCRAM and PLAIN know ``USER`` with ``PHRASE``. Its data is deleted at the end."""
    certificates = Certificates(directory)
    listeners = [Listener(0, name, protocol) for name, (protocol, _, _) in LISTENERS.items()]
    with EmbeddedBroker(
        directory, ephemeral=True, listeners=listeners, extra=_properties(certificates)
    ) as broker:
        cluster = Secured(broker, certificates, directory)
        cluster.user(USER)
        yield cluster


def rights(role: str, prefix: str) -> dict[str, Right]:
    """What docs/security.md says that a role needs, by words, in an installation with this prefix."""
    found = {}
    for row in SECURITY.read_text("utf-8").splitlines():
        cells = [cell.strip(" `") for cell in row.split("|")[1:-1]]
        if len(cells) == 4 and cells[0] == role:
            name = cells[1].removeprefix("alerts.").removesuffix(" millrace")
            kind = "group" if name == "group" else "topic"
            every = name == "*"
            right = Right(kind, prefix if every else f"{prefix}{name}", cells[2].lower(), prefixed=every)
            found[f"{cells[2]} {name}"] = right
    return found
