"""Bundles: what is in one, signing, verifying, and the store that says which one is in force."""

from models.bundle import load, write
from models.keys import SigningKey, Trust, TrustedKey, bootstrap_key, load_key, new_key, trusted_keys
from models.manifest import Facts, Gate, Manifest, Window
from models.promotion import Promotion
from models.store import Store

__all__ = [
    "Facts",
    "Gate",
    "Manifest",
    "Promotion",
    "SigningKey",
    "Store",
    "Trust",
    "TrustedKey",
    "Window",
    "bootstrap_key",
    "load",
    "load_key",
    "new_key",
    "trusted_keys",
    "write",
]
