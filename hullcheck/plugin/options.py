"""The options of an audit, and their values."""

import os
import re
from argparse import SUPPRESS
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from hullcheck.controls import shipped
from hullcheck.lazy import regex

if TYPE_CHECKING:
    from hullcheck.gather.transport import Connection


SETTING, ARGUMENT, FOREIGN = "setting", "argument", "foreign"
"""Where an option can be set: also by an ini key and the environment; on the command line alone; it is not ours."""


class Option(NamedTuple):
    """An option as `hullcheck audit --help` shows it; one without a *metavar* is a flag."""

    help: str
    metavar: str = ""
    default: str = ""
    place: str = SETTING


# what names or leaves out hosts is an ARGUMENT: a setting must not leave them out of a later audit
GROUPS = {
    "What to audit": {
        "hosts": Option("separated by commas: ssh://me@web1, docker://NAME, recorded://FOLDER", "HOSTS", "", FOREIGN),
        "sudo": Option("become root on these hosts with sudo, which must not ask for a password", place=FOREIGN),
        "ssh_config": Option("settings of ssh", "FILE", "", FOREIGN),
        "ssh_identity_file": Option("private key for ssh", "FILE", "", FOREIGN),
        "inventory": Option("file with targets, policy and waivers (default: inventories/local.yml)", "PATH"),
        "targets": Option("only these targets or groups of the inventory; patterns such as 'web*'", "NAMES"),
        "shard": Option("only this part of the targets, such as 3/20", "N/TOTAL", "", ARGUMENT),
        "compose": Option("Compose files before they are started; `+` merges two", "FILES", "", ARGUMENT),
        "demo": Option("two recorded hosts, one of them careless; needs no Docker", place=FOREIGN),
    },
    "Which controls": {
        "skip": Option("not these: numbers, sections or ids, separated by commas", "CONTROLS", "", ARGUMENT),
        "m": Option("by framework: cis, 'cis(level=1)', baseline, 'pci or hipaa', guide", "MARKERS", "", FOREIGN),
        "k": Option("whose names or numbers match, such as 'socket and not 5.32'", "WORDS", "", FOREIGN),
        "profile": Option("a selection that the inventory has under `profiles`", "NAME"),
        "severity": Option("of this severity and worse: critical, high, medium or low", "LEVEL"),
        "containers": Option("judge only these containers; patterns, separated by commas", "NAMES"),
        "label": Option("judge only containers with all of these labels: NAME or NAME=VALUE", "LABELS"),
        "images": Option("judge only these images; patterns, separated by commas", "NAMES"),
    },
    "Output": {
        "q": Option("one line for each target", place=FOREIGN),
        "all": Option("all findings in full, not only those that fit on the screen", place=ARGUMENT),
        "format": Option("sarif,github,summary,prometheus,jsonl,oscal,ocsf,hdf,defectdojo,xlsx", "FORMATS"),
        "output": Option("write the one file of --format here too; - is standard output", "FILE", "", ARGUMENT),
        "html": Option("the page of pytest-html", "FILE", "", FOREIGN),
        "reports": Option("folder for the results of each run (default: reports)", "PATH"),
        "keep": Option("keep this many runs there, and remove older ones (default: all)", "NUMBER"),
    },
    "Decide": {
        "fail_on": Option("exit status 1 only if a finding fits: high, verdict=fail, new, waivers", "FINDINGS"),
        "since": Option("compare with this run instead of the last one", "RUN"),
        "min_judged": Option("exit status 1 if less than this was judged on a target", "PERCENT"),
        "max_age": Option("do not judge evidence older than this: 36h, 30d or 4w", "AGE"),
    },
    "Evidence": {
        "bundle": Option("pack the run into one file, for `hullcheck verify`", place=ARGUMENT),
        "sign": Option("sign the bundle with this SSH key; implies --bundle", "KEY"),
        "show_probes": Option("print every command that would run on a target, and exit", place=ARGUMENT),
        "changes": Option("ask in which folders running containers have written (docker diff)", place=ARGUMENT),
        "probe_timeout": Option("time for one probe on a target (default: 30)", "SECONDS", "30"),
        "target_timeout": Option("time for all probes of one target (default: 120)", "SECONDS", "120"),
        "gather_jobs": Option("how many targets are asked at a time (default: 64)", "NUMBER", "64"),
        "n": Option("how many processes judge; more help with many targets", "NUMBER", "", FOREIGN),
        "releases": Option("JSON file with the known releases of Docker, instead of the built-in one", "FILE"),
    },
}
_OURS = {name: each for group in GROUPS.values() for name, each in group.items() if each.place != FOREIGN}
_SETTINGS = {name: each.default for name, each in _OURS.items() if each.place == SETTING}
_HEADING = "hullcheck: audit of Docker hosts (as settings: hullcheck_NAME in a file, HULLCHECK_NAME in the environment)"
_LISTING = ("collectonly", "markers", "help", "setupplan", "showfixtures", "show_fixtures_per_test")


