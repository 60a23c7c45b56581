"""Which engine the laboratory runs: the machine's own, or one that Debian has in another suite, unpacked beside it.

HULLCHECK_ENGINE chooses: `20.10`, `26.1` or `28.5`. The packages are checked by apt against the signatures of Debian,
and kept in the user's cache. Nothing is installed. It may name a folder of programs, too, such as Docker's static
bundle of a version that Debian has not: they take the place of those of the newest.
"""

import os
import re
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from hullcheck.parsing import confinement
from selftests.rig import cleanup, removal
from selftests.rig.laboratory import BASE, claim
from selftests.rig.shell import SYSTEM_PATH, LabError, call, environment

VARIABLE = "HULLCHECK_ENGINE"
CONTAINERD_STORE = "containerd-snapshotter"
SHIM = "before-runc"
# Of older engines the client is in the same package.
SOURCES = {
    "20.10": ("bookworm", "docker.io containerd runc"),
    "26.1": ("trixie", "docker.io docker-cli containerd runc"),
    "28.5": ("forky", "docker.io docker-cli containerd runc"),
}
NEWEST = "28.5"
SIGNATURES = "/usr/share/keyrings/debian-archive-keyring.pgp"
# A configuration that has one source, and no folder in common with the machine's.
APT = """
Dir::State "{folder}";
Dir::State::lists "{folder}/lists";
Dir::State::status "/dev/null";
Dir::Cache "{folder}/cache";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "{folder}/sources";
Dir::Etc::preferencesparts "/dev/null";
Acquire::Languages "none";
APT::Sandbox::User "root";
"""
SOURCE = """
Types: deb
URIs: {mirror}
Suites: {suite}
Components: main
Signed-By: {keys}
"""
# The engine gives a privileged container every capability that the kernel knows, and runc refuses what root has not.
RUNC = """#!/bin/sh
for word in "$@"; do
  case $before in
    --bundle) file=$word/config.json ;;
    --process) file=$word ;;
  esac
  before=$word
done
[ -z "$file" ] || sed -i {edits} "$file"
exec {runc} "$@"
"""
INDEXES = "$(ORIGIN)|$(LABEL)|$(REPO_URI)"


