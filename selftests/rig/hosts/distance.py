"""A link with a delay, in user space: two network devices, and every packet passed on after a while.

The kernel needs no traffic shaper for it, and the delay is right to a millisecond. It is run as root as
`python distance.py DEVICE DEVICE MILLISECONDS READY`; the file READY appears when both devices exist.
"""

import contextlib
import fcntl
import heapq
import os
import select
import struct
import sys
import time
from pathlib import Path

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
Waiting = list[tuple[float, int, int, bytes]]  # when to pass on, in which order, to whom, what


def main(one: str, other: str, milliseconds: str, ready: str) -> None:
    """Pass packets on between two new devices until the process is ended."""
    ends = device(one), device(other)
    Path(ready).touch()
    carry(ends, float(milliseconds) / 1000)


def device(name: str) -> int:
    """Make the tunnel device *name*, which lives as long as the file that this gives is open."""
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH14x", name.encode(), IFF_TUN | IFF_NO_PI))
    return file


def carry(ends: tuple[int, int], delay: float) -> None:
    """Pass every packet that comes in at one end out at the other, *delay* seconds later; does not return."""
    opposite = {ends[0]: ends[1], ends[1]: ends[0]}
    waiting: Waiting = []
    order = 0
    poll = select.epoll()
    for end in ends:
        poll.register(end, select.EPOLLIN)
    while True:
        deliver(waiting)
        rest = max(0.0, waiting[0][0] - time.monotonic()) if waiting else -1
        for end, _ in poll.poll(rest):
            for packet in received(end):
                order += 1
                heapq.heappush(waiting, (time.monotonic() + delay, order, opposite[end], packet))


def deliver(waiting: Waiting) -> None:
    """Pass on every packet whose time has come; one that its device does not take is lost, as on any link."""
    while waiting and waiting[0][0] <= time.monotonic():
        _, _, end, packet = heapq.heappop(waiting)
        with contextlib.suppress(OSError):
            os.write(end, packet)


def received(end: int) -> list[bytes]:
    """The packets that have come in at *end*."""
    packets = []
    try:
        while True:
            packets.append(os.read(end, 65535))
    except BlockingIOError:
        pass
    except OSError:  # the device is down while it is moved to its namespace
        time.sleep(0.05)
    return packets


if __name__ == "__main__":
    main(*sys.argv[1:])
