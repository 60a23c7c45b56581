"""The options: each also as an ini key and an environment variable."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hullcheck.controls import shipped

if TYPE_CHECKING:
    from hullcheck.gather.transport import Connection

_OPTIONS = {
    "inventory": "YAML file with targets and policy, or an inventory of Ansible, which needs"
    " ansible-inventory (default: inventories/local.yml, where it exists). This and the options below can also be an"
    " ini key, as hullcheck_inventory, or in the environment, as HULLCHECK_INVENTORY",
    "targets": "only audit these targets: names of targets or of groups of the inventory, or patterns as of files in a"
    " shell, separated by commas",
    "profile": "name of a selection under `profiles` in the inventory; with -m, both must hold",
    "severity": "only run the controls of this severity and worse: critical, high, medium or low; with -m, both must"
    " hold",
    "containers": "only judge these containers: names, or patterns as of files in a shell, separated by commas; results"
    " say that others were left out",
    "label": "only judge containers with a label of this name, or with NAME=VALUE for those that Compose, stacks and"
    " Kubernetes set; of several, separated by commas, all have to be there",
    "images": "only judge these images, in the same way",
    "reports": "folder in which each run leaves its results and recordings",
    "keep": "remove the oldest runs in the folder of reports, and keep this many, the new one included (default: all)",
    "format": "write further files for other programs, separated by commas: sarif, summary, prometheus, oscal, ...;"
    " docs/formats.md has them all",
    "releases": "JSON file with what is known of releases, in place of what this version of hullcheck knows;"
    " docs/releases.md explains it",
    "sign": "sign the bundle with this SSH key, by ssh-keygen: a private key, or a public one whose private half an"
    " agent has; makes a bundle (--bundle) too",
    "fail_on": "end with status 1 where a finding fits this, and with 0 where none does, whatever else fails:"
    " `severity>=high`, `severity=critical`, `verdict=fail`, `new` (since --baseline); of parts with commas between"
    " them all have to fit, `or` stands between alternatives (docs/gates.md)",
    "baseline": "folder or results.json of an earlier run, with which this one is compared in place of the last one",
    "max_age": "judge no evidence that is older than this, as 30d: all controls of such a target are errors",
    "coverage": "end with status 1 where less than this percentage of the controls that apply was judged on a target",
    "probe_timeout": "seconds that one probe may take on a target (default: 30)",
    "target_timeout": "seconds that all probes of one target may take (default: 120)",
    "gather_jobs": "how many targets are asked at a time (default: 64)",
}
_HEADING = "hullcheck: audit of Docker hosts (targets: --hosts, --sudo, ... of testinfra)"
_DEFAULTS = {
    "inventory": "",
    "targets": "",
    "profile": "",
    "severity": "",
    "containers": "",
    "label": "",
    "images": "",
    "reports": "",
    "keep": "",
    "format": "",
    "releases": "",
    "sign": "",
    "fail_on": "",
    "baseline": "",
    "max_age": "",
    "coverage": "",
    "probe_timeout": "30",
    "target_timeout": "120",
    "gather_jobs": "64",
}
_METAVARS = {
    "profile": "NAME",
    "sign": "KEY",
    "severity": "LEVEL",
    **dict.fromkeys(("keep", "gather_jobs"), "NUMBER"),
    "format": "FORMATS",
    **dict.fromkeys(("targets", "containers", "images"), "NAMES"),
    "label": "LABELS",
    "fail_on": "FINDINGS",
    "max_age": "AGE",
    "coverage": "PERCENT",
}
_FLAGS = {
    "bundle": "write all that the run found and was told into one file too, reports/RUN.zip, for `hullcheck verify`",
    "strict_waivers": "fail the run where a waiver or an attestation is expired, not yet in force, not needed or"
    " matches nothing",
}
_CACHE = "hullcheck-images"


def add_options(parser: pytest.Parser) -> None:
    """Declare the option group `hullcheck`; hosts and connections are testinfra's options."""
    group = parser.getgroup("hullcheck", _HEADING)
    for name, meaning in _OPTIONS.items():
        metavar = _METAVARS.get(name, "SECONDS" if name.endswith("timeout") else "PATH")
        group.addoption(_spelled(name), dest=f"hullcheck_{name}", metavar=metavar, default=None, help=meaning)
        parser.addini(f"hullcheck_{name}", meaning, default=_DEFAULTS[name])
    for name, meaning in _FLAGS.items():
        group.addoption(
            _spelled(name), dest=f"hullcheck_{name}", action="store_true", default=None, help=meaning
        )
        parser.addini(f"hullcheck_{name}", meaning, default="false")
    group.addoption(  # no ini key and no variable: what is set somewhere must not leave out hosts of a later audit
        "--shard",
        metavar="NUMBER/TOTAL",
        dest="hullcheck_shard",
        help="only audit this part of the targets, as 3/20; the others are for other machines. `env` takes"
        " number and total from the scheduler of this job, `env/20` the number alone (docs/shards.md)",
    )
    group.addoption(  # as --shard, and as --hosts of testinfra
        "--compose",
        metavar="FILES",
        dest="hullcheck_compose",
        help="audit what these Compose files ask for, before it is started: files, folders with one, or files to be"
        " laid over each other with `+` between them; separated by commas; behind a file the variables of the"
        " environment that it may have, as 'compose.yml?env=TAG' (docs/compose.md)",
    )
    group.addoption(
        "--show-probes",
        action="store_true",
        dest="hullcheck_show_probes",
        help="print every command that would be run on a target, contact no host, run no test",
    )


