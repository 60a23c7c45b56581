"""5.4, 5.22, 5.26 and 2.18 on real engines: what `docker exec` gets decides, and a profile by what it lets through."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from selftests.kit.judging import facts_of_engine, judged

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

EngineFactory = Callable[..., "Engine"]

pytestmark = pytest.mark.lab

TOOLS = shlex.split("-v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro")
GIVES_UP = "/usr/bin/setpriv --no-new-privs --bounding-set=-all --inh-caps=-all /bin/sleep 999"
# A filter of its own that allows everything: prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER) with one instruction.
FILTERS = """
import ctypes, struct, time
libc = ctypes.CDLL(None)
code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7FFF0000))
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
program = Program(1, ctypes.cast(code, ctypes.c_void_p))
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0
time.sleep(999)
"""


def test_main_process_that_gives_up_its_powers(engine: EngineFactory) -> None:
    """5.4, 5.26, the guide: what is executed beside it has them all."""
    one = engine()
    one.run("plain", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
    one.run("gives-up", *TOOLS, command=tuple(shlex.split(GIVES_UP)))
    keys = ("5.4", "5.26", "container_drops_all_capabilities", "container_adds_approved_capabilities_alone")
    facts = facts_of_engine(one.socket, of=" ".join(keys))
    status = Path(
        f"/proc/{one.docker('inspect', '--format', '{{.State.Pid}}', 'gives-up').strip()}/status"
    ).read_text()
    assert ("NoNewPrivs:\t1" in status, "CapBnd:\t0000000000000000" in status) == (True, True)
    found = {key: {name: judged(key, facts)[name][0] for name in ("plain", "gives-up")} for key in keys}
    assert found == {
        "5.4": {"plain": "pass", "gives-up": "fail"},
        "5.26": {"plain": "pass", "gives-up": "fail"},
        "container_drops_all_capabilities": {"plain": "pass", "gives-up": "fail"},
        "container_adds_approved_capabilities_alone": {"plain": "pass", "gives-up": "pass"},
    }


@pytest.mark.needs_engine(">=23", "a profile of the daemon called unconfined")
def test_main_process_with_a_filter_of_its_own(engine: EngineFactory) -> None:
    """5.22: under a daemon without a profile it protects nobody else."""
    one = engine(fresh=True, seccomp_profile="unconfined")
    one.run("own", *TOOLS, command=("/usr/bin/python3", "-c", FILTERS))
    found = judged("5.22", facts_of_engine(one.socket, of="5.22"))
    assert found["own"] == ("fail", "the daemon gives it no seccomp filter")
