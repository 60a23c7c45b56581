"""Self-tests can destroy nothing of the machine that runs them."""

import ast
import re
from pathlib import Path

from selftests import REPOSITORY

OWN_FOLDERS = re.compile(r"""device=/['"a-z]|["' =](?:/|/etc|/root|/usr|/var):/\w*(?!\w|:ro)""")
UNGUARDED = re.compile(r"""rmtree|TemporaryDirectory|removedirs|(?:call|run)\(\[?"rm", "(?:-\w*r|--recursive)""")


def test_engines_that_get_folders_of_the_machine_are_guarded() -> None:
    """A module that gives an engine of this machine one of the machine's own folders takes guarded engines for that.

    What is given in a function is given to a guarded engine of that function; hosts have folders of their own.
    """
    assert OWN_FOLDERS.search('"device=/etc"')
    assert OWN_FOLDERS.search('"/etc:/host"')
    for path in (REPOSITORY / "selftests/lab").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        giving = [each for each in tree.body if OWN_FOLDERS.search(ast.unparse(each))]
        for each in giving:
            text = ast.unparse(each)
            of_host = isinstance(each, ast.FunctionDef) and "engine" not in {one.arg for one in each.args.args}
            guarded = (
                "guarded=True" in text if isinstance(each, ast.FunctionDef) else "GuardedEngine(" in ast.unparse(tree)
            )
            assert guarded or of_host, f"{path.name}: line {each.lineno}"


def test_every_removal_is_guarded() -> None:
    """Self-tests and benchmarks remove trees by the one function that looks for mounts, and by nothing else."""
    assert UNGUARDED.search('subprocess.run(["rm", "-rf", folder])')
    files = [path for folder in ("selftests", "bench") for path in (REPOSITORY / folder).rglob("*.py")]
    free = {path.name for path in files if UNGUARDED.search(path.read_text())}
    assert free == {"removal.py", Path(__file__).name}
