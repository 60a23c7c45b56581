"""The probe that describes all containers in one go, and what of its answer is kept.

Its answer has three parts. First the ids of all containers, a line each; then `container JSON`, `volume
JSON` and, for one that does not run and whose user has a name, `user ID NUMBER` by its own /etc/passwd.
After `--proc`: files of /proc and of the control groups of each main process, as `grep -H` prints them,
namespace links, listening sockets, and who holds them. After `--paths`: for each source of a mount `real
SOURCE<TAB>PATH`, without symbolic links, for one that is a disk `disk MAJOR:MINOR SOURCE` in hexadecimal, and
for each socket of an engine or source `socket DEVICE:INODE LINKS PATH`. What a host can name freely comes as
JSON, or stands alone in its line where it can forge nothing but itself.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from hullcheck import inputs
from hullcheck.facts.engine import DATA_ROOT
from hullcheck.facts.host import ssh_servers
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets import configuration, log_options
from hullcheck.secrets.redact import lines_like, pick

_FIELDS = {
    "Pid": ".State.Pid",
    "NetworkMode": ".HostConfig.NetworkMode",
    "Id": ".ID",
    "User": ".Config.User",
    "Name": ".Name",
    "Running": ".State.Running",
    "Status": ".State.Status",
    "Created": ".Created",
    "Started": ".State.StartedAt",
    "Finished": ".State.FinishedAt",
    "Image": ".Image",
    "Program": ".Path",
    "Arguments": ".Args",
    "AppArmorProfile": ".AppArmorProfile",
    "ProcessLabel": ".ProcessLabel",
    "MountLabel": ".MountLabel",
    "Reference": ".Config.Image",
    "Environment": ".Config.Env",
    "ExposedPorts": ".Config.ExposedPorts",
    "HostConfig": ".HostConfig",
    "Mounts": ".Mounts",
    "Networks": ".NetworkSettings.Networks",
    "Ports": ".NetworkSettings.Ports",
}
_FORMAT = (
    "container {"
    + ",".join(f'"{name}":{{{{json {path}}}}}' for name, path in _FIELDS.items())
    + ',"Health":{{with .State.Health}}{{json .Status}}{{else}}null{{end}}'
    + ',"Service":{{with .Config.Labels}}{{json (index . "com.docker.swarm.service.id")}}{{else}}null{{end}}}'
    + '{{range .Mounts}}{{"\\n"}}source {{json .Source}}{{end}}'
)
_VOLUME_FORMAT = (
    "volume {{json .}}{{with .Options}}"
    + '{{with index . "device"}}{{"\\n"}}source {{json .}}{{end}}'
    + '{{with index . "o"}}{{range split . ","}}{{range split . ":"}}{{"\\n"}}source {{json .}}'
    + "{{end}}{{end}}{{end}}"
    + "{{end}}"
)

_SCRIPT = (
    r"""
ids=$(docker ps --all --quiet --no-trunc) || exit
[ -n "$ids" ] || exit 0
printf "%s\n" "$ids"
described=$(docker inspect --type container --format '@FORMAT@' $ids)
status=$?
printf "%s\n" "$described" | grep "^container "
printf "%s\n" "$described" |
  sed -n 's/^container {"Pid":0,"NetworkMode":"[^"]*","Id":"\([0-9a-f]*\)","User":"\([A-Za-z_][^":]*\)[":].*/\1 \2/p' |
  while read -r id user; do
    uid=$(docker cp --follow-link "$id:/etc/passwd" - 2>/dev/null | tar -xO 2>/dev/null |
      awk -F: -v user="$user" '{ sub("^[ \t]*", "") } $1 == user { print $3; exit }')
    printf "user %s %s\n" "$id" "$uid"
  done
volumes=""
case $described in *'"Type":"volume"'*)
  names=$(docker volume ls --quiet) || exit
  volumes=$(docker volume inspect --format '@VOLUME@' $names)
  printf "%s\n" "$volumes" | grep "^volume " ;;
esac

