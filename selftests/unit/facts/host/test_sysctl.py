"""Settings of the kernel."""

from __future__ import annotations

from typing import Any

import pytest

from selftests.kit.facts.engines import BRIDGE, engine_text
from selftests.kit.facts.hosts import only, target
from selftests.kit.judging import judged

RUNNING = {"net/ipv4/ip_forward": "0", "fs/suid_dumpable": "0", "kernel/randomize_va_space": "2"}
FILE, OTHERS = "/etc/sysctl.d/99-hardening.conf", "/usr/lib/sysctl.d"
SET = tuple(
    f"{FILE}:{line}"
    for line in ("net.ipv4.ip_forward = 0", "fs.suid_dumpable=0", "kernel/randomize_va_space=2")
)


def settings(*lines: str, **running: str) -> dict[str, str]:
    """Return what a host says of such settings."""
    values = RUNNING | {name.replace("__", "/"): value for name, value in running.items()}
    files = "\n".join(f"/proc/sys/{path}:{value}" for path, value in values.items())
    return {"files": files, "sysctl": "\n".join(lines)}


@pytest.mark.parametrize(
    ("control", "name", "value", "expected"),
    [
        ("privileged_programs_leave_no_core_dumps", "fs__suid_dumpable", "0", "pass"),
        ("privileged_programs_leave_no_core_dumps", "fs__suid_dumpable", "2", "fail"),
        ("address_space_is_randomized", "kernel__randomize_va_space", "2", "pass"),
        ("address_space_is_randomized", "kernel__randomize_va_space", "1", "fail"),
    ],
)
def test_running_setting(control: str, name: str, value: str, expected: str) -> None:
    """The kernel that runs decides, whatever files say; without its value there is no verdict."""
    found = only(judged(control, target(host=settings(*SET, **{name: value}))))
    setting = name.replace("__", ".")
    assert found[0] == expected
    assert found[1].startswith(f"{setting} is {value} ({FILE} sets it to ")
    assert only(judged(control, target()))[0] == "error"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (SET, ("pass", f"{FILE} sets it to 0")),
        ((), ("fail", "no file sets it; it is 0 now")),
        ((f"{FILE}:# fs.suid_dumpable = 0",), ("fail", "no file sets it; it is 0 now")),
        ((f"{FILE}:fs.suid_dumpable=0", f"{FILE}:fs.suid_dumpable=2"), ("fail", f"{FILE} sets it to 2")),
        ((f"{FILE}:-fs/suid_dumpable=0", f"{OTHERS}/5.conf:fs.suid_dumpable=2"), ("pass", f"{FILE} sets it to 0")),
        ((*SET, f"{OTHERS}/99-z.conf:fs.suid_dumpable=2"), ("fail", f"{OTHERS}/99-z.conf sets it to 2")),
        ((*SET, f"{OTHERS}/99-hardening.conf:fs.suid_dumpable=2"), ("pass", f"{FILE} sets it to 0")),
    ],
)  # fmt: skip
def test_settings_in_files(lines: tuple[str, ...], expected: tuple[str, str]) -> None:
    """The last file by name counts, and of two with one name that in /etc."""
    assert (
        judged("kernel_settings_survive_a_reboot", target(host=settings(*lines)))["fs.suid_dumpable"]
        == expected
    )


def test_files_that_say_nothing() -> None:
    """A file that may not be read may set anything; where the policy says why the host forwards, none has to."""
    hidden = target(host=settings(*SET, "unread:/etc/sysctl.d/x.conf"))
    found = judged("kernel_settings_survive_a_reboot", hidden)
    assert {verdict for verdict, _ in found.values()} == {"error"}
    decided = target({"ip_forward_reason": "bridges"}, host=settings())
    assert judged("kernel_settings_survive_a_reboot", decided)["net.ipv4.ip_forward"][0] == "pass"


@pytest.mark.parametrize(
    ("value", "networks", "policy", "expected"),
    [
        ("0", [BRIDGE], {}, "pass"),
        ("1", [BRIDGE], {}, "fail"),
        ("1", [BRIDGE], {"ip_forward_reason": "bridges"}, "pass"),
        ("1", [BRIDGE | {"Driver": "host"}], {"ip_forward_reason": "bridges"}, "fail"),
    ],
)
def test_forwarding(value: str, networks: list[Any], policy: dict[str, Any], expected: str) -> None:
    """The site has to decide, and only bridge networks are a reason."""
    facts = target(policy, host=settings(net__ipv4__ip_forward=value), engine=engine_text(networks=networks))
    assert only(judged("ipv4_forwarding_is_off_or_recorded", facts))[0] == expected
