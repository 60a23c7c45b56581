"""What tests of the pages do in a browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = "chromium-headless-shell"
Open = Callable[..., "Page"]
PLAIN_SECONDS = 0.5  # what a machine may need for the plain page


def wait(page: Page) -> None:
    """Until the page shows what its address says."""
    end = time.monotonic() + 20
    while not page.evaluate("performance.getEntriesByName('shown').length"):
        assert time.monotonic() < end, f"nothing was shown at {page.url[:200]}"
        time.sleep(0.01)


def go(page: Page, address: str) -> None:
    """Follow a link to *address* within the page."""
    page.evaluate("performance.clearMarks()")
    page.evaluate("(hash) => { location.hash = hash; }", address or "#summary")
    wait(page)


def title(page: Page) -> str:
    """The head of what is shown."""
    return page.locator("h1:visible").inner_text()


def opening_seconds(opened: Open, text: str, address: str = "") -> tuple[float, float]:
    """When a page is shown, and when it is loaded, in seconds: the best of five, as a machine is busy at times."""
    times = list[tuple[float, float]]()
    for _ in range(5):
        page = opened(text, address)
        shown = page.evaluate("performance.getEntriesByName('shown')[0].startTime") / 1000
        loaded = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") / 1000
        times.append((shown, loaded))
        page.close()
    return min(times, key=max)


def is_in_time(opened: Open, taken: float, limit: float) -> bool:
    """Whether *taken* is less than *limit* seconds, on a slow machine in the proportion in which it is slow.

    How slow it is tells a plain page, as large as that of a hundred targets.
    """
    if taken < limit:
        return True
    row = "<tr>" + "<td>pass</td>" * 100
    text = "as much text as a hundred targets answer\n" * 340_000
    page = f"<!doctype html><title>Plain</title><table>{row * 170}</table><script type=text/plain>{text}</script>"
    plain = max(opening_seconds(opened, f"{page}<script>performance.mark('shown')</script>"))
    print(f"a plain page takes {plain:.2f} s")
    return taken < limit * plain / PLAIN_SECONDS
