"""The layers of an image laid over each other."""

import posixpath

import pytest

from hullcheck.facts.images.layer import FILE, LINK, SYMLINK, Entry, Layer
from hullcheck.facts.images.layer_merge import merged, summary

SU = Entry("/bin/su", 0o4755, FILE)


def test_upper_layers_decide() -> None:
    """What one deletes or replaces is not to be seen any more; what another adds is."""
    below = Layer.of([SU, Entry("/bin/sh", 0o755, FILE)])
    assert set(merged([below])) == {"/bin/su", "/bin/sh"}
    assert set(merged([below, Layer.of([Entry("/bin/.wh.su", 0, FILE)])])) == {"/bin/sh"}
    plain = Entry("/bin/su", 0o755, FILE)
    assert "/bin/su" not in merged([below, Layer.of([plain])])
    assert merged([Layer.of([plain]), below])["/bin/su"] == SU


def test_hard_link_has_the_bits_of_its_file() -> None:
    """Also where the file lies in a layer below, and the archive says something else of the link."""
    link = Entry("/bin/other", 0o755, LINK, target="/bin/su")
    assert merged([Layer.of([SU]), Layer.of([link])])["/bin/other"].mode == 0o4755


def test_summary() -> None:
    """A key that a later layer deletes is still in the image, and a list without names is told."""
    key = Entry("/root/.ssh/id_rsa", 0o600, FILE)
    database = Entry("/lib/apk/db/installed", 0o644, FILE)
    layers = [Layer.of([SU, key, database]), Layer.of([Entry("/root/.ssh/.wh.id_rsa", 0, FILE)])]
    found = summary(merged(layers), layers)
    assert found["Special"] == [["/bin/su", "4755"]]
    assert found["Keys"] == ["/root/.ssh/id_rsa"]
    assert (found["Packages"], found["Databases"]) == ([], ["apk"])
    named = [Layer.of([database], ["musl"])]
    assert summary(merged(named), named)["Packages"] == ["musl"]


def made(*entries: Entry) -> list[Layer]:
    """An image of one layer."""
    return [Layer.of(entries)]


@pytest.mark.parametrize(
    ("target", "file", "found"),
    [
        ("../lib/npm/npm-cli.js", "/usr/lib/npm/npm-cli.js", ["/usr/bin/npm"]),
        ("../lib/npm/npm-cli.js", "/usr/lib/npm/other.js", []),
        ("pip3", "/usr/bin/pip3", ["/usr/bin/pip3"]),
        ("busybox", "/usr/bin/busybox", ["/usr/bin/busybox"]),
        ("/etc/alternatives/cc", "/etc/alternatives/cc", []),
    ],
)
def test_tool_that_is_a_link(target: str, file: str, found: list[str]) -> None:
    """A link counts where the file to which it leads is there, and is not known by its own name."""
    link = Entry("/usr/bin/npm", 0o777, SYMLINK, target)
    layers = made(link, Entry(file, 0o755, FILE))
    assert summary(merged(layers), layers)["Tools"] == found
    removed = [*layers, *made(Entry(f"{posixpath.dirname(file)}/.wh.{posixpath.basename(file)}", 0, FILE))]
    assert summary(merged(removed), removed)["Tools"] == []


def test_lists_of_packages_that_are_not_read() -> None:
    """That of dpkg is needed where its files of packages were deleted."""
    status, info = (Entry(f"/var/lib/dpkg/{name}", 0o644, FILE) for name in ("status", "info/sed.list"))
    found = [summary(merged(each), each) for each in (made(status), made(status, info), made(info))]
    assert [each["Databases"] for each in found] == [["dpkg"], [], []]


@pytest.mark.parametrize(
    ("entries", "databases"),
    [
        ([Entry("/app", 0o755, FILE)], []),
        ([Entry("/etc/os-release", 0o777, SYMLINK, "../usr/lib/os-release")], ["its distribution"]),
        ([Entry("/etc/debian_version", 0o644, FILE)], ["its distribution"]),
        ([Entry("/srv/chroot/etc/os-release", 0o644, FILE)], []),
        (
            [Entry("/etc/os-release", 0o644, FILE), Entry("/etc/.wh.os-release", 0, FILE)],
            ["its distribution"],
        ),
        ([Entry("/etc/os-release", 0o644, FILE), Entry("/lib/apk/db/installed", 0o644, FILE)], ["apk"]),
        ([Entry("/lib/apk/db/installed", 0o777, SYMLINK, "/data/installed")], ["apk"]),
        ([Entry("/etc/os-release", 0o644, FILE), Entry("/var/lib/dpkg/info/sed.list", 0o644, FILE)], []),
        ([Entry("/etc/os-release", 0o644, FILE), Entry("/var/lib/dpkg/status.d/base", 0o644, FILE)], []),
        ([Entry("/var/lib/chisel/manifest.wall", 0o644, FILE)], ["chisel"]),
    ],
)
def test_packages_that_no_list_names(entries: list[Entry], databases: list[str]) -> None:
    """What belongs to a distribution has packages: where no list names one, the list was taken away."""
    layers = made(*entries)
    assert summary(merged(layers), layers)["Databases"] == databases


def test_release_file_that_is_gone() -> None:
    """An image of which a layer takes the distribution away again is of none."""
    layers = [*made(Entry("/etc/os-release", 0o644, FILE)), *made(Entry("/etc/.wh.os-release", 0, FILE))]
    assert summary(merged(layers), layers)["Databases"] == []
