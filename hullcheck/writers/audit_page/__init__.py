"""audit.html: the auditors' page, one file that loads nothing (docs/results.md).

What an auditor has to see stands in the document itself, and can be read and printed without scripts. The depth
(every finding, every command with its answers) is embedded compressed, and opened on demand.
"""

from __future__ import annotations

import contextlib
import shlex
import sys
from base64 import b64encode
from collections.abc import Sequence
from datetime import date as Date
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hullcheck import __version__
from hullcheck.inventory import acceptance
from hullcheck.messages import printable
from hullcheck.recording import Recording
from hullcheck.results import STALE, Audit, sentences
from hullcheck.verdicts import Verdict
from hullcheck.writers.audit_page import blocks, model, problems

if TYPE_CHECKING:
    from jinja2 import Environment, FileSystemBytecodeCache

_HERE = Path(__file__).parent
_SCRIPTS = ("dom", "copy", "data", "evidence", "views", "groups", "findings", "map", "pages")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)  # whatever the locale
_LONGEST = 600  # characters of a text in the document; all of it is in the embedded data


def render(audit: Audit, recordings: Sequence[Recording]) -> str:
    """Render *audit* with the evidence of *recordings*; equal audits give equal text."""
    from markupsafe import Markup

    # what is in no id of a run could end a string of the style
    run = "".join(each for each in audit.run.id if each.isascii() and (each.isalnum() or each in "_-"))
    texts = {
        "style": _static("style.css").replace("RUN", run),
        "early": _static("early.js"),
        "script": f"(() => {{\n'use strict';\n{''.join(_static(f'{each}.js') for each in _SCRIPTS)}}})();\n",
    }
    page = model.Page(audit, recordings)
    return (
        _environment()
        .get_template("page.html")
        .render(
            audit=audit,
            page=page,
            blocks=list(blocks.embedded(page)),
            most_targets=blocks.MOST_TARGETS,
            **{name: Markup(each) for name, each in texts.items()},
            **{f"{name}_hash": _digest(each) for name, each in texts.items()},
        )
    )


@cache
def _environment() -> Environment:
    # late: most of what pytest does needs no page
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        bytecode_cache=_byte_code(),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: _fit(value) if type(value) in (str, Verdict) else value,
    )
    environment.filters |= {
        "many": _many,
        "day": _day,
        "moment": _moment,
        "prose": _prose,
        "shell": shlex.join,
        "number": sentences.number,
        "scores": sentences.scores,
        "state": acceptance.words_of,
        "capitalize_first": lambda words: words[:1].upper() + words[1:],
    }
    environment.globals |= {
        "link": link,
        "glyphs": model.GLYPHS,
        "words_in": model.words_in,
        "joint": sentences.joint,
        "stale": STALE,
        "same": sentences.SAME,
        "kind_before": sentences.kind_before,
        "few": _few,
        "rows": model.MOST_ROWS,
        "most": problems,
        "reasons_of": problems.reasons,
        "shared_by": problems.shared_by,
        "acceptable": problems.acceptable,
    }
    return environment


def _byte_code() -> FileSystemBytecodeCache:
    """Return where Jinja keeps what it makes of the templates; written only where Python writes byte code."""
    from jinja2 import FileSystemBytecodeCache
    from jinja2.bccache import Bucket

    class Cache(FileSystemBytecodeCache):
        def dump_bytecode(self, bucket: Bucket) -> None:
            if not sys.dont_write_bytecode:
                with contextlib.suppress(OSError):
                    Path(self.directory).mkdir(exist_ok=True)
                    super().dump_bytecode(bucket)

    return Cache(str(_HERE / "templates/__pycache__"), f"%s.hullcheck{__version__}.bin")


def _static(name: str) -> str:
    return (_HERE / "static" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


def link(*parts: str) -> str:
    """Return a link within the page; parts are encoded, so that a slash in a name is no slash of the link."""
    return "#" + "/".join(quote(each, safe=":().", errors="replace") for each in parts)


def _few(names: Sequence[str], most: int = 4) -> tuple[Sequence[str], int]:
    """Return the first few of *names* and how many more there are; one more than *most* is named as well."""
    shown = len(names) if len(names) <= most + 1 else most
    return names[:shown], len(names) - shown


def _fit(text: str) -> str:
    """Return *text* as the document shows it: printable, and not so long that it fills the page."""
    shown = printable(text[: _LONGEST + 1])
    return shown if len(text) <= _LONGEST else f"{shown[:_LONGEST]}… ({len(text)} characters)"


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def _prose(words: str) -> Any:
    """Return the words of a docstring, with what is between backticks as code."""
    from markupsafe import Markup, escape

    parts = (escape(each) for each in _fit(words).split("`"))
    return Markup().join(
        Markup("<code>{}</code>").format(each) if number % 2 else each for number, each in enumerate(parts)
    )


def _day(date: str) -> str:
    """Return a day as 27 January 2027, and any other text as it is."""
    try:
        found = Date.fromisoformat(date[:10])
    except ValueError:
        return date
    return f"{found.day} {_MONTHS[found.month - 1]} {found.year}"


def _moment(time: str) -> str:
    return f"{_day(time)}, {time[11:16]} UTC" if len(time) >= 16 else time
