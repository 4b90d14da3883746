"""What sources call things: the keys of pairs → what they mean, with the first name of each list preferred.

Names are compared in lower case without ``_-. `` and numbers of repeats. From the documentation of Fortinet
(FortiOS log message reference), SonicWall (SonicOS log events), Sophos (Firewall syslog guide), Check Point
(Log Exporter), Palo Alto Networks, Juniper (structured syslog), Cisco, Linux audit and PAM, Zeek, Elastic's
and Splunk's common schemas.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from enrich.address import canonical

_LETTER: Final = re.compile(r"[^\W\d_]")
_STRIPPED: Final = str.maketrans("", "", "_-. @/")
# What sources write for nothing.
NOTHING: Final = frozenset(
    (
        "",
        "-",
        "--",
        "?",
        "n/a",
        "none",
        "null",
        "(null)",
        "(none)",
        "<>",
        "undefined",
        "unset",
        "4294967295",
        "(no user)",
        "no user",
    )
)


def _names(listed: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(listed.split()))


SRC: Final = _names(
    """
    srcip src sourceip sourceaddress sourceaddr sourceipaddress saddr srcaddr sip clientip cip
    clientaddress clientaddr client remip remoteip remoteaddr remoteaddress remotehost rip rhost raddr
    attackerip attacker callingstationid framedipaddress userip ipsrc srchost sourcehost idorigh
    fromip from initiatorip ipaddress ipaddr ip addr peer peergateway remotepeer sourcenetworkaddress
    host1 srcipaddr xsrc
    """
)
DST: Final = _names(
    """
    dstip dst destip dest destination destinationip destinationaddress destinationaddr daddr dstaddr
    destaddr dip ipdst serverip serveraddress server lip laddr localip localaddr localaddress locip
    targetip target victim victimip idresph toip to responderip clientdynamicip assignedip
    destinationipaddress desthost dsthost
    """
)
SRC_PORT: Final = _names(
    """
    srcport sport spt sourceport clientport cport rport remport remoteport fromport idorigp
    initiatorport
    """
)
DST_PORT: Final = _names(
    """
    dstport dport dpt destport destinationport serverport targetport localport lport idrespp
    responderport toport service
    """
)
SRC_NAME: Final = _names(
    """
    srcname sourcename srchostname sourcehostname workstation workstationname sourceworkstation
    """
)
DST_NAME: Final = _names("dstname destname dsthostname destinationhostname vhost serverhostname")
USER: Final = _names(
    """
    user username usr usrname srcuser suser sourceuser sourceusername acct accountname account login
    loginname loginuser loginuserid uname unauthuser xauthuser authuser authid setid saslusername
    dstuser duser targetuser targetusername destinationuser userid usrid auser admin adminname
    administrator actor principal subjectusername ruser logname auid userprincipalname samaccountname
    identity who loggeduser
    """
)
DEVICE: Final = _names(
    """
    devname dvchost devicename dvc device computername computer machinename sensor fwname fw deviceip
    dvcip devip gateway origin host node
    """
)
DEVICE_ID: Final = _names("devid deviceid sn serial serialnumber deviceserialid agentid")
TIME: Final = _names(
    """
    eventtime timestamp datetime timegenerated receivetime starttime eventtimestamp logtime utctime rt
    ts time devtime generated start date
    """
)
SEVERITY: Final = _names(
    """
    severity threatseverity severitylevel sev crlevel threatlevel risklevel impact criticality
    """
)
LEVEL: Final = _names("level loglevel loglevelname lvl priority pri")
ACTION: Final = _names(
    """
    action act fwaction utmaction disposition ruleaction deviceaction logsubtype verdict decision
    eventaction apparmor status
    """
)
RULE_ID: Final = _names(
    """
    attackid signatureid threatid sigid virusid ruleid tracker eventid logid eventcode m
    """
)
TITLE: Final = _names(
    """
    attack signature signaturename threatname threat virus malware attackname protectionname rulename
    title eventname logdesc msg message logcomponent description reason
    """
)
CATEGORY: Final = _names(
    """
    catdesc category cat eventtype subtype type logtype class classification attackcategory threattype
    product
    """
)
MESSAGE: Final = _names("msg message description note reason")
PROTO: Final = _names("proto protocol protocolname transport protoname protocolid protocolnumber prot")
APP: Final = _names("service servicename app appname application appproto appid")
PATH: Final = _names("exe processpath process program image imagepath newprocessname executable")
PROCESS: Final = _names("comm processname procname sproc proc exename parentprocessname")
PID: Final = _names("pid processid procid newprocessid")
PARENT: Final = _names("parentimage parentprocessname parentprocess creatorprocessname pcomm")
COMMAND: Final = _names("commandline cmdline command cmd processcommandline proctitle exec")
FILE: Final = _names(
    """
    file filename filepath fname path objectname targetfilename fullpath name object targetpath
    scriptfilename
    """
)
URL: Final = _names("url requesturl uri requesturi request urlpath csuristem urlhostname misc arg")
METHOD: Final = _names("method httpmethod requestmethod csmethod reqmethod verb op")
AGENT: Final = _names("useragent httpuseragent agent ua requestclientapplication csuseragent")
QUERY: Final = _names("qname dnsquery queryname query dnsname")
SENT: Final = _names(
    """
    sentbyte srcbytes bytessent sentbytes bytesout sent bytestoserver origbytes bytesfromclient
    """
)
RECEIVED: Final = _names(
    """
    rcvdbyte dstbytes receivedbytes recvbytes bytesreceived bytesin rcvd bytestoclient respbytes
    bytesfromserver
    """
)
PACKETS: Final = _names("packets pkts packetcount")
MD5: Final = _names("md5 md5hash filemd5")
SHA1: Final = _names("sha1 sha1hash filesha1 filehashsha1")
SHA256: Final = _names("sha256 sha256hash filesha256 filehashsha256 filedigest")
HASH: Final = _names("hash filehash filechecksum analyticscksum")
SOURCE_UID: Final = _names(
    """
    loguid uniqueid eventuuid alertid incidentid externalid n seqno sequencenum logseqno
    """
)
TECHNIQUES: Final = _names("mitretechniqueid techniqueid mitretechnique attacktechnique mitreid")
_NOWHERE: Final = ("", "")

_LISTS: Final = (
    *(
        SRC,
        DST,
        SRC_PORT,
        DST_PORT,
        SRC_NAME,
        DST_NAME,
        USER,
        DEVICE,
        DEVICE_ID,
        TIME,
        SEVERITY,
        LEVEL,
        ACTION,
    ),
    *(
        RULE_ID,
        TITLE,
        CATEGORY,
        MESSAGE,
        PROTO,
        APP,
        PATH,
        PROCESS,
        PID,
        PARENT,
        COMMAND,
        FILE,
        URL,
        METHOD,
        AGENT,
    ),
    *(QUERY, SENT, RECEIVED, PACKETS, MD5, SHA1, SHA256, HASH, SOURCE_UID, TECHNIQUES),
)
KNOWN: Final = frozenset(name for names in _LISTS for name in names)


@lru_cache(4096)
def plain(key: str) -> str:
    """Return the key as the lists above write it.

    >>> plain("source-address"), plain("Src_IP")
    ('sourceaddress', 'srcip')
    """
    return key.lower().translate(_STRIPPED)


def named(pairs: Mapping[str, object]) -> dict[str, tuple[str, str]]:
    """Return the pairs that the lists know and that say something: plain key → (key as received, value)."""
    found: dict[str, tuple[str, str]] = {}
    for key, value in pairs.items():
        name = plain(key.partition("#")[0])
        if name in KNOWN and name not in found and type(value) is str:
            value = value.strip()
            if value.lower() not in NOTHING:
                found[name] = (key, value)
    return found


def first(pairs: Mapping[str, tuple[str, str]], names: tuple[str, ...]) -> tuple[str, str]:
    """Return key and value of the first of these names that is there, else ("", "")."""
    if pairs:
        for name in names:
            if name in pairs:
                return pairs[name]
    return _NOWHERE


def address(value: str) -> tuple[str | None, str | None, str | None]:
    """Return address, port and name that a value of an end holds.

    Devices join them: ``10.1.1.1:443``, SonicWall's ``10.1.1.1:443:X1:name``, ``10.1.1.1/443``, ``[::1]:53``,
    ``ssh(10.1.1.1)``. A value that holds no address is a name.

    >>> address("192.0.2.1:443:WAN"), address("::1"), address("web-1.example.com")
    (('192.0.2.1', '443', None), ('::1', None, None), (None, None, 'web-1.example.com'))
    """
    value = value.strip("<>\"'")
    whole = canonical(value.strip("[]"))
    if whole is not None:
        return whole, None, None
    if value.endswith(")") and (inner := canonical(value[:-1].rpartition("(")[2])) is not None:
        return inner, None, None
    if value[:1] == "[":
        inside, _, after = value[1:].partition("]")
        port = after.lstrip(":/")
        return canonical(inside), port if port.isdecimal() else None, None
    if value.count(":") == 8 and (port := value.rpartition(":")[2]).isdecimal():
        # Suricata's one-line alerts write all eight groups of an address, and the port behind them.
        six = canonical(value[: -len(port) - 1])
        if six is not None:
            return six, port, None
    for mark in (":", "/", "#", ","):
        head, found, rest = value.partition(mark)
        if found and (ip := canonical(head)) is not None:
            parts = rest.split(mark, 3)
            name = parts[2] if mark == ":" and len(parts) > 2 and parts[2] else None
            return ip, parts[0] if parts[0].isdecimal() else None, name
    named = not any(mark in value for mark in " ()/=,;") and _LETTER.search(value) is not None
    return None, None, value if named else None
