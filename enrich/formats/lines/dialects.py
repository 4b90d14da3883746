"""Which messages have a layout of their own: told by the header, or by how the message begins."""

from typing import Any

from enrich.formats.lines import cisco
from enrich.formats.lines.guards import fail2ban, falco
from enrich.formats.lines.network import meraki, watchguard
from enrich.formats.lines.told import Told


def dialect(header: dict[str, Any], body: str) -> Told | None:
    """Return the message as its dialect reads it, None where it has none. Looks at little, for most."""
    mnemonic = header.get("mnemonic")
    if mnemonic is not None:
        return cisco.event(mnemonic, body) if mnemonic[:4] == "4300" else None
    begins = body[:5]
    if begins == "CISE_":
        return cisco.ise(body)
    if 'msg_id="' in body[:96]:
        return watchguard(body)
    tag = header.get("tag", "")
    if tag[:8] == "fail2ban" or begins == "fail2":
        return fail2ban(body)
    if header.get("before") == "1":
        return meraki(body)
    if tag == "falco" or begins[2:3] == ":" or (body[-1:] == ")" and "+" in header.get("time", "")):
        return falco(header, body)
    return None
