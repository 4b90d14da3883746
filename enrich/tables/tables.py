"""The tables in use, and what they say of an alert. Look-ups only: nothing is fetched or changed."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from enrich.address import Networks, facts, number_of
from enrich.alert import Alert
from enrich.tables import asn, assets, blocklist, geo
from enrich.tables.build import Built
from enrich.tables.index import Index
from enrich.tables.values import Found, Indicator, Value

# Addresses and names remembered with what was found: a value is about 1 KB, and an attacker fills all.
REMEMBERED: Final = 16_384
# Scopes of which a block in a public list means the whole range, and nobody in it.
_NOT_PUBLIC: Final = frozenset(
    {"private", "shared", "loopback", "link_local", "multicast", "broadcast", "unspecified"}
)

_Remembered = Callable[[str, str], tuple[Found, ...]]


class Table:
    """One table. facts: what it is called and how old it is, without the index."""

    __slots__ = ("facts", "index")

    def __init__(self, built: Built) -> None:
        """Raise TableRefused where the index is not one."""
        self.index: Final = Index(built.packed)
        self.facts: Final = built._replace(packed=b"")

    def found(self, of: str, value: Value) -> Found:
        """Return a value of this table."""
        return Found(of, self.facts.kind, self.facts.source, self.facts.as_of_ms, value)


class Tables:
    """Tables, at most one of each kind but block lists, and the user's own networks. Without any it is false.

    digest: hash of what is loaded, 16 hex digits: name, source, time and content of each, in their order.
    """

    def __init__(self, tables: Sequence[Table] = (), networks: Networks | None = None) -> None:
        self.tables: Final = tuple(tables)
        self._networks: Final = networks or Networks.of(())
        told = [f"{f.kind}={f.name}={f.source}={f.as_of_ms}={f.digest}" for f in (t.facts for t in tables)]
        self.digest: Final = blake2b("\n".join(told).encode(), digest_size=8).hexdigest()
        # Not methods of ours: what remembers one is part of a circle, which only the collector ends. It never
        # looks at what was there when a worker started (``gc.freeze``): the first tables would stay for good.
        look = _Lookup(self.tables, self._networks)
        self._end: Final[_Remembered] = lru_cache(REMEMBERED)(look.of_end)
        self._at: Final[_Remembered] = lru_cache(REMEMBERED)(look.of_address)
        self._name: Final[_Remembered] = lru_cache(REMEMBERED)(look.of_host)
        self._user: Final[Callable[[str], tuple[Found, ...]]] = lru_cache(REMEMBERED)(look.of_user)

    def __bool__(self) -> bool:
        return bool(self.tables)

    def found(self, alert: Alert) -> tuple[Found, ...]:
        """Return all that the tables say of an alert: of source, destination, device and user, in this order.

        A host is known by its address, else by its name. But a name beside an address may be of the request
        (HTTP Host, TLS SNI), and its sender chooses it: at source and destination it finds nothing.
        """
        src, dst, device = alert.src, alert.dst, alert.device
        found: tuple[Found, ...] = ()
        if src.ip is not None:
            found = self._end("src", src.ip)
        elif src.name:
            found = self._name("src", src.name)
        if dst.ip is not None:
            found += self._end("dst", dst.ip)
        elif dst.name:
            found += self._name("dst", dst.name)
        of_device = () if device.ip is None else self._at("device", device.ip)
        if device.name and not of_device:
            of_device = self._name("device", device.name)
        if alert.user:
            of_device += self._user(alert.user)
        return found + of_device


class _Lookup:
    """What the tables say of one value: each call looks it up."""

    def __init__(self, tables: Sequence[Table], networks: Networks) -> None:
        one = {table.facts.kind: table for table in tables}
        self._networks: Final = networks
        self._geo: Final = one.get("geo")
        self._asn: Final = one.get("asn")
        self._lists: Final = tuple(table for table in tables if table.facts.kind == "blocklist")
        self._assets: Final = one.get("assets")
        self._identities: Final = one.get("identities")

    def of_end(self, of: str, ip: str) -> tuple[Found, ...]:
        version, number = number_of(ip)
        found: list[Found] = []
        if self._geo is not None and (record := self._geo.index.at(version, number)) is not None:
            found.append(self._geo.found(of, geo.place(record)))
        if self._asn is not None and (record := self._asn.index.at(version, number)) is not None:
            found.append(self._asn.found(of, asn.system(record)))
        if self._lists:
            # Public lists hold whole private ranges ("bogons"), which would be every host of the user's own.
            # A single address of these somebody has listed on purpose.
            blocks = not (self._networks.own(ip) or facts(ip).scope in _NOT_PUBLIC)
            for table in self._lists:
                if (record := table.index.at(version, number)) is not None:
                    match, count = blocklist.entry(record)
                    if match is None or blocks:
                        found.append(table.found(of, Indicator(ip, match or ip, count)))
        return (*found, *self.of_address(of, ip))

    def of_address(self, of: str, ip: str) -> tuple[Found, ...]:
        record = None if self._assets is None else self._assets.index.at(*number_of(ip))
        if self._assets is None or record is None:
            return ()
        return (self._assets.found(of, assets.asset(record)),)

    def of_host(self, of: str, name: str) -> tuple[Found, ...]:
        """A device calls itself by its whole name or the first part of it, as its sensor likes."""
        if self._assets is None:
            return ()
        key = assets.host_key(name)
        record = self._assets.index.named(key)
        if record is None and of == "device":
            record = self._assets.index.named(key.partition(".")[0])
        return () if record is None else (self._assets.found(of, assets.asset(record)),)

    def of_user(self, user: str) -> tuple[Found, ...]:
        r"""As the file writes it, else without the domain of ``DOMAIN\user`` or ``user@domain``."""
        if self._identities is None:
            return ()
        key = assets.user_key(user)
        for text in dict.fromkeys((key, key.rpartition("\\")[2], key.partition("@")[0])):
            record = self._identities.index.named(text)
            if record is not None:
                return (self._identities.found("user", assets.identity(record)),)
        return ()


NO_TABLES: Final = Tables()
