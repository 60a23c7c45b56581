"""Makes targets of host specifications, as testinfra users write them."""

import glob
import itertools
import re
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from hullcheck.inventory import Target, spec_query
from hullcheck.messages import did_you_mean, hide_passwords
from hullcheck.recording import FILE_NAME, PACKED, why_not_a_recording
from hullcheck.recording.backends import COMPOSE, HOST, RECORDED, WITHOUT_HOST, WITHOUT_NAME, backend_of
from hullcheck.results import run_files

_SUFFIXES = (".txt", ".out", ".log", ".json")  # of files; in `web1.example.com` it is a part of the name


class TargetError(Exception):
    """A host specification cannot be used; the message says what to write instead."""


def from_specs(
    specs: Sequence[str], *, connection: str | None, ansible_inventory: str | None
) -> tuple[Target, ...]:
    """Return the targets that `--hosts` names, in its order, each once.

    Args:
        specs: host specifications, e.g. `ssh://audit@web1?sudo=true`.
        connection: the backend for specifications that name none; where it is None, the system's OpenSSH, which
            knows host keys and the user's settings. testinfra's own default is paramiko, which takes any host key.
        ansible_inventory: file for the `ansible` backend, whose groups are expanded.

    Raises:
        TargetError: a specification is empty or names an unknown backend, or a backend finds no host.
    """
    connects: list[str] = []
    for spec in specs:
        connects += _expand(spec.strip(), connection, ansible_inventory)
    connects = list(dict.fromkeys(connects))
    if not connects:
        raise TargetError(
            "--hosts names no target; write for example --hosts local:// or --hosts ssh://audit@web1"
        )
    return tuple(map(Target, _unique_names(connects), connects))


def plain(spec: str) -> str:
    """Return the host specification *spec*, its password hidden."""
    return re.sub(r"^((?:[\w-]+://)?[^:/@?]*):(?!//)[^?]*@", r"\1:***@", spec)


def plain_arguments(arguments: Sequence[str]) -> tuple[str, ...]:
    """Command line *arguments*, the passwords in host specifications hidden."""
    shown = []
    for previous, argument in zip(("", *arguments), arguments, strict=False):
        option, equals, value = (
            argument.partition("=") if argument.startswith("--hosts=") else ("", "", argument)
        )
        if equals or previous == "--hosts":
            hosts = (hide_passwords(plain(each)) for each in value.split(","))
            shown.append(option + equals + ",".join(hosts))
        else:
            shown.append(hide_passwords(argument))
    return tuple(shown)


def recorded_path(connect: str) -> Path:
    """Return the path that a `recorded://` specification names; testinfra would split it as a URL."""
    return Path(connect.partition("://")[2])


def _expand(spec: str, connection: str | None, ansible_inventory: str | None) -> list[str]:
    from testinfra.backend import BACKENDS, get_backend_class  # type: ignore[import-untyped]

    if not spec:
        return []
    if spec in WITHOUT_NAME:
        spec = f"{spec}://"
    if "://" not in spec:
        spec = f"{connection or 'ssh'}://{spec}"
    backend, _, rest = spec.partition("://")
    if backend == RECORDED:
        return _recordings(spec)
    if backend == COMPOSE:
        return [spec]
    if backend not in (*BACKENDS, HOST):
        known = (*BACKENDS, *WITHOUT_HOST, HOST)
        raise TargetError(
            f"--hosts {plain(spec)}: unknown backend {backend!r}; {did_you_mean(backend, known)}"
        )
    if fault := spec_query.fault(spec):
        raise TargetError(f"--hosts {plain(spec)}: {fault}")
    if backend in WITHOUT_NAME:
        return [f"{backend}://{rest}"]
    host, question, query = rest.partition("?")
    if not host and backend != "ansible":
        raise TargetError(f"--hosts {plain(spec)}: names no host; write {backend}://NAME")
    if backend == "ansible" and not shutil.which("ansible-inventory"):
        raise TargetError(f"--hosts {plain(spec)}: there is no ansible-inventory here; install Ansible")
    try:
        names = get_backend_class(backend).get_hosts(host, ansible_inventory=ansible_inventory)
    except Exception as error:  # what a backend raises is its own affair; the user gets one line
        reason = " ".join(hide_passwords(str(error)).split()) or type(error).__name__
        raise TargetError(f"--hosts {plain(spec)}: {reason}") from None
    return [f"{backend}://{name}{question}{query}" for name in names]


def _recordings(spec: str) -> list[str]:
    """Return the specifications for which a `recorded://` one stands: a recording, a pattern, or a folder of them.

    Of several, each counts as a recording that was meant, so that one that is missing, empty or damaged is an error
    of its own target and not passed over. What else a run leaves beside its recordings is none.

    Raises:
        TargetError: not one of them is a recording.
    """
    written = spec.partition("://")[2]
    path, there, fault = Path(written), list[Path](), "there is no such file or folder"
    if written and path.exists():
        fault = why_not_a_recording(path)
        there = list(path.iterdir()) if fault and path.is_dir() else [path]
    elif written and (there := [Path(each) for each in glob.glob(written)]):
        fault = "nothing there is a recording"
    visible = [each for each in there if each == path or not each.name.startswith(".")]
    meant = sorted(each for each in visible if each.name not in run_files.NAMES or each == path)
    if all(map(why_not_a_recording, meant)):
        wanted = "the folder of a recording, or a file with the output of `hullcheck probe-script`"
        raise TargetError(f"--hosts {spec}: {fault}; write {wanted}")
    return [spec] if meant == [path] else [f"{RECORDED}://{each}" for each in meant]


def _unique_names(connects: Sequence[str]) -> list[str]:
    """A name for each: the host part; with the port, then with a number, where names would collide."""
    names = [_host_part(connect) for connect in connects]
    counts = Counter(names)
    names = [
        _host_part(connect, with_port=True) if counts[name] > 1 else name
        for name, connect in zip(names, connects, strict=True)
    ]
    unique: dict[str, None] = {}
    for name in names:
        numbered = (f"{name}-{number}" for number in itertools.count(2))
        unique[next(each for each in itertools.chain([name], numbered) if each not in unique)] = None
    return list(unique)


def _host_part(connect: str, *, with_port: bool = False) -> str:
    backend = backend_of(connect)
    if backend in WITHOUT_NAME:
        return backend
    if backend == COMPOSE:
        path = recorded_path(connect.partition("?")[0])
        return safe_name(
            "-".join((path.parent.name, path.name) if with_port and path.parent.name else (path.name,))
        )
    if backend == RECORDED:
        path = recorded_path(connect)
        if path.name in (FILE_NAME, PACKED):
            return safe_name(path.parent.name)
        return safe_name(path.stem if path.suffix in _SUFFIXES else path.name)
    address = urlsplit(connect).netloc.rpartition("@")[2]
    host, port = _split_port(address)
    return safe_name(f"{host}-{port}" if with_port and port else host)


def _split_port(address: str) -> tuple[str, str]:
    match = re.fullmatch(r"\[?(.*?)\]?(?::(\d+))?", address)
    assert match is not None  # every string matches
    return match[1], match[2] or ""


def safe_name(name: str) -> str:
    """*name* as the name of a directory beside the files of a run."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".")
    return f"{name}-host" if name in run_files.NAMES else name or "target"
