"""The probe that describes a swarm as this node sees it, and what of its answer is kept.

Its answer begins with what `docker info` says of the swarm; where the node is in none, that is all. Then, for
each process called dockerd, `PID/...:` before lines of its network's tables, node state and certificate. On a
manager `node JSON`, `service JSON` and, for each variable of the service before it, `env NAME KIND`.

The value of a variable does not leave the host: there already, the script puts its kind in its place.
"""

import json
import re

from hullcheck.probes import Probe
from hullcheck.redact import Allowed, pick

_SERVICE = (
    'service {"ID":{{json .ID}},"Name":{{json .Spec.Name}}'
    "{{with .Spec.TaskTemplate.ContainerSpec}}"
    ',"Secrets":{{json .Secrets}},"Configs":{{json .Configs}}'
    "{{end}}}"
    "{{with .Spec.TaskTemplate.ContainerSpec}}"
    '{{range .Env}}{{"\\n"}}env {{json .}}{{end}}'
    "{{end}}"
)

# What a value is, in the order in which it is tried; JSON has a line feed as \n: a variable is one line.
_KINDS = r"""
/^env /!b
s/^env "@=*"$/env \1 empty/;t
s/^env "@=[01]"$/env \1 switch/;t
s/^env "@=[Tt][Rr][Uu][Ee]"$/env \1 switch/;t
s/^env "@=[Ff][Aa][Ll][Ss][Ee]"$/env \1 switch/;t
s/^env "@=[Yy][Ee][Ss]"$/env \1 switch/;t
s/^env "@=[Nn][Oo]"$/env \1 switch/;t
s/^env "@=[Oo][NnFf]*"$/env \1 switch/;t
s/^env "@={{[^{}]*}}"$/env \1 template/;t
s|^env "@=/[a-z]*/[A-Za-z0-9_./-]*"$|env \1 path|;t
s/^env "@=.*PRIVATE KEY-----.*/env \1 private-key/;t
s|^env "@=[A-Za-z][A-Za-z0-9+.-]*://[^/@:]*:[^/@][^/@]*@.*|env \1 password-in-url|;t
s/^env "@=.*/env \1 text/;t
s/.*/env ? text/
""".replace('"@=', r'"\([A-Za-z0-9_.-]*\)=')

_SCRIPT = r"""
line_feed="
"
info=$(docker info --format '{{json .Swarm}}{{"\n"}}{{.DockerRootDir}}') || exit
printf "%s\n" "${info%%"$line_feed"*}"
case $info in *'"LocalNodeState":"inactive"'* | null*) exit 0 ;; esac
root=${info#*"$line_feed"}

cd /proc || exit
for folder in [0-9]*; do
  read -r name <$folder/comm && [ "$name" = dockerd ] || continue
  grep -Hs -e " 07 " $folder/net/udp $folder/net/udp6
  grep -Hs "" $folder/net/route $folder/net/if_inet6
  files=$folder/root$root/swarm
  sed "s|^|$folder/state:|" "$files/docker-state.json"
  echo
  sed -n "/BEGIN CERT/,/END CERT/s|^|$folder/certificate:|p" "$files/certificates/swarm-node.crt"
done 2>/dev/null

case $info in *'"ControlAvailable":true'*) ;; *) exit 0 ;; esac
docker node ls --format 'node {{json .}}' || exit
ids=$(docker service ls --quiet) || exit
[ -n "$ids" ] || exit 0
services=$(docker service inspect --format '@SERVICE@' $ids) || exit
printf "%s\n" "$services" | sed '@KINDS@'
""".replace("@SERVICE@", _SERVICE).replace("@KINDS@", _KINDS)

_INFO = {
    "NodeAddr": True,
    "LocalNodeState": True,
    "ControlAvailable": True,
    "Error": True,
    "RemoteManagers": {"Addr": True},
    "Cluster": {
        "ID": True,
        "CreatedAt": True,
        "RootRotationInProgress": True,
        "DataPathPort": True,
        "TLSInfo": {"TrustRoot": True},
        "Spec": {"CAConfig": {"NodeCertExpiry": True}, "EncryptionConfig": {"AutoLockManagers": True}},
    },
}
_STATE = {"ListenAddr": True, "AdvertiseAddr": True, "DataPathAddr": True, "DataPathPort": True}
_NODE = {"Hostname": True, "ManagerStatus": True, "Status": True}
_SERVICE_FIELDS = {
    "ID": True,
    "Name": True,
    "Secrets": {"SecretName": True},
    "Configs": {"ConfigName": True, "File": {"Name": True}},
}
_JSON: dict[str, Allowed] = {"node ": _NODE, "service ": _SERVICE_FIELDS}
_PLAIN = re.compile(
    r"\d+/net/(?:udp6?|route|if_inet6):.*"
    r"|\d+/certificate:(?:[A-Za-z0-9+/=]{1,76}|-----(?:BEGIN|END) CERTIFICATE-----)"
    r"|env (?:\?|[A-Za-z0-9_.-]*) (?:empty|switch|template|path|private-key|password-in-url|text)"
)


def _keep(text: str) -> str:
    first, _, rest = text.partition("\n")
    return "\n".join([_document(first, _INFO), *(kept for line in rest.split("\n") if (kept := _kept(line)))])


def _kept(line: str) -> str:
    """What may be stored of a line; what is not understood goes."""
    if _PLAIN.fullmatch(line):
        return line
    for word, allowed in _JSON.items():
        if line.startswith(word):
            return word + _document(line.removeprefix(word), allowed)
    word, separator, text = line.partition(":")
    return f"{word}:{_document(text, _STATE)}" if separator and re.fullmatch(r"\d+/state", word) else ""


def _document(text: str, allowed: Allowed) -> str:
    try:
        return json.dumps(pick(json.loads(text), allowed), separators=(",", ":"))
    except ValueError:
        return ""


SWARM = Probe("swarm", _SCRIPT, _keep)
