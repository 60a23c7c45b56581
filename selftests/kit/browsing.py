"""What tests of the pages do in a browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = "chromium-headless-shell"
Open = Callable[..., "Page"]


def wait(page: Page) -> None:
    """Until the page shows what its address says."""
    end = time.monotonic() + 20
    while not page.evaluate("performance.getEntriesByName('shown').length"):
        assert time.monotonic() < end, f"nothing was shown at {page.url[:200]}"
        time.sleep(0.01)


def go(page: Page, address: str) -> None:
    """Follow a link to *address* within the page."""
    follow(page, lambda: page.evaluate("(hash) => { location.hash = hash; }", address or "#summary"))


def follow(page: Page, act: Callable[[], object]) -> None:
    """Do something that leads to another view, and wait for that."""
    page.evaluate("performance.clearMarks()")
    act()
    wait(page)


def title(page: Page) -> str:
    """The head of what is shown."""
    return page.locator("h1:visible").inner_text()
