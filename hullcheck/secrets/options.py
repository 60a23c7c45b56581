"""Patterns of secrets in commands and texts: after names, and in options of well-known programs.

In the table a blank is a gap between words, and `{name}`, `{value}`, `{line}` (the words before) and `{says}` are the
patterns below. Before each pattern are words in lower case, one of which is in each match. Repetitions are bounded or
end in one way only, so that the time grows with the length of a text alone.
"""

from hullcheck.lazy import regex
from hullcheck.secrets.values import Format

LONGEST = 300  # characters of a bare value that are looked at; what is longer goes on to the end of its word
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
_SECRETS = (
    # after a name: NAME=value, --name value, -name value, "name": "value", in YAML, a header, XML, ${NAME:-value}
    ("=", r"(?<![\w$.{-])(?:-[DP](?=[a-z])|--?)?{name}\\*(?:[\"']\]?)?(?:[:?+]?=|[ \t][:?+]?=[ \t]){value}"),
    ("'", r"(?<=')-{0,2}{name}=(?P<value>[^']+)(?=')"),
    ('"', r"(?<=\")-{0,2}{name}=(?P<value>[^\"\\]+)(?=\")"),
    ("--", r"(?<![\w-])--{name} {value}"),
    ("pass", r"(?<![\w-])-(?P<name>(?:src|dest)?(?:key|store)?pass(?:wd|word|phrase)?) {value}"),
    (":", r"(?<![\w$.-]){name}\\*[\"']\s*:\s*{value}"),
    (":", r"(?:^|[{,\"'\n]|\\n)[ \t]{0,80}{name}:[ \t]+(?P<value>[^\s\"'\\,}{][^\s\"'\\,}]*)"),
    (":", r"(?<![\w$.-]){name}:\s*(?=(?P<value>\\*[\"'][^\"'\\]+\\*[\"']))"),
    (":", r"(?<![\w-])(?P<name>[A-Za-z]{1,40}(?:-[A-Za-z]{1,40}){1,8}):[ \t]*(?P<value>[^\s\"'\\]+)"),
    ("</", r"<{name}>(?P<value>[^<>]+)</"),
    ("${", r"\$\{{name}:?[-=](?P<value>[^$}/](?:(?!\$\{)[^}])*)(?:\}|(?=\$\{))"),
    ("config kv set",
        r"\b(?:config|configure|kv put|set)(?: -[^\s\"'\\,]{1,80}+| set){0,9}"
        r" (?:[\w./:@-]{0,200}[/:])?{name} {value}"),
    ("define", r"\bdefine\(\s*\\*[\"']{name}\\*[\"']\s*,\s*{value}"),
    ("http-basic", r"\bhttp-basic\.[\w.-]{1,200} [^\s\"'\\,]{1,80}+ {value}"),
    ("authorization", r"(?i:authorization)\\*[\"']?\s*:\s*\\*[\"']?(?i:api-?key|basic|bearer|token)\s+{value}"),
    # in options and words of programs
    ("curl http ab",
        r"\b(?:curl|https?|ab){line}"
        r" (?:-[Uua]\s?|--(?:user|proxy-user|auth)[\s=])[\"']?[^\s:;&|\"']{1,100}+:{value}"),
    ("login",
        r"\b(?:docker|podman|buildah|nerdctl|oras|skopeo|helm registry|az acr|az|oc) login{line} -p[\s=]?{value}"),
    ("mysql mariadb", r"\b(?:mysql|mariadb)(?:-?(?:admin|dump))?{line} -p{value}"),
    ("mysql mariadb", r"\b(?:mysql|mariadb)-?admin{line} password {value}"),
    ("mongo cqlsh cypher-shell twine sqlcmd",
        r"\b(?:mongo\w*|cqlsh|cypher-shell|twine upload|sqlcmd){line} -[pP] {value}"),
    ("redis-cli valkey-cli", r"\b(?:redis|valkey)-cli{line} -a {value}"),
    ("bindpw requirepass masterauth authtoken", r"\b(?:bindpw|requirepass|masterauth|authtoken) {value}"),
    ("rabbitmqctl", r"\brabbitmqctl (?:add_user|change_password) [^\s\"'\\,]{1,80}+ {value}"),
    ("sshpass login", r"\b(?:sshpass -p\s*|(?:vault|cargo) login )\"?{value}"),
    ("ldap", r"\bldap\w{3,9}{line} -w {value}"),
    ("useradd usermod", r"\buser(?:add|mod){line} -p {value}"),
    ("htpasswd mosquitto_passwd",
        r"\b(?:htpasswd|mosquitto_passwd) -(?=\w*b)\w++ (?:-\w+ ){0,9}[^\s\"'\\,]{1,300}+"
        r" [^\s\"'\\,]{1,300}+ {value}"),
    ("pass:", r"\bpass(?:in|out)? pass:{value}"),
    ("machine", r"\bmachine [^\s\"'\\,]{1,300}+ login [^\s\"'\\,]{1,300}+ password {value}"),
    ("identified password", r"(?i:\bidentified (?:with \S{1,80} )?(?:by|as)|\bpassword)\s+(?P<value>'[^']+')"),
    ("pwd", r"(?:=|;)[^;=\s\"']*;\s*(?i:pwd)\s*=\s*{value}"),
    ("@tcp( @unix(", r"(?<![\w/])\w+:(?P<value>[^\s\"'@/]{1,300})@(?:tcp|unix)\("),
    # to the input of programs
    ("|",
        r"{says} {value}[^|;&]{0,1000}\|\s*[^;&|]{0,100}?(?:--password-stdin|--stdin\b|--with-token|\bsudo"
        r" -S\b|\bkinit\b"
        r"|(?<!/etc/)\bpasswd\b)"),
    ("chpasswd", r"{says} {account}:(?P<value>[^\s\"'\\|]+)[^;&]{0,1000}\|[^;&|]{0,100}?\bchpasswd\b"),
)  # fmt: skip


def _written_out(row: str) -> str:
    row = row.replace("{says}", _PARTS["says"]).replace(r"[ \t]", r"[\x20\t]")
    row = row.replace(" {value}", r"""["'\\]*(?:\s|,|\\\n)+{value}""").replace(" ", _GAP)
    for word, pattern in _PARTS.items():
        row = row.replace(f"{{{word}}}", pattern)
    return row


SECRETS = tuple(Format("", tuple(literals.split()), regex(_written_out(row))) for literals, row in _SECRETS)
"""Where there is a secret, unless the value is a placeholder."""
