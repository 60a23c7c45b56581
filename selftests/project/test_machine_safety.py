"""Self-tests can destroy nothing of the machine that runs them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from selftests import REPOSITORY

OWN_FOLDERS = re.compile(r"""device=/['"a-z]|["' =](?:/|/etc|/root|/usr|/var):/""")
UNGUARDED = re.compile(
    r"""rmtree|TemporaryDirectory|removedirs|(?:call|run)\(\[?"rm", "(?:-\w*r|--recursive)"""
)


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    """The functions of a file."""
    return (each for each in ast.walk(ast.parse(path.read_text())) if isinstance(each, ast.FunctionDef))


def test_engines_that_get_folders_of_the_machine_are_guarded() -> None:
    """A test that gives an engine of this machine one of the machine's own folders takes a guarded engine."""
    assert OWN_FOLDERS.search('"device=/etc"')
    assert OWN_FOLDERS.search('"/etc:/host"')
    giving = [
        (f"{path.name}: {each.name}", {argument.arg for argument in each.args.args})
        for path in (REPOSITORY / "selftests/lab").rglob("*.py")
        for each in functions(path)
        if OWN_FOLDERS.search(ast.unparse(each))
    ]
    assert any("guarded_engine" in taken for _, taken in giving)
    assert [name for name, taken in giving if "engine" in taken] == []


def test_every_removal_is_guarded() -> None:
    """Self-tests and benchmarks remove trees by the one function that looks for mounts, and by nothing else."""
    assert UNGUARDED.search('subprocess.run(["rm", "-rf", folder])')
    files = [path for folder in ("selftests", "bench") for path in (REPOSITORY / folder).rglob("*.py")]
    free = {path.name for path in files if UNGUARDED.search(path.read_text())}
    assert free == {"removal.py", Path(__file__).name}
