"""One layer of an image."""

import pytest

from hullcheck.facts.images.contents.layer import (
    DIRECTORY,
    FILE,
    LINK,
    SYMLINK,
    Entry,
    Layer,
    above_of,
    read_layer,
)

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


def _link(path: str, target: str) -> Entry:
    return Entry(path, 0o777, SYMLINK, target)


SU = Entry("/l/su", 0o4755, FILE)


@pytest.mark.parametrize(
    ("entries", "place"),
    [
        ([SU], "/l/su"),
        ([_link("/l", "usr/bin"), SU], "/usr/bin/su"),
        ([_link("/l", "/usr/bin"), SU], "/usr/bin/su"),
        ([_link("/l", "/"), SU], "/su"),
        ([_link("/l", "../../x"), SU], "/x/su"),
        ([_link("/usr/k", "../bin"), _link("/l", "usr/k"), SU], "/bin/su"),
        ([SU, _link("/l", "usr/bin")], "/l/su"),
        ([_link("/l", "a"), _link("/l", "b"), SU], "/b/su"),
        ([_link("/l", "a"), Entry("/l", 0o755, DIRECTORY), SU], "/l/su"),
        ([_link("/m", "a"), SU], "/l/su"),
    ],
)
def test_file_below_a_link(entries: list[Entry], place: str) -> None:
    """It is where the link of the same archive leads that is there before it."""
    found = [each for each in Layer.of(entries).notable.values() if each.kind == FILE]
    assert found == [Entry(place, 0o4755, FILE)]


def test_second_name_below_a_link() -> None:
    """A hard link follows links, too."""
    entries = [_link("/l", "usr"), Entry("/usr/su", 0o4755, FILE), Entry("/x", 0o755, LINK, "/l/su")]
    assert Layer.of(entries).notable["/x"].target == "/usr/su"


def test_second_name_of_a_link() -> None:
    """It is a link as the first one is: what that leads to has no other name, and need not be there."""
    for target in ("usr/su", "l"):
        entries = [_link("/l", target), Entry("/usr/su", 0o4755, FILE), Entry("/y/sh", 0o777, LINK, "/l")]
        assert Layer.of(entries).notable["/y/sh"] == _link("/y/sh", target)


def test_links_in_a_circle() -> None:
    """What no engine unpacks is refused."""
    with pytest.raises(ValueError, match="in a circle"):
        Layer.of([_link("/l", "/k"), _link("/k", "/l"), SU])


def test_directories_above() -> None:
    """From the nearest to the root, which has none."""
    assert list(above_of("/a/b")) == ["/a", "/"]
    assert list(above_of("/")) == []
