"""The usual forms of secrets in texts: beside a name, on command lines, in URLs, or known by their own form.

Each pattern begins with words of its own, and no repeat is without a bound: linear on any text.
"""

import re
from typing import Final

# What stands where something was taken out. No two secrets can be told apart, or told to be the same, by it.
MARK: Final = "[redacted]"

# Also at the end of a longer name: dbPassword, client_secret, x-auth-token.
_LONG: Final = (
    "password|passwd|passphrase|passcode|secret|credentials?|token"
    "|(?:api|access|account|private)[_-]?key|session[_-]?id"
)
_SHORT: Final = "pass|pwd"
# Programs that take a password after -p, -pw or -P, with or without a blank.
_PROGRAMS: Final = "mysql|mysqldump|mysqladmin|psexec(?:64)?|paexec|plink|pscp|winexe|sshpass|hydra"
_START: Final = "(?<![a-z0-9])"
# A value: in quotation marks (first those of a JSON text within a JSON text), or bare up to what ends one in
# URLs, connection strings and lists.
_VALUE: Final = (
    r"""(\\"[^"\\]{1,512}(?:\\")?|"(?:[^"\\]|\\.){1,512}"?|'[^']{1,512}'?|[^\s&"',;|<>\\)\]}]{1,512})"""
)
# (what stands before a secret, the secret).
_SECRETS: Final = (
    # password=…, "token": "…", /password:…, password => …
    (rf"""((?:{_LONG}|{_START}(?:{_SHORT}))\\?["']?\s{{0,8}}(?:=>|:=|[=:])\s{{0,8}})""", _VALUE),
    # --api-key …, -Password …, ConvertTo-SecureString …
    (
        rf"({_START}(?:(?:--?|/)(?:[a-z]{{0,16}}[_-]?(?:{_LONG})|{_SHORT}|pw)"
        r"|convertto-securestring(?:\s{1,4}-string)?)\s{1,4})",
        _VALUE,
    ),
    # …?sig=…
    (r"([?&](?:sig|signature|x-amz-(?:signature|security-token|credential))=)", r"""([^&\s"']{1,1024})"""),
    # Authorization: Bearer …, Basic …
    (
        r"""(authorization\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?(?:basic|bearer|digest|token|apikey)\s{1,4})""",
        "([a-z0-9+/=._~-]{4,2048})",
    ),
    (rf"({_START}bearer\s{{1,4}})", "([a-z0-9+/=._~-]{8,2048})"),
    (rf"({_START}basic\s{{1,4}})", "([a-z0-9+/]{8,2048}={1,2})"),
    # https://user:secret@host
    (r"""(://[^\s/:@"']{1,128}:)""", r"""([^\s/@"']{1,256})(?=@)"""),
    # curl -u user:secret
    (
        rf"""({_START}(?:-u\s{{0,4}}|--user(?:\s{{1,4}}|=))["']?[^\s:"']{{1,128}}:)""",
        r"""([^\s"']{1,256})""",
    ),
    # net user NAME SECRET, net use X: \\host\share SECRET
    (
        rf"""({_START}net1?(?:\.exe)?["']?\s{{1,4}}user\s{{1,4}}(?:"[^"]{{1,128}}"|[^\s/"]{{1,128}})\s{{1,4}})""",
        r"([^\s/*][^\s]{0,256})",
    ),
    (
        rf"({_START}net1?(?:\.exe)?\s{{1,4}}use\s{{1,4}}[a-z*]:?\s{{1,4}}\\\\[^\s]{{1,256}}\s{{1,4}})",
        r"([^\s/*][^\s]{0,256})",
    ),
    # psexec … -p SECRET, mysql -pSECRET; schtasks … /rp SECRET; xfreerdp /p:SECRET
    (
        rf"""({_START}(?:{_PROGRAMS})(?:\.exe)?["']?\s[^|;&\n]{{0,128}}?(?<=\s)-pw?\s{{0,2}})""",
        r"([^\s-][^\s]{0,256})",
    ),
    (rf"""({_START}schtasks(?:\.exe)?["']?\s[^|&\n]{{0,256}}?\s/r?p\s{{1,4}})""", r"([^\s/][^\s]{0,256})"),
    (r"(\s/p:)", r"([^\s]{1,256})"),
    # Keys that are known by their own form: of AWS, GitHub, Slack; JSON Web Tokens; PEM.
    (
        "()",
        r"((?<![a-z0-9_-])(?:a[ks]ia[0-9a-z]{16}|gh[pousr]_[0-9a-z]{36,255}|github_pat_[0-9a-z_]{22,255}))",
    ),
    ("()", r"((?<![a-z0-9_-])xox[abeoprs]-[0-9a-z-]{10,255})"),
    ("()", r"((?<![a-z0-9_-])eyj[a-z0-9_-]{8,2048}\.[a-z0-9_-]{4,4096}\.[a-z0-9_-]{0,4096})"),
    (
        "()",
        r"((?<!-)-----begin [a-z ]{0,32}private key-----(?:[^-]|-(?!----end)){0,16384}"
        r"(?:-----end [a-z ]{0,32}private key-----)?)",
    ),
)
_SECRET: Final = re.compile("|".join(before + secret for before, secret in _SECRETS), re.IGNORECASE)
_KEY: Final = re.compile(rf"[a-z0-9_.-]{{0,64}}(?:{_LONG})|{_SHORT}", re.IGNORECASE)
_MARKS: Final = ('\\"', '"', "'")


def marked(text: str) -> str:
    """Return the text with MARK for each secret; quotation marks around one stay.

    >>> marked('curl -u alice:hunter2 "https://example.com/?token=abc&x=1"')
    'curl -u alice:[redacted] "https://example.com/?token=[redacted]&x=1"'
    """
    return _SECRET.sub(_marked, text)


def is_secret_key(key: str) -> bool:
    """Return whether what stands under this key is a secret.

    >>> [is_secret_key(key) for key in ("dbPassword", "api_key", "pwd", "passport", "tokens")]
    [True, True, True, False, False]
    """
    return len(key) <= 128 and _KEY.fullmatch(key) is not None


def _marked(match: "re.Match[str]") -> str:
    # lastindex is the secret's group, the one before it what stands before the secret.
    last = match.lastindex or 2
    secret = match[last]
    for mark in _MARKS:
        if secret.startswith(mark):
            closed = len(secret) > len(mark) and secret.endswith(mark)
            return f"{match[last - 1]}{mark}{MARK}{mark if closed else ''}"
    return f"{match[last - 1]}{MARK}"