class EngineVersion(Struct, frozen=True):
    """An engine that the laboratory can run.

    Attributes:
        version: of the daemon, three numbers.
        tree: in which its packages are unpacked, as they would lie below /; None for the machine's own.
    """

    version: str
    tree: Path | None

    @property
    def path(self) -> str:
        """Where programs are looked for."""
        own = [str(self.tree / name) for name in (SHIM, "usr/sbin", "usr/bin")] if self.tree else []
        return ":".join([*own, SYSTEM_PATH])

    def at_least(self, *numbers: int) -> bool:
        """Whether it is of this version, or a later one."""
        return tuple(map(int, re.findall(r"\d+", self.version))) >= numbers

    @property
    def docker_store(self) -> dict[str, Any]:
        """The settings for Docker's own image store: since 29 that of containerd is used where nothing is said."""
        return {"features": {CONTAINERD_STORE: False}} if self.at_least(29) else {}

    def document(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The daemon.json with these settings."""
        return {**self.docker_store, **settings}


@cache
def chosen() -> EngineVersion:
    """The engine that HULLCHECK_ENGINE names, and the machine's own where it names none.

    Raises:
        LabError: it names none that is known, or its packages could not be had.
    """
    name = os.environ.get(VARIABLE, "")
    if not (name in {"", *SOURCES} or name.startswith("/")):
        raise LabError(f"{VARIABLE} is one of {', '.join(SOURCES)} or the path of a folder")
    tree = _tree(name) if name and not own().version.startswith(f"{name}.") else None
    engine = EngineVersion("", tree)
    return replace(engine, version=_version(engine.path))


@cache
def own() -> EngineVersion:
    """The machine's own engine."""
    return EngineVersion(_version(SYSTEM_PATH), None)


def _version(path: str) -> str:
    """The version of the daemon that is found first; empty where there is none."""
    program = shutil.which("dockerd", path=path)
    found = re.search(r" ([0-9]+\.[0-9]+\.[0-9]+)", call(program, "--version")) if program else None
    return found[1] if found else ""


def _tree(name: str) -> Path:
    """The unpacked packages of an engine, which all users may read; with the programs of a folder, if it names one."""
    folder = Path(name) if name.startswith("/") else None
    wanted = _version(name) if folder else name
    if not wanted:
        raise LabError(f"{name} has no dockerd that runs")
    tree = BASE / "engines" / (f"{wanted}-{(folder / 'dockerd').stat().st_mtime_ns}" if folder else name)
    claim(BASE)
    tree.parent.mkdir(mode=0o755, exist_ok=True)
    with cleanup.alone(tree.with_name(f"{tree.name}.lock")):
        if not tree.exists():
            _unpack(packages_of(NEWEST if folder else name), tree, folder)
        _stand_before_runc(tree)
    found = _version(str(tree / "usr/sbin"))
    if not found.startswith(wanted):
        raise LabError(f"the packages for {name} have the engine {found or 'of no version'}")
    return tree


def runc_with_own_capabilities(runc: str) -> str:
    """Return a script to take the place of *runc*, which leaves out the capabilities that root lacks here."""
    status = Path("/proc/self/status").read_text()
    held = int(status.partition("CapBnd:\t")[2].split("\n")[0], 16)
    known = (2 << int(Path("/proc/sys/kernel/cap_last_cap").read_text())) - 1
    edits = [
        f"-e 's/\"CAP_{each}\",//g' -e 's/,\"CAP_{each}\"//g'" for each in confinement.capability_names(known & ~held)
    ]
    return RUNC.format(edits=" ".join(edits) or "-e b", runc=runc)


def _stand_before_runc(tree: Path) -> None:
    """Put such a script before an unpacked engine's runc."""
    script = tree / SHIM / "runc"
    script.parent.mkdir(mode=0o755, exist_ok=True)
    part = script.with_suffix(".part")
    runc = shutil.which("runc", path=f"{tree}/usr/sbin:{tree}/usr/bin")
    part.write_text(runc_with_own_capabilities(str(runc)))
    part.chmod(0o755)
    part.rename(script)


def packages_of(name: str) -> list[Path]:
    """Return the files of an engine's packages, downloaded unless they were before."""
    suite, packages = SOURCES[name]
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hullcheck-lab" / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / "whole").exists():
        with removal.temporary(folder) as work:
            _download(suite, packages, work, folder)
        (folder / "whole").touch()
    return sorted(folder.glob("*.deb"))


def _download(suite: str, packages: str, work: Path, folder: Path) -> None:
    for each in folder.glob("*.deb"):
        each.unlink()
    for each in ("lists/partial", "cache/archives/partial", "sources"):
        (work / each).mkdir(parents=True)
    source = SOURCE.format(mirror=_mirror(), suite=suite, keys=SIGNATURES)
    (work / "sources/debian.sources").write_text(source.lstrip())
    (work / "apt.conf").write_text(APT.format(folder=work))
    env = environment(APT_CONFIG=str(work / "apt.conf"), **_proxies())
    call("apt-get", "-q", "update", env=env, timeout=300)
    call("apt-get", "-q", "download", *packages.split(), env=env, cwd=folder, timeout=300)


def _mirror() -> str:
    """From where this machine has its own packages."""
    for line in call("apt-get", "indextargets", "--format", INDEXES, "Created-By: Packages").splitlines():
        origin, label, address = line.split("|")
        if origin == label == "Debian":
            return address
    raise LabError("apt has no list of Debian's packages: apt-get update")


def _proxies() -> dict[str, str]:
    return {name: each for name, each in os.environ.items() if name.lower().endswith("_proxy")}


def _unpack(packages: list[Path], tree: Path, programs: Path | None) -> None:
    part = tree.with_name(f"{tree.name}.part")
    removal.delete(part)
    part.mkdir(mode=0o755)
    for each in packages:
        call("dpkg-deb", "--extract", str(each), str(part))
    part.chmod(0o755)
    if (part / "lib").exists():  # of a suite in which /lib was no link to /usr/lib yet
        call("cp", "--archive", f"{part}/lib/.", f"{part}/usr/lib")
    for each in programs.iterdir() if programs else ():
        known = (part / folder / each.name for folder in ("usr/sbin", "usr/bin"))
        place = next((path for path in known if path.exists()), part / "usr/bin" / each.name)
        place.unlink(missing_ok=True)
        shutil.copy(each, place)
    part.rename(tree)
