"""What can keep the embedded broker from running.

MillraceError
├── SettingsWrong    the operator's: a port or directory in use, the extra `demo` not installed
└── BrokerFailed     the broker could not start, or ended by itself; names its log
    └── JarRefused   a jar is not there, or is not the pinned one; names the jar
"""

from enrich.errors import MillraceError


class BrokerFailed(MillraceError):
    """The embedded broker could not start, or ended by itself."""


class JarRefused(BrokerFailed):
    """A jar of the table is not there and cannot be fetched, or its SHA-256 is another."""
