"""Which controls there are: those that pytest collects, a user's own too. No host is contacted."""

import inspect
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import util
from pathlib import Path
from typing import Any

from msgspec import Struct, convert, field
from msgspec.structs import replace

from hullcheck import frameworks
from hullcheck.controls import shipped
from hullcheck.data import benchmarks
from hullcheck.messages import WrongUse
from hullcheck.results import Control
from hullcheck.unpacked import bundle_around

_FOUND, _BROKEN, _NONE_LEFT = 0, 2, 5  # pytest's exit statuses
_ADVICE = "controls are tests: name them, or the directory that holds them: --path PATH"


class Listed(Struct, frozen=True):
    """A control and where it is written.

    Attributes:
        file: as seen from the directory in which it was looked for.
        facts: what it is judged from: facts with their descriptions, and `policy` where the site has a say.
        probes: the questions to a host behind them.
    """

    control: Control
    file: str
    line: int
    facts: Mapping[str, str] = field(default_factory=dict)
    probes: tuple[str, ...] = ()

    def numbers(self, version: str = benchmarks.CURRENT) -> tuple[str, ...]:
        """Its numbers in *version* of the CIS benchmark; none where that does not have it."""
        current = self.control.frameworks.get("cis", ())
        return tuple(number for each in current if (number := benchmarks.number_in(version, each)))


def collect(places: Sequence[str] = ()) -> tuple[Listed, ...]:
    """Return the controls in *places*, as pytest finds them from the current directory.

    Where no place is named, they are those that the package brings along, and nothing of that directory is run.

    Raises:
        WrongUse: there are none, or pytest cannot read them.
    """
    if not places:
        return tuple(_shipped())
    for place in places:
        path = Path(place.partition("::")[0])
        if path.is_file() and path.suffix != ".py":  # pytest would run what the settings beside it name
            raise WrongUse(f"{place}: no file of tests; {_ADVICE}")
        if bundle := bundle_around(Path(os.path.abspath(path))):  # the same, before it refuses the bundle
            raise WrongUse(f"{bundle}: is an unpacked bundle, and nothing in it is run; {_ADVICE}")
    found = _listing(places, Path.cwd())
    if not found:
        raise WrongUse(f"no control in {', '.join(places)}: {_ADVICE}")
    return found


def in_order(listed: Iterable[Listed], version: str = benchmarks.CURRENT) -> list[Listed]:
    """By their numbers in *version*, 1.1.2 before 1.1.10; those without one come last, by id."""

    def key(each: Listed) -> tuple[object, ...]:
        numbers = each.numbers(version)
        return not numbers, [natural(number) for number in numbers], each.control.id

    return sorted(listed, key=key)


def natural(number: str) -> list[tuple[int, str]]:
    """A key that sorts numbers of a benchmark as people do; words come behind numbers."""
    parts = number.split(".")
    return [(int(part), "") if part.isdecimal() else (sys.maxsize, part) for part in parts]


def listed(function: Callable[..., Any], control: Control, path: Path, line: int) -> Listed:
    """Return what a control is judged from."""
    from hullcheck.facts import registry  # late: facts are slow to import

    names = inspect.signature(function).parameters
    facts = {name: registry.FACTS[name].description for name in names if name in registry.FACTS}
    if "policy" in names:
        facts["policy"] = "What the site allows on the target."
    return Listed(control, str(path), line, facts, registry.evidence_of(names, "host"))


def _shipped() -> Iterator[Listed]:
    """Yield the controls that the package brings along: their modules are imported, and no test is run."""
    from hullcheck.controls import metadata  # late, as pytest is

    folder = shipped.folder()
    known = frameworks.load(frameworks.find(folder))
    for path in sorted(folder.glob("test_*.py")):
        for function in _functions(path):
            own: list[Any] = list(getattr(function, "pytestmark", ()))
            marks = [each for marker in reversed(own) for each in metadata.with_ids(known, marker)]
            marks += metadata.of_baseline(known, (*own, *marks))
            control = metadata.control_of(function, (*own, *marks))
            yield listed(function, control, Path(os.path.relpath(path)), function.__code__.co_firstlineno)


def _functions(path: Path) -> Iterator[Any]:
    """Yield the tests in a module of the package."""
    found = util.spec_from_file_location(path.stem, path)
    assert found
    assert found.loader
    module = util.module_from_spec(found)
    found.loader.exec_module(module)
    for name, each in vars(module).items():
        if name.startswith("test_") and each.__module__ == path.stem:
            yield each


def _listing(arguments: Sequence[str], start: Path) -> tuple[Listed, ...]:
    """Return what pytest lists with these *arguments*, started in *start*; files as seen from the current directory."""
    with tempfile.TemporaryDirectory() as scratch:
        listing = Path(scratch) / "listing.json"
        # once, and not for each target of an inventory or of the settings
        options = [
            "-p",
            "hullcheck.plugin",
            f"--hullcheck-listing={listing}",
            "--collect-only",
            "--hosts=local://",
        ]
        done = subprocess.run(
            [sys.executable, "-P", "-m", "pytest", *options, *arguments],
            cwd=start,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="backslashreplace",
            check=False,
        )
        if done.returncode not in (_FOUND, _BROKEN, _NONE_LEFT) or not listing.exists():
            lines = [line for line in done.stderr.splitlines() if line.strip()]
            errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
            last = lines[-1:] or [f"pytest ended with status {done.returncode}"]  # of a traceback
            raise WrongUse((errors or last)[0])
        document = json.loads(listing.read_text(encoding="utf-8"))
    if document["faults"]:
        raise WrongUse("; ".join(document["faults"]))
    found = convert(document["controls"], tuple[Listed, ...])
    return tuple(replace(each, file=os.path.relpath(each.file)) for each in found)
