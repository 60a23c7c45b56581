"""Records of Salt itself: `tox -e products` installs it, since Debian has no packages of it."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from hullcheck.facts.patching.probe import PATCHING

SALT = shutil.which("salt-call")
GOOD = "/bin/true:\n  cmd.run: []\n"
BAD = "/bin/false:\n  cmd.run: []\n"

Salt = Callable[..., tuple[int, str]]


@pytest.fixture
def salt(tmp_path: Path) -> Salt:
    """Run a function of Salt on this machine, with all that it reads and writes in *tmp_path*.

    Gives its exit status, and what the record of the last highstate says: how many states failed, and how many did not.
    """
    if SALT is None:
        pytest.skip("needs salt-call, which `tox -e products` installs")
    places = {"cachedir": "cache/salt/minion", "pki_dir": "pki", "log_file": "log", "sock_dir": "run"}
    settings = {"id": "minion", "file_client": "local", "cache_jobs": True, "root_dir": str(tmp_path)}
    settings |= {key: str(tmp_path / place) for key, place in places.items()}
    (tmp_path / "minion").write_text(yaml.safe_dump(settings | {"file_roots": {"base": [f"{tmp_path}/srv"]}}))
    (tmp_path / "srv").mkdir()

    def run(states: str, *words: str, top: str = "*") -> tuple[int, str]:
        (tmp_path / "srv/top.sls").write_text(f"base: {{'{top}': [states]}}\n")
        (tmp_path / "srv/states.sls").write_text(states)
        command = [str(SALT), "--local", "--config-dir", str(tmp_path), "--log-level", "quiet", *words]
        status = subprocess.run(command, capture_output=True, check=False).returncode
        script = PATCHING.script.replace("/var/", f"{tmp_path}/").replace("/etc/", f"{tmp_path}/")
        probe = ["env", "LC_ALL=C", "/bin/sh", "-c", script]
        answer = subprocess.run(probe, capture_output=True, text=True, check=True, cwd="/").stdout
        (job,) = [line for line in PATCHING.keep(answer).split("\n") if line.startswith("job:")] or [""]
        return status, job.partition(" ")[2]

    return run


@pytest.mark.product("salt 3008")
def test_highstate(salt: Salt) -> None:
    """How many states failed and how many did not; none of either where it never came to a state."""
    assert salt(GOOD, "state.apply") == (0, "0 1")
    assert salt(GOOD + BAD, "state.highstate") == (1, "1 1")
    assert salt(GOOD, "state.highstate") == (0, "0 1")
    assert salt("x: [", "state.apply") == (1, "0 0")
    assert salt(GOOD, "state.apply", top="other") == (1, "1 0")


@pytest.mark.product("salt 3008")
@pytest.mark.parametrize(
    "words",
    [
        ("test.ping",),
        ("state.apply", "test=True"),
        ("state.highstate", "test=1"),
        ("state.apply", "states"),
        ("state.single", "test.nop", "name=x"),
    ],
)
def test_what_is_no_highstate(salt: Salt, words: tuple[str, ...]) -> None:
    """It installs nothing, or not all."""
    assert salt(GOOD, *words)[1] == ""
