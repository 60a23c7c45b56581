"""The layers of an image, read and laid over each other."""

import pytest

from hullcheck.facts.images.contents import Contents, contents_of
from hullcheck.facts.images.layers import (
    DIRECTORY,
    FILE,
    LINK,
    SYMLINK,
    Entry,
    Layer,
    above_of,
    merged,
    read_layer,
)

LISTING = b"""\
-rwsr-xr-x 0/0 100 2026-01-01 10:00 "usr/bin/su"
-rwxr-xr-x* 0/0 100 2026-01-01 10:00 "usr/bin/ping"
drwxr-xr-x 0/0 0 2026-01-01 10:00 "etc/"
-rw-r--r-- 0/0 0 2026-01-01 10:00 "etc/.wh.passwd"
-rw-r--r-- 0/0 0 2026-01-01 10:00 "srv/a\\nb/.wh..wh..opq"
-rw-r--r-- 0/0 0 2026-01-01 10:00 "\\377.key"
status 0
"""


def test_listing_by_tar() -> None:
    """Special bits, marks of capabilities and what is removed are read; a name may hold anything."""
    found = read_layer(LISTING, ["musl"])
    assert found.notable == {
        "/usr/bin/su": Entry("/usr/bin/su", 0o4755, FILE),
        "/usr/bin/ping": Entry("/usr/bin/ping", 0o755, FILE, capabilities=("unknown",)),
        "/\\xff.key": Entry("/\\xff.key", 0o644, FILE),
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
    assert layer("/a/.wh.gone", "/opaque/.wh..wh..opq", "/file", "/opaque/").hides(path) is hidden
    assert [*above_of(path)][-1] == "/"


def layer(*words: str) -> Layer:
    """A layer of files, directories (`/a/`) and links (`/a -> b`)."""
    entries = list[Entry]()
    for word in words:
        path, _, target = word.partition(" -> ")
        kind = SYMLINK if target else DIRECTORY if path.endswith("/") else FILE
        entries.append(Entry(path.rstrip("/"), 0o755, kind, target))
    return Layer.of(entries)


def contents(*layers: Layer) -> Contents:
    """What there is to see in the image with these layers."""
    return contents_of("", "", layers)


def test_hard_link_has_the_bits_of_its_file() -> None:
    """Also where the file lies in a layer below, and the archive says something else of the link."""
    su, link = Entry("/bin/su", 0o4755, FILE), Entry("/bin/other", 0o755, LINK, target="/bin/su")
    assert merged([Layer.of([su]), Layer.of([link])])["/bin/other"].mode == 0o4755


@pytest.mark.parametrize(
    ("target", "file", "found"),
    [
        ("../lib/npm/npm-cli.js", "/usr/lib/npm/npm-cli.js", ("/usr/bin/npm",)),
        ("../lib/npm/npm-cli.js", "/usr/lib/npm/other.js", ()),
        ("pip3", "/usr/bin/pip3", ("/usr/bin/pip3",)),
        ("busybox", "/usr/bin/busybox", ("/usr/bin/busybox",)),
        ("/etc/alternatives/cc", "/etc/alternatives/cc", ()),
    ],
)
def test_tool_that_is_a_link(target: str, file: str, found: tuple[str, ...]) -> None:
    """A link counts where the file to which it leads is there, and is not known by its own name."""
    both = layer(f"/usr/bin/npm -> {target}", file)
    assert contents(both).tools == found
    assert contents(both, layer("/.wh.".join(file.rsplit("/", 1)))).tools == ()


@pytest.mark.parametrize(
    ("layers", "databases"),
    [
        ("/app", ""),
        ("/etc/os-release -> ../usr/lib/os-release", "its distribution"),
        ("/etc/os-release / /etc/.wh.os-release", ""),
        ("/srv/chroot/etc/os-release", ""),
        ("/etc/debian_version /lib/apk/db/installed", "apk"),
        ("/etc/os-release /var/lib/dpkg/info/sed.list", ""),
        ("/var/lib/dpkg/status", "dpkg"),
        ("/var/lib/dpkg/status /var/lib/dpkg/info/sed.list", ""),
        ("/var/lib/chisel/manifest.wall", "chisel"),
    ],
)
def test_packages_that_no_list_names(layers: str, databases: str) -> None:
    """What belongs to a distribution has packages: where no list names one, the list was taken away."""
    each = [[part] if "->" in part else part.split() for part in layers.split(" / ")]
    assert " ".join(contents(*(layer(*words) for words in each)).databases) == databases