@contextmanager
def wrong_use(*kinds: type[Exception], before: str = "") -> Iterator[None]:
    """Let an error of these *kinds* end the run as a wrong use of pytest, with *before* its message."""
    try:
        yield
    except kinds as error:
        raise pytest.UsageError(f"{before}{error}") from None


def add_options(parser: pytest.Parser) -> None:
    """Declare the option group `hullcheck`; hosts and connections are testinfra's options."""
    group = parser.getgroup("hullcheck", _HEADING)
    for name, each in _OURS.items():
        kind: dict[str, Any] = {"metavar": each.metavar} if each.metavar else {"action": "store_true", "default": None}
        group.addoption(spelled(name), dest=f"hullcheck_{name}", help=each.help, **kind)
    for name, default in _SETTINGS.items():
        parser.addini(f"hullcheck_{name}", _OURS[name].help, default=default)
    group.addoption("--hullcheck-listing", help=SUPPRESS)  # of `hullcheck explain`


def spelled(name: str) -> str:
    """Return an option as it is written."""
    return f"-{name}" if len(name) == 1 else "--" + name.replace("_", "-")


def require_known(parser: pytest.Parser, arguments: list[str]) -> None:
    """Raise pytest.UsageError for an option that looks like a known one."""
    from hullcheck.messages import did_you_mean  # late: few runs come here

    known = [each for each in parser._opt2dest if each.startswith("--")]
    for word in (each.partition("=")[0] for each in takewhile("--".__ne__, arguments)):
        hint = did_you_mean(word, known) if word.startswith("--") and word not in known else ""
        if hint.endswith("?"):
            raise pytest.UsageError(f"unrecognized option {word}; {hint}")


def words(config: pytest.Config) -> list[str]:
    """Return the words on the command line that are no options, but for those that stand for the shipped controls."""
    named = getattr(config.option, "file_or_dir", None) or config.known_args_namespace.file_or_dir or []
    return [each for each in named if not shipped.is_named(each)]


def option(config: pytest.Config, name: str) -> str:
    """Return the value of an option: command line, then HULLCHECK_NAME, then the ini key, then the default."""
    given = _given(config, name)
    if given is None:
        given = config.getini(f"hullcheck_{name}") if name in _SETTINGS else ""
    return str(given)


def _given(config: pytest.Config, name: str) -> Any:
    """Return the value from the command line or the environment."""
    given = config.getoption(f"hullcheck_{name}", None)
    return os.environ.get(f"HULLCHECK_{name.upper()}") if given is None and name in _SETTINGS else given


def is_any_given(config: pytest.Config) -> bool:
    """Return whether an option of hullcheck has another value than its default."""
    if any(config.getoption(f"hullcheck_{each}", None) is not None for each in _OURS.keys() - _SETTINGS):
        return True
    return any(option(config, name) != default for name, default in _SETTINGS.items())


def asks_for_audit(config: pytest.Config) -> bool:
    """Return whether the run names a folder for reports, an inventory or hosts."""
    hosts = (config.getoption(each, None) for each in ("hosts", "hullcheck_compose", "hullcheck_files"))
    return any((option(config, "reports"), option(config, "inventory"), *hosts))


def path(config: pytest.Config, name: str) -> Path | None:
    """Return the value of an option that is a path, from the current directory or that of the ini file, or None."""
    text = option(config, name)
    if not text:
        return None
    beside = config.inipath.parent if config.inipath and not is_of_shipped(config) else project(config)
    return (config.invocation_params.dir if _given(config, name) else beside) / Path(text).expanduser()


