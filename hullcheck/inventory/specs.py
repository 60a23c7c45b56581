"""Parse host specifications of testinfra into targets."""

import glob
import itertools
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from os.path import relpath
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from hullcheck.inventory import Target
from hullcheck.messages import WrongUse, did_you_mean, hide_passwords
from hullcheck.recording import FILE_NAME, PACKED, why_not_a_recording
from hullcheck.recording.backends import BACKENDS, COMPOSE, RECORDED, WITHOUT_HOST, WITHOUT_NAME, backend_of
from hullcheck.results import run_files

_YES_OR_NO = ("sudo", "force_ansible", "ssl", "no_ssl", "no_verify_ssl")
_KEYS = (
    *_YES_OR_NO,
    *("sudo_user", "ssh_config", "ssh_identity_file", "ansible_inventory", "timeout", "controlpersist"),
    *("namespace", "container", "kubeconfig", "context", "read_timeout_sec", "operation_timeout_sec"),
)
_SUFFIXES = (".txt", ".out", ".log", ".json")  # of files; in `web1.example.com` it is a part of the name


def from_specs(specs: Sequence[str], *, connection: str | None, ansible_inventory: str | None) -> tuple[Target, ...]:
    """Return the targets of `--hosts` in order, each once, or raise WrongUse. OpenSSH is the default backend."""
    every = (_expand(each.strip(), connection, ansible_inventory) for each in specs)
    connects = list(dict.fromkeys(itertools.chain.from_iterable(every)))
    if not connects:
        raise WrongUse("--hosts names no target; write for example --hosts local:// or --hosts ssh://web1")
    counts = Counter(map(_host_part, connects))
    names = numbered(_host_part(each, with_port=counts[_host_part(each)] > 1) for each in connects)
    return tuple(map(Target, names, connects))


def plain(spec: str) -> str:
    """Return the host specification *spec* without its password."""
    return re.sub(r"^((?:[\w-]+://)?[^:/@?]*):(?!//)[^?]*@", r"\1:***@", spec)


