"""A hook of mkdocs: pages of docs/ may link to files of the repository, as they do where the repository is read.

Such a file becomes a part of the site, below `project/`, so that the site needs no address of the repository.
"""

import os.path
import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

TOP = Path(__file__).resolve().parent.parent
LOADED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//|<link\b[^>]*\bhref=["']?(?:https?:)?//"""
)
LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)")


def on_files(files: Any, config: Any) -> Any:
    """Add the files that pages link to, and those that these link to."""
    waiting = sorted((TOP / "docs").rglob("*.md"))
    seen = set(waiting)
    while waiting:
        path = waiting.pop()
        if not path.is_relative_to(TOP / "docs"):
            name = path.relative_to(TOP)
            files.append(File.generated(config, f"project/{name}", abs_src_path=str(path)))
        for link in LINK.findall(path.read_text(encoding="utf-8")) if path.suffix == ".md" else ():
            target = Path(os.path.normpath(path.parent / link))
            inside = target.is_relative_to(TOP / "docs") or not target.is_relative_to(TOP)
            if target not in seen and not inside and target.is_file():
                seen.add(target)
                waiting.append(target)
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn links between files of the repository into links between files of the site."""
    of_site = page.file.src_uri
    source = of_site.removeprefix("project/") if of_site.startswith("project/") else f"docs/{of_site}"

    def moved(match: re.Match[str]) -> str:
        target = os.path.normpath(os.path.join(os.path.dirname(source), match[1]))
        target = target.removeprefix("docs/") if target.startswith("docs/") else f"project/{target}"
        return os.path.relpath(target, os.path.dirname(of_site) or ".")

    return LINK.sub(moved, markdown)


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Refuse a page that loads something from elsewhere: the site is also read where there is no network."""
    found = LOADED.search(output)
    if found:
        raise PluginError(f"{page.file.src_uri} loads something from elsewhere: {found[0]}")
    return output
