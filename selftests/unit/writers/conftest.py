"""A real Chromium for the tests of the pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from selftests.kit.browsing import CHROMIUM, Open, wait
from selftests.needs import need

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RUN = "20261125T032257Z-aaaa"
"""The run of the examples."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine."""
    need(CHROMIUM)
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=shutil.which(CHROMIUM), args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open a page at an address; it fails afterwards if anything was asked for, popped up or went wrong."""
    contexts, wrong = [], []

    def make(page: str, address: str = "", *, script: bool = True, **options: Any) -> Page:
        path = tmp_path / RUN / "audit.html"
        path.parent.mkdir(exist_ok=True)
        path.write_text(page, encoding="utf-8")
        context = browser.new_context(java_script_enabled=script, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        made = context.new_page()
        made.on("dialog", lambda each: wrong.append(f"dialog {each.message}"))
        made.on("pageerror", lambda each: wrong.append(f"error {each}"))
        made.on("console", lambda each: wrong.append(f"console {each.text}"))
        made.on("request", lambda each: each.url.startswith(path.as_uri()) or wrong.append(each.url[:200]))
        made.goto(f"{path.as_uri()}{address}")
        if script:
            wait(made)
        return made

    yield make
    for each in contexts:
        each.close()
    assert wrong == []
