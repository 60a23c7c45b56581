"""Where commands and texts have secrets: after the name of one, and in options of well-known programs.

In the table a blank is a gap between two words of a command, and `{name}`, `{value}`, `{line}` (the words up to here)
and `{says}` stand for the patterns below. Where there is a `name`, it decides.
Every repetition is bounded or can end in one way only, so that the time for a text grows with its length alone.
"""

import re
from functools import cache

LONGEST = 300
"""Characters of a bare value that are looked at; what is longer goes on to the end of its word."""
_NAME = r"(?P<name>[A-Za-z_][\w.-]{0,200})"
_BARE = rf"""(?:%\(\w{{1,60}}\)|[^\s"';&|,)\]}}]|,(?![\w.-]{{1,40}}+[=:]|[\s"']|$)){{1,{LONGEST}}}"""
_VALUE = rf"""(?=(?P<value>\\+"[^"\\]*\\+"|"(?:\\.|[^"\\])*"|\$?'[^']*'|{_BARE}))"""
_PARTS = {
    "name": _NAME,
    "value": _VALUE,
    "line": r"""(?=[\s"'\\,])[^;&|\n]{0,200}?""",
    "says": r"""\b(?:echo|printf|yes)(?: -[^\s"'\\,]{1,80}+){0,9}(?: %[sb](?:\\+n)?)?""",
    "account": r"[\w.${}-]{1,100}",
}
_GAP = r"""["'\\]*(?:\s|,|\\\n)+["'\\]*"""
_SECRETS = [
    # after a name: NAME=value, --name value, -name value, "name": "value", in YAML, a header, XML, ${NAME:-value}
    r"(?<![\w$.{-])(?:-[DP](?=[a-z])|--?)?{name}\\*[\"']?(?:[:?+]?=|[ \t][:?+]?=[ \t]){value}",
    r"(?<=')-{0,2}{name}=(?P<value>[^']+)(?=')",
    r"(?<=\")-{0,2}{name}=(?P<value>[^\"\\]+)(?=\")",
    r"(?<![\w-])--{name} {value}",
    r"(?<![\w-])-(?P<name>(?:src|dest)?(?:key|store)?pass(?:wd|word|phrase)?) {value}",
    r"(?<![\w$.-]){name}\\*[\"']\s*:\s*{value}",
    r"(?:^|[{,\"'\n]|\\n)[ \t]{0,80}{name}:[ \t]+(?P<value>[^\s\"'\\,}{][^\s\"'\\,}]*)",
    r"(?<![\w$.-]){name}:\s*(?=(?P<value>\\*[\"'][^\"'\\]+\\*[\"']))",
    r"(?<![\w-])(?P<name>[A-Za-z]{1,40}(?:-[A-Za-z]{1,40}){1,8}):[ \t]*(?P<value>[^\s\"'\\]+)",
    r"<{name}>(?P<value>[^<>]+)</",
    r"\$\{{name}:?[-=](?P<value>[^$}/](?:(?!\$\{)[^}])*)(?:\}|(?=\$\{))",
    r"\b(?:config|configure|kv put|set)(?: -[^\s\"'\\,]{1,80}+| set){0,9} (?:[\w./:@-]{0,200}[/:])?{name} {value}",
    r"(?i:authorization)\\*[\"']?\s*:\s*\\*[\"']?(?i:api-?key|basic|bearer|token)\s+{value}",
    # in options and words of programs
    r"\b(?:curl|https?|ab){line} (?:-[Uua]\s?|--(?:user|proxy-user|auth)[\s=])[\"']?[^\s:;&|\"']{1,100}+:{value}",
    r"\b(?:docker|podman|buildah|nerdctl|oras|skopeo|helm registry|az acr|az|oc) login{line} -p[\s=]?{value}",
    r"\b(?:mysql|mariadb)(?:-?(?:admin|dump))?{line} -p{value}",
    r"\b(?:mysql|mariadb)-?admin{line} password {value}",
    r"\b(?:mongo\w*|cqlsh|cypher-shell|twine upload){line} -p {value}",
    r"\b(?:redis|valkey)-cli{line} -a {value}",
    r"\b(?:bindpw|requirepass|masterauth|authtoken) {value}",
    r"\bdefine\(\s*\\*[\"']{name}\\*[\"']\s*,\s*{value}",
    r"\bconfig(?: -[^\s\"'\\,]{1,80}+){0,9} http-basic\.[^\s\"'\\,]{1,80}+ [^\s\"'\\,]{1,80}+ {value}",
    r"\bconfig(?: -[^\s\"'\\,]{1,80}+){0,9} (?:github-oauth|gitlab-token|pypi-token)\.[^\s\"'\\,]{1,80}+ {value}",
    r"\brabbitmqctl (?:add_user|change_password) [^\s\"'\\,]{1,80}+ {value}",
    r"\b(?:sshpass -p\s*|(?:vault|cargo) login )\"?{value}",
    r"\bldap\w{3,9}{line} -w {value}",
    r"\b(?:zip|unzip|sqlcmd){line} -P {value}",
    r"\buser(?:add|mod){line} -p {value}",
    r"\b(?:htpasswd|mosquitto_passwd) -(?=\w*b)\w++ (?:-\w+ ){0,9}[^\s\"'\\,]{1,300}+ [^\s\"'\\,]{1,300}+ {value}",
    r"\bpass(?:in|out)? pass:{value}",
    r"\bmachine [^\s\"'\\,]{1,300}+ login [^\s\"'\\,]{1,300}+ password {value}",
    r"(?i:\bidentified (?:with \S{1,80} )?(?:by|as)|\bpassword)\s+(?P<value>'[^']+')",
    r"(?:=|;)[^;=\s\"']*;\s*(?i:pwd)\s*=\s*{value}",
    r"(?<![\w/])\w+:(?P<value>[^\s\"'@/]{1,300})@(?:tcp|unix)\(",
    # to the input of programs
    r"{says} {value}[^|;&]{0,1000}\|\s*[^;&|]{0,100}?(?:--password-stdin|--stdin\b|--with-token|\bsudo -S\b|\bkinit\b"
    r"|(?<!/etc/)\bpasswd\b)",
    r"{says} {account}:(?P<value>[^\s\"'\\|]+)[^;&]{0,1000}\|[^;&|]{0,100}?\bchpasswd\b",
    r"\bchpasswd(?: -\S{1,80}){0,9}\s*<<<\s*[\"']?{account}:(?P<value>[^\s\"'\\]+)",
]
# Where a secret often is, and often something else: what looks like one is hidden, but not reported as a secret.
_MAYBE = [
    r"(?i:\b[\w-]{0,30}(?:pass\w{0,10}|pw|psk|secret|token|pin|attach)) {value}",
    r"(?<![\w.-])-(?:[PAWkp]|pw) {value}",
    r"(?<![\w.])/(?:p|pw|k|key|password):{value}",
    r"{says} {value}[^|;&]{0,1000}\|",
    r"{says} [\"']?(?P<value>[^\s\"'/=$<>|&;]{8,200})[\"']?\s*>",
    r"<<<\s*{value}",
    r"(?:(?i:\bcookie:)|\bcurl{line} (?:-b|--cookie))[\s=]{0,9}\\*[\"']?[^\s=;\"'\\]{1,100}="
    r"(?P<value>[^\s\"'\\]{1,300})",
]


def _compiled(row: str) -> re.Pattern[str]:
    row = (
        row.replace("{says}", _PARTS["says"])
        .replace(r"[ \t]", r"[\x20\t]")
        .replace(" {value}", r"""["'\\]*(?:\s|,|\\\n)+{value}""")
    )
    row = row.replace(" ", _GAP)
    for word, pattern in _PARTS.items():
        row = row.replace(f"{{{word}}}", pattern)
    return re.compile(row)


@cache
def secrets() -> tuple[re.Pattern[str], ...]:
    """Return where there is a secret, unless the value is a placeholder; to compile them takes long."""
    return tuple(map(_compiled, _SECRETS))


@cache
def maybe() -> tuple[re.Pattern[str], ...]:
    """Return where there may be one."""
    return tuple(map(_compiled, _MAYBE))