def _spelled(name: str) -> str:
    return "--" + name.replace("_", "-")


def option(config: pytest.Config, name: str) -> str:
    """The value of an option: command line, then HULLCHECK_NAME, then the ini key, then the default."""
    given = config.getoption(f"hullcheck_{name}", None)
    if given is None:
        given = os.environ.get(f"HULLCHECK_{name.upper()}")
    return str(config.getini(f"hullcheck_{name}") if given is None else given)


def flag(config: pytest.Config, name: str) -> bool:
    """The value of an option that is there or not; elsewhere `true` and `false`, as pytest's own.

    Raises:
        pytest.UsageError: it is neither.
    """
    text = option(config, name).lower()
    if text not in ("1", "true", "yes", "on", "0", "false", "no", "off", ""):
        raise pytest.UsageError(f"hullcheck_{name}: {text!r} is neither true nor false")
    return text in ("1", "true", "yes", "on")


def is_any_given(config: pytest.Config) -> bool:
    """Whether one of the options, ini keys or variables of hullcheck says anything but the default."""
    if any(config.getoption(f"hullcheck_{each}", None) is not None for each in ("shard", "compose")):
        return True
    values = {**_DEFAULTS, **dict.fromkeys(_FLAGS, "false")}
    return any(option(config, name) != default for name, default in values.items())


def asks_for_audit(config: pytest.Config) -> bool:
    """Whether the run names a folder for reports, an inventory or hosts."""
    hosts = (config.getoption(each, None) for each in ("hosts", "hullcheck_compose"))
    named = (option(config, "reports"), option(config, "inventory"), *hosts)
    return any(named)


def path(config: pytest.Config, name: str) -> Path | None:
    """The value of an option that is a path, read as pytest reads its own; None if it is not set.

    One from the command line or the environment starts in the current directory, one from an ini file beside
    that file. `~` is the home of the user: a shell knows it at the beginning of a word alone.
    """
    text = option(config, name)
    if not text:
        return None
    said_here = config.getoption(f"hullcheck_{name}", None) or os.environ.get(f"HULLCHECK_{name.upper()}")
    beside = config.inipath.parent if config.inipath and not is_of_shipped(config) else project(config)
    return (config.invocation_params.dir if said_here else beside) / Path(text).expanduser()


def is_of_shipped(config: pytest.Config) -> bool:
    """Whether this is a run of the controls that the package brings along, as `hullcheck audit` starts it."""
    return config.inipath == shipped.SETTINGS


def project(config: pytest.Config) -> Path:
    """The folder of the project: for the controls that the package brings along, the current directory."""
    return config.invocation_params.dir if is_of_shipped(config) else config.rootpath


def places(config: pytest.Config) -> list[str]:
    """The tests that the command line names, as paths; the installed controls by their folder."""
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        return []
    return [str(shipped.folder()) if shipped.is_named(each) else each for each in config.args]


def path_for_testinfra(config: pytest.Config, name: str) -> str | None:
    """The value of an option of testinfra that is a path; None if it was not given."""
    text: str | None = config.getoption(name, None)
    return None if text is None else os.path.expanduser(text)


def limits(config: pytest.Config) -> dict[str, tuple[str, ...]]:
    """Which subjects alone are judged: patterns of names by kind, and `label`; what has no limit is not there."""
    names = {"container": "containers", "label": "label", "image": "images"}
    said = {kind: several(config, name) for kind, name in names.items()}
    return {kind: each for kind, each in said.items() if each}


