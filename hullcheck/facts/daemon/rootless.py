"""What a rootless engine was installed from: its parts, the packages that these are of, and its account."""

from dataclasses import dataclass, field

from hullcheck.facts.daemon import Daemon
from hullcheck.recording import Recording
from hullcheck.recording.probe import Probe
from hullcheck.secrets.redact import lines_like
from hullcheck.verdicts import EvidenceError

_SCRIPT = r"""
cd /proc || exit
packages() {  # PATH...: each with the package that it is of, if any
  if command -v dpkg >/dev/null; then dpkg -S "$@" 2>/dev/null
  elif command -v rpm >/dev/null; then
    for path in "$@"; do
      package=$(rpm -qf --qf "%{NAME}" "$path" 2>/dev/null) && printf "%s: %s\n" "$package" "$path"
    done
  fi
}
line_feed="
"
for pid in [0-9]*; do
  read -r name 2>/dev/null <$pid/comm && [ "$name" = dockerd ] || continue
  user=$(sed -n "s/^Uid:[^0-9]*[0-9]*[^0-9]*\([0-9]*\).*/\1/p" $pid/status)
  [ "$user" != 0 ] || continue
  account=$(awk -F: -v user="$user" '$3 == user { print $1 ":" $6; exit }' /etc/passwd)
  home=${account#*:}
  account=${account%%:*}
  program=$(readlink $pid/exe)
  printf "%s:account %s\n" $pid "$account"
  parts=$program
  for part in dockerd-rootless.sh dockerd-rootless-setuptool.sh rootlesskit newuidmap newgidmap; do
    for folder in "${program%/*}" "$home/bin" /usr/bin /usr/local/bin /usr/share/docker.io/contrib; do
      [ -f "$folder/$part" ] || continue
      parts=$parts$line_feed$folder/$part
      break
    done
  done
  printf "%s\n" "$parts" | sed "/./!d;s|^|$pid:part |"
  set -f
  IFS=$line_feed
  packages $parts | sed "s|^|$pid:package |"
  unset IFS
  set +f
  for unit in "$home/.config/systemd/user/docker.service" /usr/lib/systemd/user/docker.service; do
    [ ! -f "$unit" ] || printf "%s:unit %s\n" $pid "$unit"
  done
  for file in /etc/subuid /etc/subgid; do
    awk -F: -v name="$account" -v user="$user" -v label="$pid:range $file " \
      '$1 == name || $1 == user { print label $2 "+" $3 }' $file
  done
  [ ! -e "/var/lib/systemd/linger/$account" ] || echo "$pid:linger"
done
exit 0
"""

ROOTLESS_PARTS = Probe(
    "rootless_parts", _SCRIPT, lines_like(r"\d+:(?:account|package|part|range|unit) .*", r"\d+:linger")
)
PROBES = (ROOTLESS_PARTS,)
EVIDENCE = (*PROBES,)

NEEDED = (
    "dockerd",
    "dockerd-rootless.sh",
    "dockerd-rootless-setuptool.sh",
    "rootlesskit",
    "newuidmap",
    "newgidmap",
)


@dataclass(frozen=True)
class RootlessParts:
    """The parts of the rootless engine, as they lie on the host."""

    recording: Recording
    daemon: Daemon = field(repr=False)

    def _values(self, word: str) -> tuple[str, ...]:
        prefix = f"{self.daemon.pid}:{word}"
        lines = self.recording.text(ROOTLESS_PARTS).split("\n")
        if not any(line.startswith(f"{self.daemon.pid}:account ") for line in lines):
            raise EvidenceError(
                "the parts of the rootless engine could not be found: it started or ended meanwhile"
            )
        return tuple(
            line.removeprefix(prefix).strip() for line in lines if f"{line} ".startswith(f"{prefix} ")
        )

    @property
    def account(self) -> str:
        """The account that runs it.

        Raises:
            EvidenceError: the probe did not see this daemon.
        """
        return self._values("account")[0]

    @property
    def sources(self) -> dict[str, str]:
        """The path of each part with the package that it is of; empty where no package manager knows it."""
        known = [line.rpartition(": ")[::2] for line in self._values("package")]
        names = {path: package for package, path in known}
        return {path: names.get(path, "") for path in self._values("part")}

    @property
    def missing(self) -> tuple[str, ...]:
        """The parts that were not found."""
        found = {path.rpartition("/")[2] for path in self._values("part")}
        return tuple(each for each in NEEDED if each not in found)

    @property
    def units(self) -> tuple[str, ...]:
        """The files of its user unit."""
        return self._values("unit")

    @property
    def ranges(self) -> tuple[str, ...]:
        """The ranges of users and groups that are lent to the account, as `/etc/subuid 100000+65536`."""
        return self._values("range")

    @property
    def lingers(self) -> bool:
        """Whether the account's services run while nobody is logged in."""
        return bool(self._values("linger"))