echo "--proc"
cd /proc || exit
pids_of() { sed -n 's/^container {"Pid":\([1-9][0-9]*\),.*/\1/p'; }
pids=$(printf "%s\n" "$described" | pids_of)
unified=/sys/fs/cgroup; [ ! -d $unified/unified ] || unified=$unified/unified
list_groups() {
  for pid in $pids; do printf "%s\n" $pid/cgroup; done | tr "\n" "\0" | xargs -0 cat 2>/dev/null |
    awk -F: -v unified=$unified '
    function list(top, path, names,   count, name, i) {
      count = split(names, name, " ")
      while (path != "" && path != "/" && !((top path) in seen)) {
        seen[top path] = 1
        for (i = 1; i <= count; i++) print top path "/" name[i]
        sub("/[^/]*$", "", path)
      }
    }
    { path = $0; sub("^[^:]*:[^:]*:", "", path); top = "/sys/fs/cgroup/" $2; controllers = "," $2 "," }
    controllers == ",," { list(unified, path, "memory.max pids.max cpu.max cpu.weight cgroup.controllers") }
    controllers ~ /,memory,/ { list(top, path, "memory.limit_in_bytes") }
    controllers ~ /,pids,/ { list(top, path, "pids.max") }
    controllers ~ /,cpu,/ { list(top, path, "cpu.shares cpu.cfs_quota_us cpu.cfs_period_us") }'
}
list_networks() {
  printf "%s\n" "$described" | grep '^container {"Pid":[1-9][0-9]*,"NetworkMode":"host"' | pids_of | head -n 1
  outside=$(docker network ls --quiet --no-trunc --filter driver=macvlan --filter driver=ipvlan)
  [ -z "$outside" ] || printf "%s\n" "$described" | grep "^container " | grep -F "$outside" | pids_of
}
if [ -n "$pids" ]; then
  { for pid in $pids; do printf "%s\n" $pid/mountinfo $pid/attr/current $pid/uid_map; done; list_groups; } |
    tr "\n" "\0" | xargs -0 grep -aHs ""
  for pid in $(list_networks); do printf "%s\n" $pid/net/tcp $pid/net/tcp6 $pid/net/udp $pid/net/udp6; done |
    tr "\n" "\0" | xargs -0 grep -aHs -e local_address -e " 0A " -e " 07 "
  for pid in $pids; do for name in ipc net pid user uts; do printf "%s\n" $pid/ns/$name; done; done |
    tr "\n" "\0" | xargs -0 ls -ln 2>/dev/null
  case $described in *'"NetworkMode":"host"'*)
    printf "%s\n" [0-9]*/fd/* | tr "\n" "\0" | xargs -0 ls -dln 2>/dev/null |
      grep -a '^l[-rwx]* .* [0-9]*/fd/[0-9]* -> socket:\[[0-9]*\]$' ;;
  esac
