"""One layer of an image."""

import pytest

from hullcheck.facts.images.layer import DIRECTORY, FILE, Entry, Layer, above_of, read_layer

LISTING = b"""\
-rwsr-xr-x 0/0 100 2026-01-01 10:00 "usr/bin/su"
-rwxr-xr-x* 0/0 100 2026-01-01 10:00 "usr/bin/ping"
drwxr-xr-x 0/0 0 2026-01-01 10:00 "etc/"
-rw-r--r-- 0/0 0 2026-01-01 10:00 "etc/.wh.passwd"
-rw-r--r-- 0/0 0 2026-01-01 10:00 "srv/a\\nb/.wh..wh..opq"
status 0
"""


def test_listing_by_tar() -> None:
    """Special bits, marks of capabilities and what is removed are read; a name may hold anything."""
    found = read_layer(LISTING, ["musl"])
    assert found.notable == {
        "/usr/bin/su": Entry("/usr/bin/su", 0o4755, FILE),
        "/usr/bin/ping": Entry("/usr/bin/ping", 0o755, FILE, capabilities=("unknown",)),
    }
    assert (found.removed, found.opaque) == ({"/etc/passwd"}, {"/srv/a\nb"})
    assert found.packages == ("musl",)


@pytest.mark.parametrize("listing", [LISTING.replace(b"status 0", b"status 2"), b"x\nstatus 0\n", b"{}"])
def test_listing_that_is_not_whole(listing: bytes) -> None:
    """It is refused: what it does not name may be there."""
    with pytest.raises((ValueError, KeyError)):
        read_layer(listing)


@pytest.mark.parametrize(
    ("path", "hidden"),
    [("/a/gone/x", True), ("/a/kept", False), ("/opaque/x", True), ("/file/x", True), ("/opaque", True)],
)
def test_what_a_layer_hides(path: str, hidden: bool) -> None:
    """Deleted paths, all in a directory that is replaced, and all below what is now a file."""
    names = ("/a/.wh.gone", "/opaque/.wh..wh..opq", "/file")
    made = Layer.of([*(Entry(each, 0o644, FILE) for each in names), Entry("/opaque", 0o755, DIRECTORY)])
    assert made.hides(path) is hidden


def test_directories_above() -> None:
    """From the nearest to the root, which has none."""
    assert list(above_of("/a/b")) == ["/a", "/"]
    assert list(above_of("/")) == []
