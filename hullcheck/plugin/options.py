"""The options: each also as an ini key and an environment variable."""

import os
import re
from argparse import SUPPRESS
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from hullcheck.controls import shipped
from hullcheck.lazy import regex

if TYPE_CHECKING:
    from hullcheck.gather.transport import Connection


class _Option(NamedTuple):
    help: str
    metavar: str = "PATH"
    default: str = ""


_OPTIONS = {
    "inventory": _Option(
        "YAML file with targets and policy, or an inventory of Ansible, which needs ansible-inventory (default:"
        " inventories/local.yml, if it exists). This and the options below can also be an ini key, as"
        " hullcheck_inventory, or in the environment, as HULLCHECK_INVENTORY"
    ),
    "targets": _Option(
        "only audit these targets: names of targets or of groups of the inventory, or patterns as of files in a"
        " shell, separated by commas",
        "NAMES",
    ),
    "profile": _Option("name of a selection under `profiles` in the inventory; with -m, both must hold", "NAME"),
    "severity": _Option(
        "only run the controls of this severity and worse: critical, high, medium or low; with -m, both must hold",
        "LEVEL",
    ),
    "containers": _Option(
        "only judge these containers: names, or patterns as of files in a shell, separated by commas; results say"
        " that others were left out",
        "NAMES",
    ),
    "label": _Option(
        "only judge containers with a label of this name, or with NAME=VALUE for those that Compose, stacks and"
        " Kubernetes set; of several, separated by commas, all have to be there",
        "LABELS",
    ),
    "images": _Option("only judge these images, in the same way", "NAMES"),
    "reports": _Option("folder in which each run leaves its results and recordings"),
    "keep": _Option(
        "remove the oldest runs in the folder of reports, and keep this many, the new one included (default: all)",
        "NUMBER",
    ),
    "format": _Option(
        "write further files for other programs, separated by commas: sarif, summary, prometheus, oscal, ...;"
        " docs/formats.md has them all",
        "FORMATS",
    ),
    "releases": _Option(
        "JSON file with what is known of releases, in place of what this version of hullcheck knows;"
        " docs/releases.md explains it"
    ),
    "sign": _Option(
        "sign the bundle with this SSH key, by ssh-keygen: a private key, or a public one whose private half an"
        " agent has; makes a bundle (--bundle) too",
        "KEY",
    ),
    "fail_on": _Option(
        "end with status 1 if a finding fits this, and with 0 if none does, whatever else fails:"
        " `severity>=high`, `severity=critical`, `verdict=fail`, `new` (since --baseline); of parts with commas"
        " between them all have to fit, `or` stands between alternatives (docs/gates.md)",
        "FINDINGS",
    ),
    "baseline": _Option(
        "folder or results.json of an earlier run, with which this one is compared in place of the last one"
    ),
    "max_age": _Option(
        "judge no evidence that is older than this, as 30d: all controls of such a target are errors", "AGE"
    ),
    "coverage": _Option(
        "end with status 1 if less than this percentage of the controls that apply was judged on a target", "PERCENT"
    ),
    "probe_timeout": _Option("seconds that one probe may take on a target (default: 30)", "SECONDS", "30"),
    "target_timeout": _Option("seconds that all probes of one target may take (default: 120)", "SECONDS", "120"),
    "gather_jobs": _Option("how many targets are asked at a time (default: 64)", "NUMBER", "64"),
}
_FLAGS = {
    "bundle": "write all that the run found and was told into one file too, reports/RUN.zip, for `hullcheck verify`",
    "strict_waivers": "fail the run if a waiver or an attestation is expired, not yet in force, not needed or matches"
    " nothing",
}
# no ini key and no variable, as of --hosts: what is set somewhere must not leave out hosts of a later audit
_COMMAND_LINE = {
    "shard": _Option(
        "only audit this part of the targets, as 3/20; the others are for other machines. `env` takes number and"
        " total from the scheduler of this job, `env/20` the number alone (docs/shards.md)",
        "NUMBER/TOTAL",
    ),
    "compose": _Option(
        "audit what these Compose files ask for, before it is started: files, folders with one, or files to be"
        " laid over each other with `+` between them; separated by commas; behind a file the variables of the"
        " environment that it may have, as 'compose.yml?env=TAG' (docs/compose.md)",
        "FILES",
    ),
}
_HEADING = "hullcheck: audit of Docker hosts (targets: --hosts, --sudo, ... of testinfra)"
_LISTING = (
    *("collectonly", "markers", "help", "hullcheck_show_probes"),
    *("setupplan", "showfixtures", "show_fixtures_per_test"),
)


def add_options(parser: pytest.Parser) -> None:
    """Declare the option group `hullcheck`; hosts and connections are testinfra's options."""
    group = parser.getgroup("hullcheck", _HEADING)
    for name, each in {**_OPTIONS, **_COMMAND_LINE}.items():
        group.addoption(_spelled(name), dest=f"hullcheck_{name}", metavar=each.metavar, help=each.help)
    for name, each in _OPTIONS.items():
        parser.addini(f"hullcheck_{name}", each.help, default=each.default)
    for name, text in _FLAGS.items():
        group.addoption(_spelled(name), dest=f"hullcheck_{name}", action="store_true", default=None, help=text)
        parser.addini(f"hullcheck_{name}", text, default="false")
    group.addoption(
        "--show-probes",
        action="store_true",
        dest="hullcheck_show_probes",
        help="print every command that would be run on a target, contact no host, run no test",
    )
    group.addoption("--hullcheck-listing", help=SUPPRESS)  # of `hullcheck controls`


