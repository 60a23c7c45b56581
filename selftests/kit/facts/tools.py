"""Processes as a probe shows them."""


def process(pid: int, executable: str, *, name: str = "", cgroup: str = "/system.slice/x.service") -> str:
    """What the probe shows of a process."""
    comm = name or executable.rpartition("/")[2][:15]
    return f"{pid}/status:Name:\t{comm}\n{pid}/cgroup::{cgroup}\n{pid}/exe:{executable}"
