"""AWS Security Hub findings in the AWS Security Finding Format (ASFF), alone or in EventBridge events.
https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html

Several findings in one record are no alert: an "Imported" event has one; the others repeat findings that came
before. What Security Hub of 2025 sends ("Findings Imported V2") is OCSF and read there.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from enrich.alert import Alert, Endpoint, Process
from enrich.errors import Quality
from enrich.formats import aws, fields
from enrich.formats.aws_action import NOTHING, Happened, happened
from enrich.formats.eicar import all_eicar
from enrich.formats.given import first_time, first_word, objects
from enrich.formats.host_facts import hashes, path_of, process
from enrich.formats.severities import Bands, by_band, by_word
from enrich.swift import maker

EVENT_TYPES: Final = ("Security Hub Findings - Imported", "Security Hub Findings - Custom Action")
OTHER_EVENT_TYPE: Final = "Security Hub Insight Results"
# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_Severity.html
LABELS: Final = {"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
LABEL_SCALE: Final = "asff:informational-critical"
NORMALIZED: Final = Bands(100, ((90, 5), (70, 4), (40, 3), (1, 2), (0, 1)))
NORMALIZED_SCALE: Final = "asff:0-100"
SAMPLE_PREFIX: Final = "[SAMPLE]"

# What takes a host's place.
_SERVERS: Final = frozenset(
    (
        *("AwsEc2Instance", "AwsEksCluster", "AwsEcsCluster", "AwsLambdaFunction"),
        *("AwsRdsDbInstance", "AwsRdsDbCluster"),
    )
)
_USERS: Final = (
    ("AwsIamAccessKey", ("UserName", "PrincipalName")),
    ("AwsIamUser", ("UserName",)),
    ("AwsIamRole", ("RoleName",)),
)
_GUARDDUTY_SAMPLE: Final = "aws/guardduty/service/additionalInfo/sample"
KNOWN: Final[dict[str, frozenset[str] | None]] = {
    **dict.fromkeys(
        (
            "Id",
            "GeneratorId",
            "Title",
            "Description",
            "CompanyName",
            "ProductName",
            "LastObservedAt",
            "Sample",
        )
    ),
    "Severity": frozenset(("Label",)),
}


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is an ASFF finding, a list that begins with one, or an event of Security Hub's."""
    if doc.get("source") == "aws.securityhub" and doc.get("detail-type") == OTHER_EVENT_TYPE:
        return True
    found = aws.candidate(doc)
    return type(found) is dict and all(
        type(found.get(key)) is str for key in ("ProductArn", "GeneratorId", "AwsAccountId")
    )


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert. Raises Rejected (``not_an_alert``) for insight results and for lists."""
    quality: list[Quality] = []
    wrapped = aws.unwrapped(doc, *EVENT_TYPES)
    finding = wrapped.finding
    time_ms, time_text = first_time(finding, ("LastObservedAt", "UpdatedAt", "CreatedAt"), "", quality)
    types = fields.texts(finding.get("Types"), "Types", quality)
    title = fields.word(finding.get("Title"), "Title", quality)
    product = fields.word(finding.get("ProductName"), "ProductName", quality) or _product(finding)
    product_fields = fields.part(finding, "ProductFields", "ProductFields", quality)
    severity_id, severity_text, scale = _severity(finding, quality)
    device, device_id, user = _resources(finding, quality)
    rule_id = _rule_id(finding, types, product_fields, quality)
    file_path, found_hashes = _malware(finding, quality)
    return _new_alert(
        fields.word(finding.get("CompanyName"), "CompanyName", quality) or "AWS",
        product,
        product,
        time_ms,
        time_text,
        fields.word(finding.get("Id"), "Id", quality),
        rule_id or title or "unknown",
        title or rule_id or "Security Hub finding",
        types[0] if types and not types[0].isspace() else None,
        fields.word(finding.get("Description"), "Description", quality),
        severity_id,
        severity_text,
        scale,
        device,
        device_id,
        user,
        _process(finding, quality),
        file_path,
        found_hashes,
        _tactics(types),
        _is_sample(finding, product_fields, title, product),
        wrapped.unmapped(fields.rest(finding, KNOWN)),
        *_happened(finding, device.ip, quality),
        fields.closed(quality, before),
    )


def _product(finding: Mapping[str, Any]) -> str:
    """Return the product by its ARN's end, ``…::product/aws/guardduty``; "Security Hub" where it has none."""
    name = str(finding["ProductArn"])[-80:].rpartition("/")[2].strip()
    return name if name and name != "default" else "Security Hub"


def _severity(
    finding: Mapping[str, Any], quality: list[Quality]
) -> tuple[int | None, str | None, str | None]:
    """Return class, text and scale: of the label, which a user may have changed, else of the number."""
    severity = fields.part(finding, "Severity", "Severity", quality)
    severity_id, text = by_word(severity.get("Label"), LABELS, "Severity.Label", quality)
    if text is not None:
        return severity_id, text, LABEL_SCALE
    severity_id, text = by_band(severity.get("Normalized"), NORMALIZED, "Severity.Normalized", quality)
    return severity_id, text, None if text is None else NORMALIZED_SCALE


def _rule_id(
    finding: Mapping[str, Any], types: tuple[str, ...], own: Mapping[str, Any], quality: list[Quality]
) -> str | None:
    """Return the rule: the control, else the generator. GuardDuty's is a detector that finds everything."""
    compliance = fields.part(finding, "Compliance", "Compliance", quality)
    control = first_word(compliance, ("SecurityControlId",), "Compliance.", quality) or first_word(
        own, ("ControlId",), "ProductFields.", quality
    )
    if control is not None:
        return control
    generator = fields.word(finding.get("GeneratorId"), "GeneratorId", quality)
    if generator is not None and ":guardduty:" in generator and types and types[0].strip():
        return types[0]
    return generator