def plain_arguments(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return command line *arguments* without passwords in host specifications."""
    shown = []
    for previous, argument in zip(("", *arguments), arguments, strict=False):
        option = "--hosts=" if argument.startswith("--hosts=") else ""
        if option or previous == "--hosts":
            hosts = argument.removeprefix(option).split(",")
            shown.append(option + ",".join(hide_passwords(plain(each)) for each in hosts))
        else:
            shown.append(hide_passwords(argument))
    return tuple(shown)


def recorded_path(connect: str) -> Path:
    """Return the path in a `recorded://` specification."""
    return Path(connect.partition("://")[2])


def fault(connect: str) -> str:
    """Return the fault of a host specification with what to write instead, without passwords; or an empty string."""
    backend, separator, rest = connect.partition("://")
    if not separator:
        shown = hide_passwords(f"://{connect}").removeprefix("://")
        return f"{shown!r} names no backend; write for example 'ssh://{shown or 'web1'}'"
    if backend not in BACKENDS:
        return f"unknown backend {backend!r}; {did_you_mean(backend, BACKENDS)}"
    address, _, query = rest.partition("?")
    if not address and backend not in WITHOUT_NAME:
        what = ("path", "PATH") if backend in WITHOUT_HOST else ("host", "NAME")
        return f"names no {what[0]}; write {backend}://{what[1]}"
    if backend in WITHOUT_HOST or "@" in query:
        return ""
    if backend not in WITHOUT_NAME and address.rpartition("@")[2].startswith("-"):
        return f"a name that begins with '-' would be an option of {backend}; write the target's id or another name"
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key not in _KEYS:
            return f"unknown key {key!r} after the '?'; {did_you_mean(key, _KEYS)}"
        if key in _YES_OR_NO and value.lower() not in ("true", "false"):
            return f"{key}={value}: write {key}=true or {key}=false"
    return ""


def _expand(spec: str, connection: str | None, ansible_inventory: str | None) -> list[str]:
    if not spec:
        return []
    if spec in WITHOUT_NAME:
        spec = f"{spec}://"
    if "://" not in spec:
        spec = f"{connection or 'ssh'}://{spec}"  # paramiko, testinfra's default, takes any host key
    backend, _, rest = spec.partition("://")
    host, question, query = rest.partition("?")
    if backend == "ansible" and not host:
        host, spec = "all", f"ansible://all{question}{query}"
    if wrong := fault(spec):
        raise WrongUse(f"--hosts {plain(spec)}: {wrong}")
    if backend == RECORDED:
        return _recordings(spec)
    if backend in (COMPOSE, *WITHOUT_NAME):
        return [spec]
    if backend == "ansible" and not shutil.which("ansible-inventory"):
        raise WrongUse(f"--hosts {plain(spec)}: there is no ansible-inventory here; install Ansible")
    from testinfra.backend import get_backend_class  # type: ignore[import-untyped]

    try:
        names = get_backend_class(backend).get_hosts(host, ansible_inventory=ansible_inventory)
    except Exception as error:  # what a backend raises is its own affair; the user gets one line
        reason = " ".join(hide_passwords(str(error)).split()) or type(error).__name__
        raise WrongUse(f"--hosts {plain(spec)}: {reason}") from None
    return [f"{backend}://{name}{question}{query}" for name in names]


def _recordings(spec: str) -> list[str]:
    """Return the specifications of all recordings in a `recorded://` one, even damaged ones, or raise WrongUse."""
    path = recorded_path(spec)
    wrong = why_not_a_recording(path)
    meant = [path]
    if wrong and (there := list(path.iterdir()) if path.is_dir() else list(map(Path, glob.glob(str(path))))):
        meant = sorted(each for each in there if each.name[0] != "." and each.name not in run_files.NAMES)
        wrong = wrong if path.exists() else "nothing there is a recording"
    if all(map(why_not_a_recording, meant)):
        wanted = "the folder of a recording, or a file with the output of `hullcheck probe-script`"
        raise WrongUse(f"--hosts {spec}: {wrong}; write {wanted}")
    return [spec] if meant == [path] else [f"{RECORDED}://{each}" for each in meant]


def of_files(files: Sequence[str], taken: Sequence[str]) -> tuple[Target, ...]:
    """Return a target for each Compose file, named by its path below the current directory; other names are *taken*."""
    parts = [[part for part in Path(relpath(each)).parts if part != ".."] for each in files]
    names = numbered([*taken, *(safe_name("-".join(each)).lstrip("_.-") or "file" for each in parts)])[len(taken) :]
    return tuple(map(Target, names, (f"{COMPOSE}://{each}" for each in files)))


def numbered(names: Iterable[str]) -> list[str]:
    """Return *names*, with numbers added to repeated ones."""
    unique: dict[str, None] = {}
    for name in names:
        others = (f"{name}-{number}" for number in itertools.count(2))
        unique[next(each for each in itertools.chain([name], others) if each not in unique)] = None
    return list(unique)


def _host_part(connect: str, *, with_port: bool = False) -> str:
    backend = backend_of(connect)
    path = recorded_path(connect.partition("?")[0])
    if backend in WITHOUT_NAME:
        return backend
    if backend == COMPOSE:
        folder = f"{path.parent.name}-" if with_port and path.parent.name else ""
        return safe_name(folder + (path.name or path.resolve().name))
    if backend == RECORDED:
        if path.name in (FILE_NAME, PACKED):
            return safe_name(path.parent.name)
        return safe_name(path.stem if path.suffix in _SUFFIXES else path.name)
    address = urlsplit(connect).netloc.rpartition("@")[2]
    host, colon, port = address.rpartition(":") if re.search(r":\d+$", address) else (address, "", "")
    return safe_name(host.strip("[]") + (f"-{port}" if with_port and colon else ""))


def safe_name(name: str) -> str:
    """Return *name* as a safe directory name in the folder of a run."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".")
    return f"{name}-host" if name in run_files.NAMES else name or "target"