def _spelled(name: str) -> str:
    return "--" + name.replace("_", "-")


def option(config: pytest.Config, name: str) -> str:
    """Return the value of an option: command line, then HULLCHECK_NAME, then the ini key, then the default."""
    given = _given(config, name)
    return str(config.getini(f"hullcheck_{name}") if given is None else given)


def _given(config: pytest.Config, name: str) -> Any:
    """Return what the command line or the environment says."""
    given = config.getoption(f"hullcheck_{name}", None)
    return os.environ.get(f"HULLCHECK_{name.upper()}") if given is None else given


def flag(config: pytest.Config, name: str) -> bool:
    """Return the value of an option without an argument; elsewhere it is `true` or `false`, as pytest's own."""
    text = option(config, name).lower()
    if text not in ("1", "true", "yes", "on", "0", "false", "no", "off", ""):
        raise pytest.UsageError(f"hullcheck_{name}: {text!r} is neither true nor false")
    return text in ("1", "true", "yes", "on")


def is_any_given(config: pytest.Config) -> bool:
    """Return whether an option, ini key or variable of hullcheck differs from the default."""
    if any(config.getoption(f"hullcheck_{each}", None) is not None for each in _COMMAND_LINE):
        return True
    defaults = {name: each.default for name, each in _OPTIONS.items()} | dict.fromkeys(_FLAGS, "false")
    return any(option(config, name) != default for name, default in defaults.items())


def asks_for_audit(config: pytest.Config) -> bool:
    """Return whether the run names a folder for reports, an inventory or hosts."""
    hosts = (config.getoption(each, None) for each in ("hosts", "hullcheck_compose"))
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
    """Return which subjects alone are judged: patterns of names by kind, and `label`."""
    names = {"container": "containers", "label": "label", "image": "images"}
    said = {kind: several(config, name) for kind, name in names.items()}
    return {kind: each for kind, each in said.items() if each}


def several(config: pytest.Config, name: str) -> tuple[str, ...]:
    """Return the values of an option that are separated by commas."""
    return _separated(option(config, name))


def _separated(text: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, text.split(","))))


def compose_files(config: pytest.Config) -> tuple[str, ...]:
    """Return the Compose files to be audited."""
    given = config.getoption("hullcheck_compose", None)
    named = _separated(given or "")
    if given is not None and not named:
        raise pytest.UsageError("--compose names no file; write for example --compose=compose.yml")
    return named


def wants_bundle(config: pytest.Config) -> bool:
    """Return whether a bundle is asked for, by --bundle or by --sign."""
    return flag(config, "bundle") or bool(option(config, "sign"))


def number(config: pytest.Config, name: str) -> int:
    """Return the value of an option that is a whole number above 0; 0 if it is not set."""
    text = option(config, name)
    if text and not re.fullmatch("0*[1-9][0-9]{0,5}", text, re.ASCII):
        unit = " of seconds" if name.endswith("timeout") else ""
        raise pytest.UsageError(f"{_spelled(name)} {text}: write a whole number{unit} above 0")
    return int(text or 0)


_AGE = regex(r"0*([1-9][0-9]{0,5}) *([hdw])", re.ASCII)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}


def age(config: pytest.Config, name: str) -> float:
    """Return the value of an option that is an age, in seconds; 0 if it is not set."""
    text = option(config, name).strip()
    match = _AGE.fullmatch(text)
    if text and match is None:
        raise pytest.UsageError(f"{_spelled(name)} {text}: write hours, days or weeks, as 36h, 30d or 4w")
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


def path_for_testinfra(config: pytest.Config, name: str) -> str | None:
    """Return the value of an option of testinfra that is a path; None if it was not given."""
    text: str | None = config.getoption(name, None)
    return None if text is None else os.path.expanduser(text)


def connection(config: pytest.Config) -> "Connection":
    """Return testinfra's connection options, and the time-out of a target."""
    # late: these options are declared in every run of pytest, in any project
    from hullcheck.gather.transport import Connection

    paths = ("ssh_config", "ssh_identity_file", "ansible_inventory")
    others = ("ssh_extra_args", "sudo", "sudo_user", "force_ansible")
    given: dict[str, Any] = {name: path_for_testinfra(config, name) for name in paths}
    given |= {name: config.getoption(name, None) for name in others}
    return Connection(timeout=number(config, "target_timeout"), **given)


def runs_tests(config: pytest.Config) -> bool:
    """Return whether tests are run, and not only listed or explained."""
    return not any(config.getoption(each, False) for each in _LISTING)


def narrowed(config: pytest.Config) -> bool:
    """Return whether pytest may not look at all controls: by paths on the command line, by --ignore or by --lf."""
    if any(config.getoption(each, None) for each in ("lf", "ignore", "ignore_glob")):
        return True
    given = [(config.invocation_params.dir / each).resolve() for each in places(config)]
    if not given:
        return False
    whole = [(config.rootpath / each).resolve() for each in config.getini("testpaths") or ["."]]
    if is_of_shipped(config):
        whole = [shipped.folder()]
    return not all(any(each.is_relative_to(path) for path in given) for each in whole)