fi
case $described in *'"Running":false'*)
  (
    @ROOT@
    grep -aHos '"NoNewPrivileges":[a-z]*' "$root"/containers/*/config.v2.json
  ) ;;
esac

echo "--paths"
sources_of() { sed -n 's/^source "\([a-z]*dir=\)\{0,1\}\(\/[^"\\]*\)"$/\2/p'; }
parts_of_volumes() {  # each subpath that a container names, in each folder that a volume names
  case $described in *'"Subpath":"'*) ;; *) return ;; esac
  { printf "%s\n" "$volumes" | sources_of; echo; printf "%s\n" "$described" | grep -o '"Subpath":"[^"\\]*"'; } |
    awk -F '"' '
    $0 == "" { listed = 1; next }
    !listed { sub("/$", ""); folder[++count] = $0; next }
    { for (i = 1; i <= count; i++) print folder[i] "/" $4 }'
}
sources=$({ printf "%s\n%s\n" "$described" "$volumes" | sources_of; parts_of_volumes; } | sort -u)
[ -n "$sources" ] || exit $status
printf "%s\n" "$sources" |
  while IFS= read -r source; do
    folder=${source%/*}
    if cd -P "$source" 2>/dev/null; then printf "real %s\t%s\n" "$source" "$PWD"
    elif [ -L "$source" ]; then printf "real %s\t%s\n" "$source" "$(readlink -f "$source")"
    elif [ -e "$source" ] && cd -P "${folder:-/}" 2>/dev/null; then
      printf "real %s\t%s\n" "$source" "${PWD%/}/${source##*/}"
    else  # it is made when the container starts: below the last folder of its path that is there
      rest=${source##*/}
      until cd -P "${folder:-/}" 2>/dev/null || [ -z "$folder" ]; do
        rest=${folder##*/}/$rest folder=${folder%/*}
      done
      [ -e "${rest%%/*}" ] || [ -L "${rest%%/*}" ] || printf "real %s\t%s\n" "$source" "${PWD%/}/$rest"
    fi
  done
list_sockets() {
  cd /proc || return
  for folder in $(grep -lsx -e dockerd -e containerd -e podman [0-9]*/comm); do
    sed -n 's|^[^ ]* [^ ]* [^ ]* 00010000 [^ ]* [^ ]* *[0-9]* \(/.*\)|\1|p' "${folder%comm}net/unix"
  done 2>/dev/null
  printf "%s\n" "$sources" | while IFS= read -r source; do [ ! -S "$source" ] || printf "%s\n" "$source"; done
}
printf "%s\n" "$sources" | while IFS= read -r source; do [ ! -b "$source" ] || printf "%s\n" "$source"; done |
  tr "\n" "\0" | xargs -0 stat -L -c "disk %t:%T %n" 2>/dev/null
list_sockets | sort -u | tr "\n" "\0" | xargs -0 stat -L -c "socket %d:%i %h %n" 2>/dev/null
exit $status
""".replace("@FORMAT@", _FORMAT)
    .replace("@VOLUME@", _VOLUME_FORMAT)
    .replace("@ROOT@", DATA_ROOT.strip())
)

_JUDGED = """
    CapAdd CapDrop CgroupParent CpuPeriod CpuQuota CpuShares DeviceCgroupRules IpcMode Memory NanoCpus NetworkMode
    PidMode PidsLimit Privileged PublishAllPorts ReadonlyRootfs SecurityOpt UTSMode UsernsMode
"""
_BINDINGS = {"*": {"HostIp": True, "HostPort": True}}
_HOST_CONFIG = dict.fromkeys(_JUDGED.split(), True) | {
    "Devices": {"PathOnHost": True, "PathInContainer": True, "CgroupPermissions": True},
    "PortBindings": _BINDINGS,
    "RestartPolicy": {"Name": True, "MaximumRetryCount": True},
    "Tmpfs": {"*": {}},
    "Ulimits": {"Name": True, "Hard": True, "Soft": True},
    "DeviceRequests": {"Driver": True, "Count": True, "DeviceIDs": True, "Capabilities": True},
    "LogConfig": {"Type": True, "Config": {"*": True}},
    "Mounts": {"Target": True, "VolumeOptions": {"Subpath": True}},
}
_ALLOWED = dict.fromkeys((*_FIELDS, "Health", "Service", "Secrets"), True) | {
    "HostConfig": _HOST_CONFIG,
    "Mounts": dict.fromkeys(
        ("Type", "Name", "Source", "Destination", "Driver", "Mode", "RW", "Propagation"), True
    ),
    "Networks": {"*": {"NetworkID": True, "IPAddress": True, "GlobalIPv6Address": True}},
    "Ports": _BINDINGS,
    "ExposedPorts": {"*": {}},
}
_ID = re.compile("[0-9a-f]{64}")
_USER = re.compile(r"user [0-9a-f]{64} [0-9]*")
_PROC = lines_like(
    r"\d+/(?:mountinfo|attr/current|uid_map|net/tcp6?|net/udp6?):.*",
    r"/sys/fs/cgroup/[^:]*:.*",
    r"l\S+ .* \d+/(?:ns/\w+|fd/\d+) -> \w+:\[\d+\]",
    '/.*:"NoNewPrivileges":[a-z]*',
    "--paths",
    r"real /.*\t/.*",
    r"socket \d+:\d+ \d+ /.*",
    r"disk [0-9a-f]+:[0-9a-f]+ /.*",
)
_VOLUME = {"Name": True, "Driver": True, "Options": {"type": True, "device": True, "o": True}}


def _keep(text: str) -> str:
    head, mark, rest = text.partition("\n--proc\n")
    lines = [kept for line in head.split("\n") if (kept := _kept(line))]
    return "\n".join(lines) + mark + _PROC(rest)


def _kept(line: str) -> str:
    """A line of the first part without what no control needs; an id stays, what is not understood goes."""
    word, _, text = line.partition(" ")
    if _ID.fullmatch(line) or _USER.fullmatch(line):
        return line
    try:
        document = inputs.decode(text)
    except ValueError:
        return ""
    if not isinstance(document, dict):
        return ""
    if word == "container":
        kept = pick(document, _ALLOWED)
        for shorten in (_without_arguments, _without_environment, _without_profiles, _without_log_options):
            shorten(kept)
        return "container " + json.dumps(kept, separators=(",", ":"))
    if word == "volume":
        return "volume " + json.dumps(_without_passwords(pick(document, _VOLUME)), separators=(",", ":"))
    return ""


def _without_arguments(container: dict[str, Any]) -> None:
    """Commands hold secrets; the names of SSH servers among them, or in a command for a shell, are judged."""
    container["Program"] = next(iter(_servers([container.get("Program")])), "")
    container["Arguments"] = _servers(container.get("Arguments") or ())


def _servers(command: Iterable[object]) -> list[str]:
    words = re.split(r"[^\w./-]+", " ".join(map(str, command)))
    return sorted({word.rpartition("/")[2] for word in words} & ssh_servers.SERVERS)


def _without_environment(container: dict[str, Any]) -> None:
    """Of its variables stays what secrets they hold, in words; the engine says null where there are none."""
    variables = container.pop("Environment", "not told")
    if isinstance(variables, list | None):
        container["Secrets"] = configuration.in_configuration({"Env": variables})


def _without_log_options(container: dict[str, Any]) -> None:
    """The options of log drivers may be tokens and keys."""
    log = (container.get("HostConfig") or {}).get("LogConfig")
    if isinstance(log, dict):
        options = log.get("Config")
        log["Config"] = log_options.log_options(options if isinstance(options, dict) else {})


def _without_profiles(container: dict[str, Any]) -> None:
    """A seccomp profile is stored with each container in full; its default action is what is judged."""
    options = (container.get("HostConfig") or {}).get("SecurityOpt")
    if isinstance(options, list):
        container["HostConfig"]["SecurityOpt"] = [_short_profile(str(option)) for option in options]


def _short_profile(option: str) -> str:
    name, separator, text = option.partition("=")
    if name != "seccomp" or not text.lstrip().startswith("{"):
        return option
    try:
        action = json.loads(text).get("defaultAction")
    except (ValueError, AttributeError):
        action = None
    return name + separator + json.dumps({"defaultAction": action})


def _without_passwords(volume: dict[str, Any]) -> dict[str, Any]:
    """Mount options of a volume: names stay, of the values only the paths of an overlay."""
    options = volume.get("Options")
    if isinstance(options, dict) and isinstance(options.get("o"), str):
        options["o"] = ",".join(map(_without_value, options["o"].split(",")))
    if isinstance(options, dict) and isinstance(options.get("device"), str):
        options["device"] = log_options.without_user(options["device"])
    return volume


def _without_value(option: str) -> str:
    name, equals, _ = option.partition("=")
    shown = not equals or name in ("lowerdir", "upperdir", "workdir")
    return option if shown else f"{name}=***"


DOCKER_CONTAINERS = Probe("docker_containers", _SCRIPT, _keep, aside=True)


def published_tcp_ports(recording: Recording) -> frozenset[tuple[str, int]]:
    """The addresses and TCP ports that the engine publishes for its containers, as far as it said."""
    answer = recording.answers.get(DOCKER_CONTAINERS.name)
    lines = answer.stdout.split("\n") if answer else []
    described = (json.loads(each.partition(" ")[2]) for each in lines if each.startswith("container {"))
    return frozenset(
        (str(binding.get("HostIp") or ""), int(binding["HostPort"]))
        for each in described
        for name, bindings in (each.get("Ports") or {}).items()
        if name.endswith("/tcp")
        for binding in bindings or ()
    )