def is_of_shipped(config: pytest.Config) -> bool:
    """Return whether `hullcheck audit` runs the installed controls."""
    return config.inipath == shipped.SETTINGS


def project(config: pytest.Config) -> Path:
    """Return the folder of the project: for the installed controls, the current directory."""
    return config.invocation_params.dir if is_of_shipped(config) else config.rootpath


def places(config: pytest.Config) -> list[str]:
    """Return the paths of tests on the command line; the installed controls by their folder."""
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        return []
    return [str(shipped.folder()) if shipped.is_named(each) else each for each in config.args]


def limits(config: pytest.Config) -> dict[str, tuple[str, ...]]:
    """Return the patterns of the subjects that are judged, by kind, and labels by `label`."""
    names = {"container": "containers", "label": "label", "image": "images"}
    said = {kind: several(config, name) for kind, name in names.items()}
    return {kind: each for kind, each in said.items() if each}


def several(config: pytest.Config, name: str) -> tuple[str, ...]:
    """Return the values of an option that are separated by commas."""
    return tuple(filter(None, map(str.strip, option(config, name).split(","))))


def compose_files(config: pytest.Config) -> tuple[str, ...]:
    """Return the Compose files to be audited."""
    named = several(config, "compose")
    if config.getoption("hullcheck_compose", None) is not None and not named:
        raise pytest.UsageError("--compose names no file; write for example --compose=compose.yml")
    return named


def wants_bundle(config: pytest.Config) -> bool:
    """Return whether --bundle or --sign is given."""
    return bool(config.getoption("hullcheck_bundle", False)) or bool(option(config, "sign"))


def number(config: pytest.Config, name: str) -> int:
    """Return the value of an option that is a whole number above 0; 0 if it is not set."""
    text = option(config, name)
    if text and not re.fullmatch("0*[1-9][0-9]{0,5}", text, re.ASCII):
        unit = " of seconds" if name.endswith("timeout") else ""
        raise pytest.UsageError(f"{spelled(name)} {text}: write a whole number{unit} above 0")
    return int(text or 0)


_AGE = regex(r"0*([1-9][0-9]{0,5}) *([hdw])", re.ASCII)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}


def age(config: pytest.Config, name: str) -> float:
    """Return the value of an option that is an age, in seconds; 0 if it is not set."""
    text = option(config, name).strip()
    match = _AGE.fullmatch(text)
    if text and match is None:
        raise pytest.UsageError(f"{spelled(name)} {text}: write hours, days or weeks, such as 36h, 30d or 4w")
    return int(match[1]) * _HOURS[match[2]] * 3600.0 if match else 0.0


def cache_folder(config: pytest.Config) -> Path | None:
    """Return the folder of pytest's cache for this plugin; None if there is no cache."""
    cache = getattr(config, "cache", None)
    if cache is None:
        return None
    try:
        folder = Path(cache.mkdir("hullcheck-images"))
        folder.chmod(0o700)  # it holds what targets answered
    except OSError:
        return None
    return folder


def connection(config: pytest.Config) -> "Connection":
    """Return testinfra's connection options, and the time-out of a target."""
    # late: these options are declared in every run of pytest, in any project
    from hullcheck.gather.transport import Connection

    paths = ("ssh_config", "ssh_identity_file", "ansible_inventory")
    others = ("ssh_extra_args", "sudo", "sudo_user", "force_ansible")
    given = {name: config.getoption(name, None) for name in (*paths, *others)}
    given |= {name: os.path.expanduser(given[name]) for name in paths if given[name] is not None}
    return Connection(timeout=number(config, "target_timeout"), **given)


def runs_tests(config: pytest.Config) -> bool:
    """Return whether tests are run, and not only listed or explained."""
    return not any(config.getoption(each, False) for each in _LISTING)


def narrowed(config: pytest.Config) -> bool:
    """Return whether paths, --ignore or --lf may hide controls from pytest."""
    if any(config.getoption(each, None) for each in ("lf", "ignore", "ignore_glob")):
        return True
    given = [(config.invocation_params.dir / each).resolve() for each in places(config)]
    if not given:
        return False
    whole = [(config.rootpath / each).resolve() for each in config.getini("testpaths") or ["."]]
    if is_of_shipped(config):
        whole = [shipped.folder()]
    return not all(any(each.is_relative_to(path) for path in given) for each in whole)