def _tactics(types: tuple[str, ...]) -> tuple[str, ...]:
    """Return the tactics: of ``TTPs/Initial Access/UnauthorizedAccess:EC2-SSHBruteForce``, the middle.
    https://docs.aws.amazon.com/securityhub/latest/userguide/asff-required-attributes.html#Types
    """
    found = [parts[1] for each in types if (parts := each.split("/", 2))[0] == "TTPs" and len(parts) > 1]
    return tuple(dict.fromkeys(each for each in found if each.strip()))


def _is_sample(finding: Mapping[str, Any], own: Mapping[str, Any], title: str | None, product: str) -> bool:
    if finding.get("Sample") is True or own.get(_GUARDDUTY_SAMPLE) in ("true", True):
        return True
    malware = finding.get("Malware")
    if type(malware) is list and all_eicar([each.get("Name") for each in malware if type(each) is dict]):
        return True
    return product.lower() == "guardduty" and title is not None and title.startswith(SAMPLE_PREFIX)


def _resources(finding: Mapping[str, Any], quality: list[Quality]) -> tuple[Endpoint, str | None, str | None]:
    """Return the first host among the resources, its id, and the first user."""
    device, device_id, user = fields.NOWHERE, None, None
    for each in objects(finding.get("Resources"), "Resources", quality):
        kind = each.get("Type")
        details = fields.part(each, "Details", "Resources.Details", quality)
        if device_id is None and type(kind) is str and kind in _SERVERS:
            device_id = fields.word(each.get("Id"), "Resources.Id", quality)
            instance = fields.part(details, kind, "Resources.Details", quality)
            addresses = fields.texts(instance.get("IpV4Addresses"), "Resources.Details", quality)
            ip = fields.ip(addresses[0], "Resources.Details", quality) if addresses else None
            device = fields.endpoint(ip, None, _last_step(device_id))
        if user is None:
            for key, names in _USERS:
                who = fields.part(details, key, "Resources.Details", quality)
                user = user or first_word(who, names, "Resources.Details.", quality)
    return device, device_id, user


def _last_step(arn: str | None) -> str | None:
    """Return the resource's own name: what an ARN ends in."""
    if arn is None:
        return None
    return arn.rpartition("/")[2].rpartition(":")[2].strip() or arn


def _process(finding: Mapping[str, Any], quality: list[Quality]) -> Process | None:
    if "Process" not in finding:
        return None
    running = fields.part(finding, "Process", "Process", quality)
    return process(
        fields.word(running.get("Name"), "Process.Name", quality),
        fields.word(running.get("Path"), "Process.Path", quality),
        fields.process_id(running.get("Pid"), "Process.Pid", quality),
    )


def _malware(
    finding: Mapping[str, Any], quality: list[Quality]
) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    """Return path and hash of the first malicious file."""
    malware = fields.first_part(finding.get("Malware"), "Malware", quality)
    path = fields.word(malware.get("Path"), "Malware.Path", quality)
    threat = fields.first_part(finding.get("Threats"), "Threats", quality)
    file = fields.first_part(threat.get("FilePaths"), "Threats.FilePaths", quality)
    folder = fields.word(file.get("FilePath"), "Threats.FilePaths.FilePath", quality)
    name = fields.word(file.get("FileName"), "Threats.FilePaths.FileName", quality)
    return path or path_of(folder, name), hashes((file.get("Hash"),), "Threats.FilePaths.Hash", quality)


class Network(NamedTuple):
    """The keys of one end in ``Network``."""

    v4: str
    v6: str
    port: str
    name: str


_SOURCE: Final = Network("SourceIpV4", "SourceIpV6", "SourcePort", "SourceDomain")
_DESTINATION: Final = Network("DestinationIpV4", "DestinationIpV6", "DestinationPort", "DestinationDomain")


def _happened(finding: Mapping[str, Any], own_ip: str | None, quality: list[Quality]) -> Happened:
    found = NOTHING
    action = fields.part(finding, "Action", "Action", quality)
    if action:
        found = happened(aws.camel(action), own_ip, False, "Action.", quality)
    network = fields.part(finding, "Network", "Network", quality)
    if not network:
        return found
    src, dst = _end(network, _SOURCE, quality), _end(network, _DESTINATION, quality)
    proto = fields.proto(network.get("Protocol"), "Network.Protocol", quality)
    if src is fields.NOWHERE and dst is fields.NOWHERE:
        src, dst = found.src, found.dst
    return found._replace(proto=proto or found.proto, src=src, dst=dst)


def _end(network: Mapping[str, Any], keys: Network, quality: list[Quality]) -> Endpoint:
    return fields.endpoint(
        fields.ip(network.get(keys.v4), "Network." + keys.v4, quality)
        or fields.ip(network.get(keys.v6), "Network." + keys.v6, quality),
        fields.port(network.get(keys.port), "Network." + keys.port, quality),
        fields.word(network.get(keys.name), "Network." + keys.name, quality),
    )


_new_alert: Final = maker(
    Alert,
    *("vendor", "product", "detector", "time_ms", "time_text", "source_uid", "rule_id", "title", "category"),
    *("message", "severity_id", "severity_text", "severity_scale", "device", "device_id", "user", "process"),
    *("file_path", "hashes", "tactics", "is_sample", "unmapped"),
    *Happened._fields,
    "quality",
    format="security_hub",
)
