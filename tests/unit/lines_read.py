"""The golden lines of text, and a line read as the formats of lines read it."""

import json
from collections.abc import Callable
from typing import Any

from enrich.alert import Alert
from enrich.formats import cef, keyvalue, leef, line, syslog
from millrace.samples import SAMPLES as GOLDEN

PARSE: dict[str, Callable[..., Alert]] = {
    "cef": cef.parse,
    "leef": leef.parse,
    "syslog": syslog.parse,
    "keyvalue": keyvalue.parse,
}
FILES = sorted(GOLDEN.glob("*.json"))
WRITTEN = {path.stem: found for path in FILES if "line" in (found := json.loads(path.read_text("utf-8")))}
# Lines that hold the document of another format are read by that one.
SAMPLES = {name: found for name, found in WRITTEN.items() if found["alert"]["format"] in PARSE}
READ = [read for each in SAMPLES.values() if (read := line.document(each["line"].encode())) is not None]
NAMES = [name for name, _, _ in READ]
DOCS = [doc for _, doc, _ in READ]


def document(text: str | bytes) -> dict[str, Any]:
    read = line.document(text if isinstance(text, bytes) else text.encode())
    assert read is not None
    return read[1]


def alert(text: str | bytes) -> Alert:
    read = line.document(text if isinstance(text, bytes) else text.encode())
    assert read is not None
    name, doc, quality = read
    return PARSE[name](doc, quality)