def several(config: pytest.Config, name: str) -> tuple[str, ...]:
    """The values of an option that are separated by commas."""
    return tuple(filter(None, map(str.strip, option(config, name).split(","))))


def compose_files(config: pytest.Config) -> tuple[str, ...]:
    """The Compose files to be audited.

    Raises:
        pytest.UsageError: the option is there and names none.
    """
    given = config.getoption("hullcheck_compose", None)
    named = tuple(filter(None, map(str.strip, (given or "").split(","))))
    if given is not None and not named:
        raise pytest.UsageError("--compose names no file; write for example --compose=compose.yml")
    return named


def wants_bundle(config: pytest.Config) -> bool:
    """Whether the run is to be bundled, as all that is signed."""
    return flag(config, "bundle") or bool(option(config, "sign"))


def number(config: pytest.Config, name: str) -> int:
    """The value of an option that is a whole number above 0; 0 where it is not set.

    Raises:
        pytest.UsageError: it is not.
    """
    return _whole(config, name, "a whole number") if option(config, name) else 0


def seconds(config: pytest.Config, name: str) -> int:
    """The value of a time-out, a whole number of seconds above 0.

    Raises:
        pytest.UsageError: it is not.
    """
    return _whole(config, name, "a whole number of seconds")


_AGE = re.compile(r"0*([1-9][0-9]{0,5}) *([hdw])", re.ASCII)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}


def age(config: pytest.Config, name: str) -> float:
    """The value of an option that is an age, in seconds; 0 where it is not set.

    Raises:
        pytest.UsageError: it is something else.
    """
    text = option(config, name).strip()
    match = _AGE.fullmatch(text)
    if text and match is None:
        raise pytest.UsageError(f"{_spelled(name)} {text}: write hours, days or weeks, as 36h, 30d or 4w")
    return int(match[1]) * _HOURS[match[2]] * 3600.0 if match else 0.0


def _whole(config: pytest.Config, name: str, wanted: str) -> int:
    text = option(config, name)
    if not re.fullmatch("0*[1-9][0-9]{0,5}", text, re.ASCII):
        raise pytest.UsageError(f"{_spelled(name)} {text}: write {wanted} above 0")
    return int(text)


def cache_folder(config: pytest.Config) -> Path | None:
    """The folder of pytest's cache for this plugin; None where the cache is off."""
    cache = getattr(config, "cache", None)
    if cache is None:
        return None
    try:
        folder = Path(cache.mkdir(_CACHE))
        folder.chmod(0o700)  # it holds what targets answered
    except OSError:
        return None
    return folder


def connection(config: pytest.Config) -> "Connection":
    """testinfra's connection options, and the time-out of a target."""
    # late: these options are declared in every run of pytest, in any project
    from hullcheck.gather.transport import Connection

    def given(name: str) -> Any:
        return config.getoption(name, None)

    return Connection(
        timeout=seconds(config, "target_timeout"),
        ssh_config=path_for_testinfra(config, "ssh_config"),
        ssh_identity_file=path_for_testinfra(config, "ssh_identity_file"),
        ssh_extra_args=given("ssh_extra_args"),
        sudo=bool(given("sudo")),
        sudo_user=given("sudo_user"),
        ansible_inventory=path_for_testinfra(config, "ansible_inventory"),
        force_ansible=bool(given("force_ansible")),
    )


_EXPLAINING = (
    *("collectonly", "markers", "help", "hullcheck_show_probes"),
    *("setupplan", "showfixtures", "show_fixtures_per_test"),
)


def runs_tests(config: pytest.Config) -> bool:
    """Whether tests are to be run, and not only listed or explained."""
    return not any(config.getoption(each, False) for each in _EXPLAINING)


def narrowed(config: pytest.Config) -> bool:
    """Whether pytest may not look at all controls: by paths on the command line, by --ignore or by --lf."""
    if any(config.getoption(each, None) for each in ("lf", "ignore", "ignore_glob")):
        return True
    given = [(config.invocation_params.dir / each).resolve() for each in places(config)]
    if not given:
        return False
    whole = [(config.rootpath / each).resolve() for each in config.getini("testpaths") or ["."]]
    whole += [shipped.folder()] * is_of_shipped(config)
    return not all(any(each.is_relative_to(path) for path in given) for each in whole)
