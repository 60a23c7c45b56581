"""The folder of remedies is ours, or nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from hullcheck.commands import remedy as folder
from hullcheck.messages import WrongUse

FILES = {"web1/README.md": "a\n", "web1/apply.sh": "b\n", "web2/README.md": "c\n"}


def there(path: Path) -> dict[str, str]:
    """The files in a folder."""
    found = (each for each in path.rglob("*") if each.is_file() and not each.name.startswith("."))
    return {str(each.relative_to(path)): each.read_text() for each in found}


def test_folder_of_before_is_written_anew(tmp_path: Path) -> None:
    """Files are for their owner alone; old ones of ours go, also of targets that have none now; others' stay."""
    out = tmp_path / "new" / "out"
    folder.write(out, FILES)
    assert there(out) == FILES
    assert {each.stat().st_mode & 0o077 for each in (out, *out.rglob("*"))} == {0}
    (out / "web1/notes").write_text("mine")
    folder.write(out, {"web1/README.md": "d\n"})
    assert there(out) == {"web1/README.md": "d\n", "web1/notes": "mine"}
    assert not (out / "web2").exists()


def test_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """Nothing is written into a folder with files that we have not made, or through a link."""
    (tmp_path / "precious").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for each in (tmp_path, tmp_path / "link", tmp_path / "precious"):
        with pytest.raises(WrongUse, match="was not made by"):
            folder.write(each, FILES)
    assert there(tmp_path) == {"precious": "x"}


def test_links_in_the_folder_are_not_followed(tmp_path: Path) -> None:
    """A link in the place of a file is replaced, and one in the place of a target's folder is refused."""
    out, other = tmp_path / "out", tmp_path / "other"
    other.mkdir()
    (other / "README.md").write_text("precious")
    folder.write(out, {"web1/README.md": "a\n"})
    (out / "web1/README.md").unlink()
    (out / "web1/README.md").symlink_to(other / "README.md")
    folder.write(out, {"web1/README.md": "b\n"})
    (out / "web1/README.md").unlink()
    (out / "web1").rmdir()
    (out / "web1").symlink_to(other)
    with pytest.raises(WrongUse, match="not ours"):
        folder.write(out, {"web1/README.md": "c\n"})
    assert there(other) == {"README.md": "precious"}


@pytest.mark.parametrize("line", ["../x", "/etc/x", "a/../../x", "a/b/c", "", ".", "a/.."])
def test_list_that_leads_out_is_refused(tmp_path: Path, line: str) -> None:
    """Nothing is removed by a list that somebody changed."""
    folder.write(tmp_path, FILES)
    mark = tmp_path / folder.MARK
    mark.write_text(f"{mark.read_text()}{line}\nx\n")
    with pytest.raises(WrongUse, match="was not made by"):
        folder.write(tmp_path, FILES)
    assert there(tmp_path) == FILES
