"""Context tables: where an address is, whose it is, who lists it; what the operator knows of hosts and users.

    build   bytes of a file → a table, or TableRefused
    tables  Tables.found(alert) → values, each with its source and its age

Pure: files are read, and looked at again, by ``worker.tables``.
"""

from enrich.tables.build import KINDS, Built, built, received, sent
from enrich.tables.tables import NO_TABLES, Table, Tables
from enrich.tables.values import Asset, Found, Identity, Indicator, Place, System

__all__ = [
    "KINDS",
    "NO_TABLES",
    "Asset",
    "Built",
    "Found",
    "Identity",
    "Indicator",
    "Place",
    "System",
    "Table",
    "Tables",
    "built",
    "received",
    "sent",
]
