"""What each writer makes of an audit, as files beside this test; `--update` writes them again: read their diff."""

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from hullcheck.writers import audit_page, terminal
from hullcheck.writers.formats import FORMATS
from hullcheck.writers.run_folder import WRITERS
from selftests.kit.audit_pages import Example, named, site, small

FOLDER = Path(__file__).with_name("snapshots")
EXAMPLES: dict[str, Callable[[], Example]] = {
    "site": site,
    "names": lambda: Example(named()),
    "empty": lambda: Example(small()),
}


class Terminal:
    """As much of pytest's reporter as is asked for."""

    isatty = True

    def __init__(self, width: int) -> None:
        self.fullwidth = width
        self._tw = self
        self.text = ""

    def write(self, text: str, **markup: bool) -> None:
        self.text += text


def shown(example: Example, width: int = 100, **options: Any) -> str:
    """The summary of a run on a terminal."""
    reporter: Any = Terminal(width)
    ids = {each.id: each.frameworks for each in example.audit.controls}
    given = {"folder": Path("/r"), "ids_by_control": ids, **options}
    terminal.write_summary(reporter, example.audit, **given)
    return str(reporter.text)


class PageText(HTMLParser):
    """The text of a page outside of scripts and styles, a line for each block, and where links lead."""

    INLINE = ("a", "b", "bdi", "code", "em", "span", "use")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words = list[str]()
        self.is_quiet = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_quiet = tag in ("script", "style")
        href = dict(attrs).get("href")
        self.words.append(f"[{href}]" if href and tag == "a" else "" if tag in self.INLINE else "\n")

    def handle_endtag(self, tag: str) -> None:
        self.is_quiet = False

    def handle_data(self, data: str) -> None:
        if not self.is_quiet:
            self.words.append(data)

    def __str__(self) -> str:
        lines = (" ".join(each.split()) for each in "".join(self.words).split("\n"))
        return "\n".join(filter(None, lines)) + "\n"


def _file(name: str) -> Callable[[Example], str]:
    return lambda example: b"".join(WRITERS[name](example.audit, example.recordings)).decode()


def _format(name: str) -> Callable[[Example], str]:
    return lambda example: b"".join(FORMATS[name].render(example.audit).parts).decode()


OUTPUTS: dict[str, Callable[[Example], str]] = {
    "terminal.txt": shown,
    "terminal-narrow.txt": lambda example: shown(example, 60, rows=200),
    "page.txt": lambda example: str(PageText(audit_page.render(example.audit, example.recordings))),
    **{name: _file(name) for name in ("results.json", "findings.csv", "requirements.csv")},
    **{each.file: _format(name) for name, each in FORMATS.items() if not each.needs},
}


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("output", OUTPUTS)
def test_output_is_the_snapshot(request: pytest.FixtureRequest, output: str, example: str) -> None:
    """What a writer makes is what is kept beside this test; there JSON has a line for each object."""
    text = OUTPUTS[output](EXAMPLES[example]())
    if output.endswith((".json", ".sarif")):
        lines = json.dumps(json.loads(text), separators=(",\n", ": ")) + "\n"
        text = re.sub(r"\{[^{}\[\]]*\}", lambda match: match[0].replace(",\n", ", "), lines)
    path = FOLDER / f"{example}.{output}"
    if request.config.getoption("--update"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
