"""`hullcheck audit` and `gather`, which run pytest; `probe-script` prints what an audit runs on a host."""

import argparse
import gc
import os
import sys
from pathlib import Path
from typing import Any

from hullcheck.commands import Subparsers, terminal
from hullcheck.controls import shipped
from hullcheck.messages import printable

_WIDTH = 100
_EXAMPLES = """
Examples:
  hullcheck audit compose.yml
  hullcheck audit --hosts ssh://web1,ssh://web2 --sudo
  hullcheck audit 5.5 5.31 --inventory=inventories/fleet.yml --targets 'web*'
  hullcheck audit --fail-on high --format sarif --output findings.sarif

`pytest --help` lists the other options of pytest; docs/options.md has the settings in a file.
"""
_OF_GATHER = (
    *("hosts", "sudo", "ssh_config", "ssh_identity_file", "inventory", "targets", "shard"),
    *("changes", "probe_timeout", "target_timeout", "gather_jobs"),
)
RECORDINGS = Path("recordings")


def add(commands: Subparsers) -> None:
    """Declare the subcommands."""
    parser = commands.add_parser(
        "audit",
        add_help=False,
        allow_abbrev=False,
        usage="hullcheck audit [CONTROL | COMPOSE-FILE ...] [OPTIONS] [OPTIONS OF PYTEST]",
        description="Audit this machine, other hosts, or Compose files and folders with one. CONTROL is a number (5.5),"
        " a section (5) or an id; without it, all controls of the CIS benchmark are judged (-m cis), on Compose files"
        " those of the guide too. To run controls of your own, run pytest.",
        epilog=_EXAMPLES,
    )
    parser.add_argument("-h", "--help", action=_Help, nargs=0)
    parser.add_argument("--demo", action="store_true")
    parser.set_defaults(run=_audit, takes_more=True)

    parser = commands.add_parser(
        "gather",
        add_help=False,
        allow_abbrev=False,
        usage="hullcheck gather [--output DIR] [OPTIONS]",
        description=f"Ask the targets, and write a recording of each to DIR (default: {RECORDINGS}). Judge them later:"
        f" `hullcheck audit --hosts recorded://{RECORDINGS}/NAME`. The exit status is 1 if a target did not answer.",
    )
    parser.add_argument("-h", "--help", action=_Help, nargs=0)
    parser.add_argument("--output", type=Path, default=RECORDINGS)
    parser.set_defaults(run=_gather, takes_more=True)

    script = commands.add_parser(
        "probe-script",
        description="Print the script that an audit runs on a target. Run it there as root (`umask 077; sh probe.sh"
        " >answer.txt`), and judge the answer by `hullcheck audit --hosts recorded://answer.txt`. Secrets are not yet"
        " dropped from an answer: keep it as secret as the host.",
    )
    script.add_argument("--docker-host", metavar="ADDRESS", help="the engine's address, as DOCKER_HOST takes it")
    help_ = "time for each probe (default: 30)"
    script.add_argument("--probe-timeout", type=_seconds, default=30, metavar="SECONDS", help=help_)
    script.add_argument("--scan-reports", metavar="FOLDER", help="where the reports of image scanners lie there")
    script.add_argument("--docker-bench-log", metavar="FILE", help="the JSON log of docker-bench-security there")
    script.add_argument("--changes", action="store_true", help="ask in which folders containers have written, too")
    script.set_defaults(run=_probe_script)


class _Help(argparse.Action):
    """Prints the options by groups; for `gather`, those that it takes."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from hullcheck.plugin import options  # late: it imports pytest
        from hullcheck.writers import columns

        width, rows = min(terminal()[0] or _WIDTH, _WIDTH), []
        for title, group in options.GROUPS.items():
            found = {name: each for name, each in group.items() if parser.epilog or name in _OF_GATHER}
            rows += [("", ""), (f"{title}:", "")] if found else []
            rows += [(f"  {options.spelled(name)} {each.metavar}".rstrip(), each.help) for name, each in found.items()]
        print(parser.format_usage(), *columns.wrapped(parser.description or "", width), sep="\n")
        print(columns.table(rows, width), parser.epilog or "", sep="", end="")
        parser.exit()


def _audit(given: argparse.Namespace) -> int:
    gc.set_threshold(50_000)  # imports make many objects, and no cycles
    import pytest  # late: no other subcommand needs it

    inventory = [f"--inventory={shipped.demo()}"] if given.demo else []
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")  # not beside the package
    cache = [] if "no:cacheprovider" in given.more else ["-o", f"cache_dir={caches / 'hullcheck'}"]
    arguments = [*shipped.command(), *cache, *inventory, *given.more]
    status = int(pytest.main(arguments, plugins=["hullcheck.plugin.screen"]))
    if given.demo and status == pytest.ExitCode.TESTS_FAILED:
        print("A demonstration ends with status 0; an audit of such hosts ends with 1.", file=sys.stderr)
        return 0
    return status


def _gather(given: argparse.Namespace) -> int:
    import pytest

    from hullcheck.plugin.session import session_of

    class Gatherer:
        """Asks the targets in place of a run of tests."""

        @pytest.hookimpl(tryfirst=True)
        def pytest_cmdline_main(self, config: pytest.Config) -> int:
            status = 0
            for recording in session_of(config).arriving():
                path = given.output / recording.target
                try:
                    recording.save(path)
                except OSError as error:
                    raise pytest.UsageError(f"{error.filename or path}: {error.strerror}; write --output DIR") from None
                print(printable(f"{recording.target}: {recording.failure or path}"), flush=True)
                status = 1 if recording.failure else status
            return status

    return int(
        pytest.main(["-p", "no:cacheprovider", f"--config-file={shipped.SETTINGS}", *given.more], plugins=[Gatherer()])
    )


def _probe_script(given: argparse.Namespace) -> int:
    from hullcheck.facts import registry  # late: no other subcommand needs all the facts, which are slow to import
    from hullcheck.recording.script import PATHS, render

    paths = [(name, path) for name in PATHS if (path := getattr(given, name))]
    timeout, probes = given.probe_timeout, registry.probes(optional=given.changes)
    sys.stdout.write(render(probes, docker_host=given.docker_host, timeout=timeout, paths=paths, shown=True))
    return 0


def _seconds(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r}: write a whole number of seconds above 0")
    return int(text)
