"""What one format's alerts say and leave out: fields, severities, rules, quality."""

from collections import Counter
from operator import attrgetter
from typing import Final

from enrich.alert import Alert
from enrich.errors import QualityCode
from enrich.lint.tally import Mark, Place, Tally
from enrich.lint.times import Times

# Different ones kept of each format.
SEVERITIES: Final = 64
RULES: Final = 10_000
QUALITIES: Final = 500
SEVERITY_TEXT: Final = 40

# Name in the report → where it stands in the Alert (device: or its address). Time and severity are counted
# apart.
FIELDS: Final = {
    "source_uid": "source_uid",
    "category": "category",
    "message": "message",
    "src": "src.ip",
    "dst": "dst.ip",
    "device": "device.name",
    "user": "user",
    "process": "process",
    "action": "action",
    "url": "url",
    "file": "file_path",
    "hashes": "hashes",
    "techniques": "techniques",
    "tactics": "tactics",
}
_DEVICE: Final = list(FIELDS).index("device")
_fields: Final = attrgetter(*FIELDS.values())
_about: Final = attrgetter("device.ip", "device.name", "src.ip", "dst.ip", "user", "src.name", "dst.name")

# Severity as received, its scale, and the class made of it (None: outside the scale).
Stated = tuple[str, str | None, int | None]


class Facts:
    """Counts of one format's alerts.

    filled: alerts that fill a field of FIELDS, by its name. unstated: without a severity. severities: the
    stated ones. ruleless: without a rule of their own, so that the title or "unknown" stands for it.
    aboutless: that name no address, host or user, so that they are only their rule's in the history.
    quality: (code, field) → alerts; codes: code → alerts.
    """

    __slots__ = (
        *("_filled", "_rules", "aboutless", "alerts", "codes", "quality", "ruleless", "samples"),
        *("severities", "times", "unstated"),
    )

    def __init__(self) -> None:
        self.alerts = 0
        self.times: Final = Times()
        self.severities: Final[Tally[Stated]] = Tally(SEVERITIES)
        self.unstated, self.ruleless, self.aboutless, self.samples = Mark(), Mark(), Mark(), Mark()
        self.quality: Final[Tally[tuple[QualityCode, str]]] = Tally(QUALITIES)
        self.codes: Final[Tally[QualityCode]] = Tally(len(QualityCode))
        self._filled = [0] * len(FIELDS)
        self._rules: Final[set[int]] = set()

    def see(self, alert: Alert, place: Place) -> None:
        """Count an alert, all but its times."""
        self.alerts += 1
        filled = self._filled
        for i, value in enumerate(_fields(alert)):
            if value:
                filled[i] += 1
        if alert.device.ip and not alert.device.name:
            filled[_DEVICE] += 1
        if alert.severity_text is None:
            self.unstated.add(place)
        else:
            stated = alert.severity_text[:SEVERITY_TEXT], alert.severity_scale, alert.severity_id
            self.severities.add(stated, place)
        if alert.rule_id == "unknown" or alert.rule_id == alert.title:
            self.ruleless.add(place)
        if not any(_about(alert)):
            self.aboutless.add(place)
        if alert.is_sample:
            self.samples.add(place)
        if len(self._rules) < RULES:
            self._rules.add(hash((alert.detector, alert.rule_id)))
        if alert.quality:
            for each in alert.quality:
                self.quality.add((each.code, each.field), place)
            for code in dict.fromkeys(each.code for each in alert.quality):
                self.codes.add(code, place)

    @property
    def filled(self) -> dict[str, int]:
        """Return how many alerts fill each field."""
        return dict(zip(FIELDS, self._filled, strict=True))

    @property
    def rules(self) -> int:
        """Return how many different rules there are, RULES at most."""
        return len(self._rules)

    def fields_of(self, code: QualityCode) -> Counter[str]:
        """Return the fields that a quality code was given for, and how often."""
        return Counter({key[1]: rows for key, rows, _ in self.quality.most() if key[0] is code})
