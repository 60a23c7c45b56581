"""Ways to hand over a secret to a command: by the name of an option, by the command, or by where the words go.

Each is written in short, and compiled when a text is first searched for it. A blank is any gap between the words of a
command, also where these are a list; words in braces stand for the patterns below. Where there is a `name`, it
decides, and so does a `file`.
Every repetition is bounded or can end in one way only, so that the time for a text grows with its length alone.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

LONGEST = 300
"""Characters of a bare value that are looked at; what is longer goes on to the end of its word."""
_NAME = r"(?P<name>[A-Za-z_][\w.-]{0,200})"
_WORD = r"""[^\s"'\\,]{1,300}+"""
_BARE = rf"""(?:%\(\w{{1,60}}\)|[^\s"';&|,)\]}}]|,(?![\w.-]{{1,40}}+[=:]|[\s"']|$)){{1,{LONGEST}}}"""
_VALUE = rf"""(?=(?P<value>\\+"[^"\\]*\\+"|"(?:\\.|[^"\\])*"|\$?'[^']*'|{_BARE}))"""
_AT = r"(?:(?<![\w./-])|(?<=bin/))"  # a command, and no part of a path
_LINE = r"""(?=[\s"'\\,])[^;&|\n]{0,200}?"""  # the rest of a command
_LOGINS = (
    r"(?:az|az acr|buildah|cf|crane|docker|helm registry|nerdctl|oc|oras|podman|skopeo|twine)"
    r" (?:login|upload|register)"
)
# What reads a secret from its input.
_INTO = (
    r"--password-stdin|--stdin\b|--with-token|\bsudo -S\b|--passphrase-fd\b|--pinentry-mode\b|\bvault login|\bsmbpasswd"
    r"|(?<!/etc/)\b(?:mk)?passwd\b|\bkinit\b|\bcryptsetup\b|\bveracrypt\b|\bsaslpasswd2\b|\bpdbedit\b"
    r"|\bsecret-tool\b|\bpass insert\b|\bkeyctl p\w{0,9}\b|\bansible-vault\b|\bsystemd-creds\b|\bsecret create\b"
    r"|\brclone obscure\b|\bauth login\b|\brealm join\b|-keystore add\b"
)
_SAYS = r"\b(?:echo|printf)(?: -{word}){0,9}(?: %[sb](?:\\+n)?)?"
_ACCOUNT = r"[\w.${}-]{1,100}"
_STARTS = (
    r"(?:^|[;&|(\n]\s{0,80}|bin/|\bsudo\s|-\w{0,3}c\s[\"']?)[\w.-]{1,40} "  # a command, to the word behind it
)
_ENTERS = "login|logon|auth|authenticate|token|connect|enroll|register|activate|unlock"
# An option of one dash may also be a letter and its value, as in `-pHunter2secret`.
_ONE_DASH = (
    r"(?i:(?:(?:src|dest)?(?:key|store))?pass(?:wd|word|phrase)?|secret|token"
    r"|(?:access|api|auth|private|secret)[_-]?(?:key|token))"
)
_SCHEMES = "(?i:api-?key|basic|bearer|bot|geniekey|oauth|splunk|ssws|token)"
_WAYS = [
    r"(?<![\w$.{-])(?:-[DP](?=[a-z])|--?)?{name}\\*[\"']?(?:[:?+]?=|\s[:?+]?=\s){value}",
    r"(?<=')-{0,2}{name}=(?P<value>[^']+)(?=')",
    r"(?<=\")-{0,2}{name}=(?P<value>[^\"\\]+)(?=\")",
    r"(?<![\w-])--{name} {value}",
    r"(?<![\w-])-(?P<name>{one_dash}) {value}",
    r"(?<![\w$.-]){name}\\*[\"']\s*:\s*{value}",
    r"(?<![\w$.-]){name}:\s*(?=(?P<value>\\*[\"'][^\"'\\]+\\*[\"']))",
    r"(?:^|[{,\"'\n]|\\n)[ \t]{0,80}{name}:[ \t]+(?P<value>[^\s\"'\\,}{][^\s\"'\\,}]*)",
    r"(?<![\w-])(?P<name>[A-Za-z]{1,40}(?:-[A-Za-z]{1,40}){1,8}):[ \t]*(?P<value>[^\s\"'\\]+)",
    r"\bdefine\(\s*\\*[\"']{name}\\*[\"'],\s*{value}",
    r"\[\\*[\"']{name}\\*[\"']\]\s*=\s*{value}",
    r"<{name}>(?P<value>[^<>]+)</",
    r"(?i:authorization)\\*[\"']?\s*:\s*\\*[\"']?(?:{schemes})\s+{value}",
    r"(?i:authorization)\\*[\"']?\s*:\s*\\*[\"']?(?P<value>(?=[\w.+/=-]{0,100}\d)[\w.+/=-]{16,300})",
    r"\$\{{name}:?[-=](?P<value>[^$}/](?:(?!\$\{)[^}])*)(?:\}|(?=\$\{))",
    r"\b(?:config|configure|kv put|set)(?: -{word}| set){0,9} (?:[\w./:@-]{0,200}[/:])?{name} {value}",
    r"(?<!\w)s(?P<by>[/|#,%!])[^\w\s]{0,10}?{name}[^\w\s]{0,10}?(?P=by)(?![\w.-]{1,80}=)"
    r"(?P<value>[^\s\"'/|#,%!$]+)(?P=by)",  # of sed
    r"(?<![\w.])/{name}:{value}",  # an option of Windows
    r"{says} {value}[^|;&>]{0,1000}(?:\|\s*(?:sudo )?tee(?: -{word}){0,3} |>>?\s*)(?P<file>[\w~./-]{1,300}+)",
    r"\b(?:requirepass|masterauth|primaryauth|auth_pass|insecure-password|rootpw) {value}",
    r"\bstats auth [^\s:;\"']{1,100}:{value}",  # of haproxy
    r"(?<![\w$.-])(?P<name>(?:[a-z]{1,20}_){0,3}password)\s*=>\s*(?=\\*[\"'][^\s\"'\\%]{1,200}+\\*[\"'])(?P<value>\S{1,300})",
    r"{at}(?:redis|valkey|keydb)-(?:cli|benchmark){line} -a {value}",
    r"\bsshpass -p\s*{value}",
    r"{at}(?:curl|http|https|ab){line} (?:-[Uua] ?|--(?:user|proxy-user|auth)[ =])[\"']?[^\s:;&|\"']{1,100}+:{value}",
    r"{at}{logins}{line} -p[ =]?{value}",
    r"{at}(?:mysql|mariadb)(?:-?(?:admin|dump))?{line} -p{value}",
    r"{at}(?:mysql|mariadb)-?admin{line} password {value}",
    r"{at}(?:mongo\w*|cqlsh|pymongo|cypher-shell){line} -p {value}",
    r"{at}dotnet nuget{line} -p {value}",
    r"{at}(?:pro|ua) attach {value}",
    r"{at}(?:kadmin|ldap\w+|ds(?:conf|ctl|idm)){line} -w {value}",
    r"{at}(?:ldappasswd|slappasswd){line} -s {value}",
    r"{at}ncftp\w{1,9}{line} -p {value}",
    r"{at}ssh-keygen{line} -N {value}",
    r"{at}rclone{line} (?:\w{0,40}(?:key|pass|token)|obscure) {value}",
    r"\bhttp-basic\.{word} {word} {value}",  # of composer and poetry
    r"\b(?:bearer|github-oauth|gitlab-token)\.{word} {value}",
    r"{at}wandb login(?: -{word}){0,9} {value}",
    r"{at}snyk auth {value}",
    r"{at}nuget setapikey {value}",
    r"\bset-agent-token {word} {value}",
    r"{at}SUSEConnect{line} (?:-r|--regcode)[ =]{value}",
    r"\b(?:authtoken|reset-admin-password|set-initial-password) {value}",
    r"\bsamba-tool user (?:add|create) {word} {value}",
    r"(?<![\w-])-auth [\w.-]{1,100}:{value}",  # of Jenkins
    r"{at}net user {word} {value}",
    r"{at}(?:sqlcmd|bcp|zip|unzip|ipmitool|mosquitto_\w+){line} -P ?{value}",
    r"{at}snmp\w+{line} -[AX] {value}",
    r"{at}doctl{line} -t {value}",
    r"{at}(?:consul|nomad|serf){line} -encrypt[ =]{value}",
    r"{at}nats-server{line} --?auth[ =]{value}",
    r"{at}(?:etcdctl|ttyd){line} (?:-c|--credential|--user)[ =][\"']?[^\s:;&|\"']{1,100}+:{value}",
    r"{at}nsupdate{line} -y (?:hmac-\w{1,10}:)?[\w.-]{1,100}:{value}",
    r"{at}radtest(?: -{word}){0,4} {word} {value}",
    r"{at}cloudflared{line} (?:install|uninstall|run) {value}",
    r"{at}\w{0,20}freerdp\w{0,20}{line} /p:{value}",
    r"{at}(?:nmcli|iwctl|wpa_cli){line} (?:[\w.-]{0,60}psk|[\w.-]{0,60}password) {value}",
    r"{at}wpa_passphrase {word} {value}",
    r"{at}mkpasswd(?: -(?:[mRS]|-method|-rounds|-salt)[ =]{word}){0,4} (?!-){value}",
    r"\b(?:bcrypt|crypt(?:\.crypt)?|generate_password_hash|make_password|password_hash)\(\s*(?P<value>\\*[\"'][^\"'\\]+\\*[\"'])",
    r"{at}openssl passwd(?: -(?:salt {word}|\w+)){0,9} {value}",
    r"{at}bundler? config{line} [\w.-]{1,100}:(?!//){value}",
    r"{at}qpdf{line} --encrypt {value}",
    r"{at}qpdf{line} --encrypt {word} {value}",
    r"\b(?:user|owner|input)_pw {value}",  # of pdftk
    r"\bConvertTo-SecureString(?: -(?:String|AsPlainText|Force)){0,3} {value}",
    r"{at}(?:7z[ar]?|rar|unrar){line} -p(?!-){value}",
    r"{at}(?:smbclient|rpcclient|smbmap|net){line} -U [^\s%]{1,100}%{value}",
    r"{at}(?:plink|pscp|psftp){line} -pw {value}",
    r"{at}lftp{line} -u [^\s,]{1,100},{value}",
    r"{at}(?:expdp|impdp) [\w.]{1,100}/(?P<value>[^@\s/\"']{1,300})",
    r"{at}sqlplus{line} [\w.]{1,100}/(?P<value>[^@\s/]{1,300})@",
    r"\brabbitmqctl (?:add_user|change_password) {word} {value}",
    r"\bmc (?:alias|config host) (?:set|add) {word} {word} {word} {value}",
    r"\b(?:vault|cargo) login(?: --registry {word})? {value}",
    r"\b(?:htpasswd|mosquitto_passwd) -(?=\w*b)\w++ (?:-\w+ ){0,9}{word} {word} {value}",
    r"{at}user(?:add|mod){line} -p {value}",
    r"{at}openssl enc{line} -k {value}",
    r"\bpass(?:in|out)? pass:{value}",
    r"\bmachine {word} login {word} password {value}",
    r"/[\w.-]{0,40}pass[\w.-]{0,40} password {value}",  # an answer for debconf
    r"(?i:\bidentified (?:with \S{1,80} )?(?:by|as)|\bpassword)(?:\s+|\s*\(\s*)(?P<value>'[^']+')",
    r"(?i:\bidentified by)\s+\\*(?P<value>\"[^\"\\]+)\\*\"",
    r"(?:=|;)[^;=\s\"']*;\s*(?i:pwd)\s*=\s*{value}",
    r"\bjdbc:oracle:thin:\w{1,100}/(?P<value>[^@\s]{1,300})@",
    r"(?<![\w/])\w+:(?P<value>[^\s\"'@/]{1,300})@(?:tcp|unix)\(",
    r"{says} {account}:(?P<value>[^\s\"'\\|]+)[^;&]{0,1000}\|[^;&|]{0,100}?\b(?:chpasswd|newusers)\b",
    r"\bprintf {account}:%s(?:\\+n)? {value}[^;&]{0,1000}\|[^;&|]{0,100}?\bchpasswd\b",
    r"{says} {account}:(?P<value>[^\s\"'\\|]+)[^;&>]{0,1000}>\s*(?P<to>[\w~./-]{1,300}+)[^\n]{0,1000}?"
    r"(?:\bchpasswd\b[^;&|\n]{0,100}?<\s*(?P=to)|(?P=to)\s*\|[^;&|]{0,100}?\bchpasswd\b)",
    r"\bchpasswd(?: -\S{1,80}){0,9}\s*<<<\s*[\"']?{account}:(?P<value>[^\s\"'\\]+)",
    r"\bchpasswd[^\n<]{0,200}<<-?\s*[\"']?\w{1,80}+[\"']?[^\n]{0,200}\n\s*{account}:(?P<value>\S+)",
    r"{says} {value}[^|;&]{0,1000}\|\s*[^;&|]{0,100}?(?:{into})",
    r"\byes (?!(?i:y|n|yes|no)\b){value}[^|;&]{0,1000}\|\s*[^;&|]{0,100}?(?:{into})",
    r"(?:{into}|\b(?:adduser|vncpasswd)\b)[^;&|\n]{0,100}?<<<\s*{value}",
    r"[\w.-]:(?P<value>[^\s:\"']+)[\"']?\s*>>?\s*\S{0,200}(?:htpasswd|pgpass)\b",
]
# Where a secret often is, and often something else: what looks like one is hidden, but not reported as a secret.
_MAYBE = [
    r"{starts}(?:(?!install|add|update)[\w-]{1,40} )?(?:{enters})(?: -{word}){0,5} {value}",
    r"\b(?:{enters}){line} -(?:-?key|[pPtwkAW])[ =]{value}",
    r"\b(?i:password|passwd|passphrase|psk|secret|token|pin) {value}",
    r"(?<![\w.-])-(?:[PAWk]|pw) {value}",
    r"(?<![\w.])/(?:p|pw|k|key):{value}",
    r"\bsend(?: -{word}){0,3} {value}",  # of expect
    r"{says} {value}[^|;&]{0,1000}\|\s*(?:sudo )?(?:su|runuser|doas|gpg2?|openssl|age)\b",
    r"\bsu\b[^;&|\n]{0,100}?<<<\s*{value}",
    r"(?:(?i:\bcookie:)|{at}curl{line} (?:-b|--cookie))[\s=]{0,9}\\*[\"']?[^\s=;\"'\\]{1,100}="
    r"(?P<value>[^\s\"'\\]{1,300})",
]
# What a file of settings says line by line, and what it is in files of one kind.
_DIRECTIVE = (
    r"(?:(?:SetEnv|RequestHeader[ \t]+set|ENV|setenv|set|\w{2,20}_param|proxy_set_header|neighbor[ \t]+\S{1,60})"
    r"[ \t]+\$?)?"
)
_NO_DIRECTIVE = (
    r"(?!(?i:(?:proxy|fastcgi|uwsgi|scgi|grpc|memcached|js|sub|first|try|use)?_?pass|pam_password|auth-user-pass"
    r"|PassEnv)\b)"
)
# A port, or a type of SQL.
_NO_VALUE = r"(?!\d+/(?:tcp|udp)\b|(?i:bytea|char|jsonb?|string|text|uuid|varchar)\b)"
_PASSWORD_HASH = r"(?i:password|passwd)_(?:hash|(?:double_)?sha\w{1,12})"
_IN_FILES = [
    rf"(?m:^|;|(?<!\{{)\{{(?!\{{))[ \t]*{_DIRECTIVE}{_NO_DIRECTIVE}{{name}}[ \t]+{_NO_VALUE}{{value}}"
    r"(?P=value)[;}\s]*?(?m:$)",
    r"(?m:^)[ \t]*(?:\$|(?:const|let|local|var)[ \t]+){name}[ \t]*=[ \t]*(?=[\"']){value}",
    r"{name}[\"'][ \t]*=>[ \t]*(?=[\"'](?!%\{|users)){value}",
    r"(?:\[|::){name}(?:\][ \t]*=|:)[ \t]+{value}",
    r"\b(?:key|name)[\"']?[ \t]*[=:][ \t]*[\"']?{name}[\"']?[\s,]{1,40}[\"']?value[\"']?[ \t]*[=:][ \t]*{value}",
    r"\bvalue[\"']?[ \t]*[=:][ \t]*{value}(?P=value)[\s,]{1,40}[\"']?(?:key|name)[\"']?[ \t]*[=:][ \t]*[\"']?{name}",
    r"<name>{name}</name>\s{0,40}<value>(?P<value>[^<>]+)</",
    rf"\b{_PASSWORD_HASH}[\"']?[ \t]*[:=>][ \t]*[\"']?(?P<value>(?=[^\d\n]{{0,60}}\d)[\w+/.$]{{20,}})",
    r"(?m:^)(?:[^\s:#/]{1,200}):(?:\d{2,5}|\*):[^\s:]{1,100}:[^\s:]{1,100}:(?P<value>[^\s:]{3,})(?m:$)",  # .pgpass
    r"(?m:^)[ \t]*user[ \t]+\S{1,100}[ \t][^\n#]{0,300}?(?<=[ \t])[>#](?P<value>\S{3,})",  # an ACL of Redis
    r"\bsentinel auth-pass {word} {value}",
    r"(?m:^)\d{1,10}[ \t]+(?:M|MD5|SHA[\d-]{1,6}|AES\d{0,3})[ \t]+(?P<value>\S{4,})",  # keys of chrony and ntpd
    r"\bcreateUser (?:-e {word} )?{word} (?:MD5|SHA[\d-]{0,6}) {value}",
    r"(?m:^)[ \t]*r[ow]community6?[ \t]+(?!(?:public|private)\b){value}",
    r"(?m:^)(?:\[[\w.:-]{1,100}\]\S{0,20}[ \t]+[\w.@+-]{1,100}|\S{1,100}[ \t]+[\w.+-]{1,100}@[\w-]{1,60}\.[\w.-]{1,60})"
    r":(?P<value>(?!//)\S{3,})(?m:$)",
    r"(?m:^)[^#\n\"]{0,300}:[ \t]*(?:PSK|EAP|XAUTH|NTLM|PIN)[ \t]+(?P<value>\"[^\"\n]+\"|0[xs]\S+)",  # ipsec.secrets
    r"LoginModule\b(?:(?!LoginModule)[^;]){0,2000}?\buser_[\w-]{1,60}[ \t]*=[ \t]*{value}",
    r"(?m:^)[ \t]*user[ \t]*=[ \t]*(?P<who>[\w.@-]{1,60}):(?!(?P=who)\b|\d+(?m:$)){value}",
    r"(?m:^)[ \t]*(?:(?:poll|server|skip)[ \t][^\n]{0,200}?(?<=[ \t]))?user(?:name)? (?!(?:and|or)\b|/)\S{1,100}"
    r" (?:there )?(?:with )?pass(?:word)?[ \t]+{value}",  # of fetchmail
    r"(?<!\w)(?:acme_)?dns \w{2,30} (?P<value>(?=\S{0,60}\d)[\w-]{20,})",  # of Caddy
    r"\bSQLConnectInfo {word} {word} {value}",
    r"(?m:^)[ \t]*MONITOR[ \t]+\S{1,100}[ \t]+\d+[ \t]+\S{1,100}[ \t]+{value}",  # of upsmon
    r"(?m:^)[ \t]*allow[ \t]+[A-Za-z][\w.-]{0,60}:(?P<value>[^\s:;/]{3,})(?m:$)",  # of monit
    r"\bregister[ \t]*=>[ \t]*[\w.-]{1,100}:(?P<value>[^@\s:]{3,100})@",
    r"\bencrypt[\"']?[ \t]*[=:][ \t]*[\"'](?P<value>[A-Za-z0-9+/]{22,}={0,2})[\"']",  # the gossip of Consul and Nomad
    r"\"[dk]\"[ \t]*:[ \t]*\"(?P<value>(?=\D{0,60}\d)(?=[^A-Z]{0,60}[A-Z])[\w-]{22,})\"",  # a private key as JWK
]
_END_OF_WORD = r"""["'\\]*(?:\s|,|\\\n)+"""
_PARTS = {
    "at": _AT,
    "logins": _LOGINS,
    "into": _INTO,
    "says": _SAYS,
    "account": _ACCOUNT,
    "starts": _STARTS,
    "enters": _ENTERS,
    "one_dash": _ONE_DASH,
    "schemes": _SCHEMES,
    "word": _WORD,
}
_GAP = rf"""{_END_OF_WORD}["'\\]*"""


def compiled(way: str) -> re.Pattern[str]:
    """The pattern for a way that is written in short."""
    for word in ("logins", "into", "says", "starts", "enters"):
        way = way.replace(f"{{{word}}}", _PARTS[word])
    way = way.replace(r"[ \t]", r"[\x20\t]").replace("[ =]", r"[\s=]").replace(" ?", r"\s?")
    way = way.replace(" {value}", f"{_END_OF_WORD}{{value}}").replace(" ", _GAP)
    for word, pattern in (*_PARTS.items(), ("line", _LINE), ("name", _NAME), ("value", _VALUE)):
        way = way.replace(f"{{{word}}}", pattern)
    return re.compile(way)


def _first_words(way: str) -> tuple[str, ...]:
    """What a text has to hold for a way that begins with a command; nothing where that is not one of a few words."""
    begin = re.match(r"(?:\{at\}|\\b)(?:\(\?:([\w|-]+)\)|([\w-]+)(\?)?)", way)
    if way.startswith("{says}"):
        return "echo", "printf"
    if begin is None:
        return ()
    return tuple(begin[1].split("|")) if begin[1] else (begin[2][:-1] if begin[3] else begin[2],)


@dataclass(frozen=True)
class Way:
    """One way as it is written in short; few texts have any, and to compile all of them takes long."""

    short: str

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of which a text has to hold one, which are looked for in far less time."""
        return _first_words(self.short)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The pattern of the whole way."""
        return compiled(self.short)


def ways_in(text: str, ways: Iterable[Way]) -> list[Way]:
    """Those of *ways* that may be in *text*, by the words that it holds."""
    held = {word for word in _WORDS if word in text}
    return [each for each in ways if not each.words or not held.isdisjoint(each.words)]


HANDED_OVER = tuple(map(Way, _WAYS))
"""Where there is a secret, unless the value is a placeholder."""
MAYBE = tuple(map(Way, _MAYBE))
"""Where there may be one."""
IN_FILES = tuple(map(Way, _IN_FILES))
"""Where there is one in a file of settings."""
_WORDS = frozenset(word for way in (*HANDED_OVER, *MAYBE, *IN_FILES) for word in way.words)
