"""Change facts, criteria and controls in every small way, and list what no self-test notices: `tox -e mutants`.

cosmic-ray changes the modules, in a copy of the repository, and runs the self-tests without engines that stand beside
each name.
"""

import argparse
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from selftests import REPOSITORY
from selftests.rig.removal import temporary

TESTS = {
    "tests/test_1_host.py": "controls/test_1_host.py unit/criteria",
    "tests/test_2_daemon.py": "controls/test_2_daemon.py unit/facts/daemon unit/facts/engine unit/facts/logs",
    "tests/test_3_files.py": "controls/test_3_files.py unit/facts/files unit/criteria",
    "tests/test_4_images.py": "controls/test_4_images.py controls/test_4_secrets.py unit/facts/images"
    " unit/facts/containers/test_configuration.py unit/facts/containers/test_runtime.py",
    "tests/test_5_container_runtime.py": "controls/test_5_container_runtime.py unit/facts/containers",
    "tests/test_6_operations.py": "controls/test_6_operations.py",
    "tests/test_7_swarm.py": "controls/test_7_swarm.py unit/facts/swarm",
    "tests/test_guide_1_host.py": "controls/test_guide_1_host.py unit/facts/kernel unit/facts/patching unit/facts/host",
    "tests/test_guide_2_daemon.py": "controls/test_guide_2_daemon.py unit/facts/daemon unit/facts/files",
    "tests/test_guide_3_containers.py": "controls/test_guide_3_containers.py unit/facts/containers unit/facts/firewall"
    " unit/facts/images",
    "tests/test_guide_4_audit.py": "unit/facts/auditd unit/criteria",
    "tests/test_guide_4_bench.py": "controls/test_guide_4_operations.py unit/criteria",
    "tests/test_guide_4_operations.py": "controls/test_guide_4_operations.py unit/facts/sensors unit/facts/logs",
    "tests/test_guide_5_frameworks.py": "controls/test_guide_4_operations.py unit/facts/auditd unit/criteria",
    "hullcheck/parsing/shell": "unit/parsing/shell unit/facts/images/test_updates.py",
    "hullcheck/criteria": "unit/criteria controls unit/facts/auditd unit/facts/firewall unit/facts/engine"
    " unit/facts/sensors unit/facts/logs unit/facts/patching",
    "hullcheck/controls": "unit/controls controls unit/commands/test_cli.py unit/commands/test_audit.py",
    **{
        f"hullcheck/facts/{each.name}": f"unit/facts/{each.name} unit/criteria controls unit/facts"
        for each in sorted((REPOSITORY / "hullcheck/facts").iterdir())
        if (each / "__init__.py").exists()
    },
}
"""Each module or folder that is changed, and the self-tests that have to notice."""
UNTOUCHED = (
    "core/RemoveDecorator",
    r"core/ReplaceBinaryOperator_(BitOr|Mod|Div)_.*",
    r"core/Replace.*_(Is|IsNot|LtE|GtE)$",
    r"core/Replace.*_(Is_Eq|IsNot_NotEq)$",
)
"""Not counted: types written with |, and comparisons that are the same by another sign."""
SETTINGS = """\
[cosmic-ray]
module-path = "{module}"
timeout = 600
test-command = "{python} -m pytest -q -x -p no:cacheprovider --config-file=selftests/pytest.ini -m 'not lab' {tests}"
[cosmic-ray.distributor]
name = "local"
[cosmic-ray.filters.operators-filter]
exclude-operators = [{untouched}]
"""


def count(module: str, tests: str, repository: Path, share: float) -> tuple[list[str], int]:
    """Which changes of a module, made in this copy of the repository, were not noticed; and how many were tried.

    Of more than one, a *share* from 0 to 1 is tried, at random.
    """
    settings, found = repository / "cosmic-ray.toml", repository / "cosmic-ray.sqlite"
    places = " ".join(f"selftests/{each}" for each in tests.split())
    untouched = ", ".join(f"'{each}'" for each in UNTOUCHED)
    settings.write_text(
        SETTINGS.format(module=module, python=sys.executable, tests=places, untouched=untouched)
    )
    found.unlink(missing_ok=True)
    programs = Path(sys.executable).parent
    environment = os.environ | {"PYTHONPATH": str(repository)}  # of what self-tests start, too
    steps = (
        ["cosmic-ray", "baseline", settings],  # which fails where the self-tests do without any change
        ["cosmic-ray", "init", settings, found],
        ["cr-filter-operators", found, settings],
    )
    for words in steps:
        subprocess.run([programs / words[0], *words[1:]], cwd=repository, env=environment, check=True)
    with sqlite3.connect(found) as database:
        leave_out(database, repository, share)
    run = [programs / "cosmic-ray", "exec", settings, found]
    subprocess.run(run, cwd=repository, env=environment, check=True)
    with sqlite3.connect(found) as database:
        tried = [
            *database.execute("SELECT test_outcome, diff FROM work_results WHERE worker_outcome = 'NORMAL'")
        ]
    return [diff for outcome, diff in tried if outcome == "SURVIVED"], len(tried)


def leave_out(database: sqlite3.Connection, repository: Path, share: float) -> None:
    """Take what is not to be tried out of what cosmic-ray has found: markers, and all but a share of the rest."""
    rows = database.execute(
        "SELECT job_id, module_path, start_pos_row FROM mutation_specs"
        " WHERE job_id NOT IN (SELECT job_id FROM work_results) ORDER BY random()"
    ).fetchall()
    lines = {path: (repository / path).read_text().splitlines() for path in {row[1] for row in rows}}
    of_markers = [job for job, path, row in rows if lines[path][row - 1].startswith("@")]
    others = [job for job, *_ in rows if job not in of_markers]
    for job in of_markers + others[max(1, round(len(others) * share)) :]:
        for table in ("mutation_specs", "work_items"):
            database.execute(f"DELETE FROM {table} WHERE job_id = ?", (job,))


def copy(folder: Path) -> Path:
    """A copy of what git knows of the repository, in a new folder of this one."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, check=True, capture_output=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        path = folder / "repository" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, path)
    return folder / "repository"


def main() -> None:
    """Count them by module, and print each change that was not noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "modules", nargs="*", metavar="MODULE", help="only these, such as tests/test_7_swarm.py"
    )
    parser.add_argument(
        "--share", type=float, default=1, help="try this share of the changes, at random (0.1)"
    )
    options = parser.parse_args()
    noticed = of = 0
    with temporary() as folder:
        repository = copy(folder)
        for module in options.modules or TESTS:
            survived, tried = count(module, TESTS[module], repository, options.share)
            noticed, of = noticed + tried - len(survived), of + tried
            print(*survived, f"{module}: {tried - len(survived)} of {tried} noticed", sep="\n", flush=True)
    print(f"together: {noticed} of {of} noticed")


if __name__ == "__main__":
    main()
