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


def test_folder_of_before_is_replaced(tmp_path: Path) -> None:
    """Files are for their owner alone; a link is removed, and nothing behind it."""
    out, other = tmp_path / "new" / "out", tmp_path / "other"
    folder.write(out, FILES)
    assert there(out) == FILES
    assert {each.stat().st_mode & 0o077 for each in (out, *out.rglob("*"))} == {0}
    other.mkdir()
    (other / "README.md").write_text("precious")
    (out / "web1/README.md").unlink()
    (out / "web1/README.md").symlink_to(other / "README.md")
    (out / "web3").symlink_to(other)
    folder.write(out, {"web1/README.md": "d\n", "web3/README.md": "e\n"})
    assert there(out) == {"web1/README.md": "d\n", "web3/README.md": "e\n"}
    assert there(other) == {"README.md": "precious"}


def test_other_files_stay(tmp_path: Path) -> None:
    """What a user has put next to the files of remedies is there after the next call."""
    folder.write(tmp_path / "out", FILES)
    (tmp_path / "out/web1/notes").write_text("precious")
    folder.write(tmp_path / "out", {"web2/README.md": "d\n"})
    assert there(tmp_path / "out") == {"web1/notes": "precious", "web2/README.md": "d\n"}


def test_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """Nothing is written into a folder with files that we have not made, or through a link."""
    (tmp_path / "precious").write_text("x")
    folder.write(tmp_path / "ours", {})
    (tmp_path / "link").symlink_to(tmp_path / "ours")
    for each, said in ((tmp_path, "was not made by"), (tmp_path / "link", "was not"), (tmp_path / "precious", "Not a")):
        with pytest.raises(WrongUse, match=said):
            folder.write(each, FILES)
    assert there(tmp_path) == {"precious": "x"}
