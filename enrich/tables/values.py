"""What tables say of an address, a host or a user. Texts are at most TEXT_MAX characters."""

from typing import Final, NamedTuple

TEXT_MAX: Final = 200


class Place(NamedTuple):
    """country: ISO 3166-1 code ("AT"). region: ISO 3166-2 code ("AT-9"). lat, long: decimal degrees."""

    country: str | None
    region: str | None
    city: str | None
    continent: str | None
    lat: float | None
    long: float | None


class System(NamedTuple):
    """An autonomous system. number: 0 to 2**32 - 1."""

    number: int
    name: str | None


class Indicator(NamedTuple):
    """match: the list's address or block that holds ``ip``. listings: the number beside it, if any."""

    ip: str
    match: str
    listings: int | None


class Asset(NamedTuple):
    """match: the address, block or host name that it was found by. criticality: 1 low to 4 critical."""

    name: str
    match: str
    owner: str | None
    criticality: int | None
    tags: tuple[str, ...]


class Identity(NamedTuple):
    """user: as the file has it."""

    user: str
    name: str | None
    department: str | None
    privileged: bool | None


Value = Place | System | Indicator | Asset | Identity

CRITICALITY: Final = {1: "low", 2: "medium", 3: "high", 4: "critical"}


class Found(NamedTuple):
    """One value of one table.

    of: "src" | "dst" | "device" | "user". table: which one ("geo", "asn", "blocklist", "assets",
    "identities"). source: its name. as_of_ms: when what it says was so, milliseconds since 1970.
    """

    of: str
    table: str
    source: str
    as_of_ms: int
    value: Value
