"""The probe that describes all containers in one go, and what of its answer is kept.

Its answer has three parts. First the ids of all containers, a line each; then `container JSON` and `volume JSON`.
After `--proc`: files of /proc and of the control groups of each main process, as `grep -H` prints them, namespace
links, and listening sockets. After `--paths`: for each source of a mount `real SOURCE<TAB>PATH`, without symbolic
links. What a host can name freely comes as JSON, or in the last part, where it can forge nothing but itself.
"""

import json
from typing import Any

from hullcheck.probes import Probe
from hullcheck.redact import pick

_FIELDS = {
    "Pid": ".State.Pid",
    "NetworkMode": ".HostConfig.NetworkMode",
    "Id": ".Id",
    "Name": ".Name",
    "Running": ".State.Running",
    "Status": ".State.Status",
    "Image": ".Image",
    "Program": ".Path",
    "AppArmorProfile": ".AppArmorProfile",
    "ProcessLabel": ".ProcessLabel",
    "MountLabel": ".MountLabel",
    "User": ".Config.User",
    "Reference": ".Config.Image",
    "Health": '(index .State "Health")',
    "HostConfig": ".HostConfig",
    "Mounts": ".Mounts",
    "Networks": ".NetworkSettings.Networks",
    "Ports": ".NetworkSettings.Ports",
}
_FORMAT = (
    "container {"
    + ",".join(f'"{name}":{{{{json {path}}}}}' for name, path in _FIELDS.items())
    + ',"Service":{{with .Config.Labels}}{{json (index . "com.docker.swarm.service.id")}}{{else}}null{{end}}}'
    + '{{range .Mounts}}{{"\\n"}}source {{json .Source}}{{end}}'
)

_SCRIPT = r"""
ids=$(docker ps --all --quiet --no-trunc) || exit
[ -n "$ids" ] || exit 0
printf "%s\n" "$ids"
described=$(docker inspect --type container --format '@FORMAT@' $ids)
status=$?
printf "%s\n" "$described" | grep "^container "
volumes=""
case $described in *'"Type":"volume"'*)
  names=$(docker volume ls --quiet) || exit
  volumes=$(docker volume inspect --format 'volume {{json .}}' $names)
  printf "%s\n" "$volumes" ;;
esac

echo "--proc"
cd /proc || exit
pids=$(printf "%s\n" "$described" | sed -n 's/^container {"Pid":\([1-9][0-9]*\),.*/\1/p')
line_feed="
"
list_files() {
  seen=""
  for pid in $pids; do
    printf "%s\n" $pid/mountinfo $pid/attr/current $pid/uid_map
    while IFS=: read -r number controllers path; do
      case ,$controllers, in
        ,,) top=/sys/fs/cgroup; [ ! -d $top/unified ] || top=$top/unified
          names="memory.max pids.max cpu.max cpu.weight" ;;
        *,memory,*) top=/sys/fs/cgroup/$controllers names=memory.limit_in_bytes ;;
        *,pids,*) top=/sys/fs/cgroup/$controllers names=pids.max ;;
        *,cpu,*) top=/sys/fs/cgroup/$controllers names="cpu.shares cpu.cfs_quota_us cpu.cfs_period_us" ;;
        *) continue ;;
      esac
      own=yes
      while [ -n "${path%/}" ]; do
        if [ -z "$own" ]; then
          case $seen in *"$line_feed$top$path$line_feed"*) break ;; esac
          seen="$seen$line_feed$top$path$line_feed"
        fi
        for name in $names; do printf "%s\n" "$top$path/$name"; done
        own="" path=${path%/*}
      done
    done 2>/dev/null <$pid/cgroup
  done
}
if [ -n "$pids" ]; then
  list_files | tr "\n" "\0" | xargs -0 grep -Hs ""
  for pid in $pids; do printf "%s\n" $pid/net/tcp $pid/net/tcp6 $pid/net/udp $pid/net/udp6; done |
    tr "\n" "\0" | xargs -0 grep -Hs -e local_address -e " 0A " -e " 07 "
  for pid in $pids; do printf "%s\n" $pid/ns; done | tr "\n" "\0" | xargs -0 ls -ln 2>/dev/null
  case $described in *'"NetworkMode":"host"'*) ls -ln [0-9]*/fd 2>/dev/null | grep -e "^[0-9]" -e "socket:" ;; esac
fi

echo "--paths"
printf "%s\n%s\n" "$described" "$volumes" |
  sed -n -e 's/^source "\([^"\\]*\)"$/\1/p' -e 's/^volume .*"device":"\(\/[^"\\]*\)".*/\1/p' | sort -u |
  while IFS= read -r source; do
    folder=${source%/*}
    if cd -P "$source" 2>/dev/null; then printf "real %s\t%s\n" "$source" "$PWD"
    elif [ -L "$source" ]; then printf "real %s\t%s\n" "$source" "$(readlink -f "$source")"
    elif [ -e "$source" ] && cd -P "${folder:-/}" 2>/dev/null; then
      printf "real %s\t%s\n" "$source" "${PWD%/}/${source##*/}"
    fi
  done
exit $status
""".replace("@FORMAT@", _FORMAT)

_HOST_CONFIG = dict.fromkeys(
    (
        "Privileged CapAdd CapDrop SecurityOpt NetworkMode PidMode IpcMode UTSMode UsernsMode Memory CpuShares NanoCpus CpuQuota"
        " CpuPeriod PidsLimit ReadonlyRootfs RestartPolicy Devices DeviceCgroupRules Ulimits CgroupParent"
        " PublishAllPorts PortBindings"
    ).split(),
    True,
) | {"DeviceRequests": {"Driver": True, "Count": True, "DeviceIDs": True, "Capabilities": True}}

_ALLOWED = dict.fromkeys((*_FIELDS, "Service"), True) | {
    "Health": {"Status": True},
    "HostConfig": _HOST_CONFIG,
    "Mounts": dict.fromkeys(("Type", "Name", "Source", "Destination", "Driver", "Mode", "RW", "Propagation"), True),
    "Networks": {"*": {"NetworkID": True}},
}
_VOLUME = {"Name": True, "Driver": True, "Options": {"type": True, "device": True, "o": True}}


def _keep(text: str) -> str:
    head, mark, rest = text.partition("\n--proc\n")
    lines = [kept for line in head.split("\n") if (kept := _kept(line))]
    return "\n".join(lines) + mark + rest


def _kept(line: str) -> str:
    """A line of the first part without what no control needs; an id stays, what is not understood goes."""
    word, _, text = line.partition(" ")
    if not text:
        return line
    try:
        document = json.loads(text)
    except ValueError:
        return ""
    if word == "container":
        return "container " + json.dumps(_without_profiles(pick(document, _ALLOWED)), separators=(",", ":"))
    if word == "volume":
        return "volume " + json.dumps(_without_passwords(pick(document, _VOLUME)), separators=(",", ":"))
    return ""


def _without_profiles(container: dict[str, Any]) -> dict[str, Any]:
    """A seccomp profile is stored with each container in full; its default action is what is judged."""
    options = (container.get("HostConfig") or {}).get("SecurityOpt")
    if isinstance(options, list):
        container["HostConfig"]["SecurityOpt"] = [_short_profile(str(option)) for option in options]
    return container


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
        parts = (part.partition("=") for part in options["o"].split(","))
        shown = ("lowerdir", "upperdir", "workdir")
        options["o"] = ",".join(
            name + (equals + value if name in shown else equals and "=***") for name, equals, value in parts
        )
    return volume


DOCKER_CONTAINERS = Probe("docker_containers", _SCRIPT, _keep)
