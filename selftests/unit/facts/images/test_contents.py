"""Section 4: what is in images, with what later layers delete and change; and what is remembered of them."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from hullcheck.facts import Facts
from hullcheck.policy import Policy
from hullcheck.recording.probe import Answer
from selftests.kit.facts.images import BASE, DOCKER, ID, inside, verdict
from selftests.kit.facts.images import facts as of_images
from selftests.kit.facts.layers import (
    CONTAINERD,
    OWN,
    SU,
    File,
    Layer,
    answer,
    archive,
    block,
    digest,
    each_store,
    facts,
    image,
    listed,
    taken_apart,
)
from selftests.kit.judging import judged

SYMLINK, HARD_LINK, DIRECTORY = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE


CAPABILITY = "SCHILY.xattr.security.capability"


def one(
    number: str, layers: Sequence[Layer], store: str = OWN, policy: Policy | None = None
) -> tuple[str, str]:
    """Verdict and reason on one image."""
    return judged(number, facts(answer({"a": layers}, store), "a", policy=policy))["a:1"]


# ---- 4.8: one layer


@each_store
@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (("bin/su", 0o755), ("pass", "no setuid or setgid file")),
        (("bin/su", 0o4755), ("fail", "holds /bin/su (4755)")),
        (("./bin/su", 0o2644), ("fail", "holds /bin/su (2644)")),
        (("bin/su", 0o4777, SYMLINK, "x"), ("pass", "no setuid or setgid file")),
        (("dev/x", 0o4755, tarfile.CHRTYPE), ("pass", "no setuid or setgid file")),
        ((f"{'d' * 90}/{'n' * 120}", 0o4755), ("fail", f"holds /{'d' * 90}/{'n' * 120} (4755)")),
        (('a "b" -> \\c', 0o4755), ("fail", 'holds /a "b" -> \\c (4755)')),
        (("a\n-rwxr-xr-x 0/0 0 2023-11-14 22:13 .wh.a", 0o4755), ("fail", None)),
    ],
)
def test_file_with_special_bits(store: str, file: File, expected: tuple[str, str | None]) -> None:
    """A regular file with either bit fails, whatever it is named; a directory and a link have none that counts."""
    found, reason = one("4.8", [[("etc/x", 0o644), file, ("etc/y", 0o644)]], store)
    assert found == expected[0]
    assert expected[1] in (reason, None)


# ---- 4.8: file capabilities


def capability(version: int, *words: int) -> bytes:
    """What is stored of a file's capabilities: the version with the bit for `effective`, then words."""
    return b"".join(word.to_bytes(4, "little") for word in (version << 24 | 1, *words))


def with_capability(value: bytes, *more: File, key: str = CAPABILITY) -> bytes:
    """An archive with a file that has this attribute among others, and more files."""
    record = f" {key}=".encode() + value + b"\n"
    length = len(record)
    while len(str(length)) + len(record) != length:
        length = len(str(length)) + len(record)
    body = b"21 SCHILY.xattr.a=b\n\n" + str(length).encode() + record
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, len(body)
    padded = header.tobuf(tarfile.USTAR_FORMAT) + body + bytes(-len(body) % 512)
    return padded + archive([("bin/tool", 0o755), *more], tarfile.USTAR_FORMAT)


def judged_archive(data: bytes, store: str = OWN, policy: Policy | None = None) -> tuple[str, str]:
    """Verdict and reason of 4.8 on an image of one layer."""
    if store == OWN:
        said = f"{image(digest('a'), digest('l'))}\n{block('layer', digest('l'), taken_apart(data))}"
    else:
        head = answer({"a": [[]]}, CONTAINERD).partition("layer ")[0]
        said = head + block("layer", digest("blob", "a", "0"), listed(data))
    return judged("4.8", facts(said, "a", policy=policy))["a:1"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (capability(2, 1 << 7, 0, 0, 0), ("fail", "holds /bin/tool (SETUID)")),
        (capability(3, 1 << 7, 0, 0, 0, 100_000), ("fail", "holds /bin/tool (SETUID)")),
        (capability(1, 1 << 21, 0), ("fail", "holds /bin/tool (SYS_ADMIN)")),
        (capability(2, 1 << 13, 0, 0, 0), ("pass", "no setuid or setgid file; with capabilities: /bin/tool (NET_RAW)")),
        (capability(2, 0, 1 << 7, 0, 1 << 7), ("pass", "no setuid or setgid file")),
        (capability(2, 1 << 7, 0), ("error", None)),
        (capability(4, 0, 0, 0, 0), ("error", None)),
        (b"xyz", ("error", None)),
    ],
)  # fmt: skip
def test_file_capabilities(value: bytes, expected: tuple[str, str | None]) -> None:
    """A file that permits a way to root fails like a setuid one; what is only inheritable gives nothing."""
    found, reason = judged_archive(with_capability(value))
    assert found == expected[0]
    assert expected[1] in (reason, None)


def test_capabilities_by_another_name() -> None:
    """A hard link has those of its file; the policy approves by path, and names each."""
    value = capability(2, 1 << 7, 0, 0, 0)
    data = with_capability(value, ("b", 0o755, HARD_LINK, "bin/tool"))
    assert judged_archive(data) == ("fail", "holds /b (SETUID), /bin/tool (SETUID)")
    both = Policy(allowed_setuid_files=("/b", "/bin/tool"))
    assert judged_archive(data, policy=both) == ("pass", "approved: /b, /bin/tool")


def test_capabilities_in_the_store_of_containerd() -> None:
    """tar marks such a file and does not tell which they are: a person has to look."""
    data = with_capability(capability(2, 1 << 13, 0, 0, 0))
    told = "the store of containerd does not tell which capabilities these files have: /bin/tool"
    assert judged_archive(data, CONTAINERD) == ("manual", told)
    tool = Policy(allowed_setuid_files=("/bin/tool",))
    assert judged_archive(data, CONTAINERD, tool) == ("pass", "approved: /bin/tool")
    plain = with_capability(capability(2, 1 << 13, 0, 0, 0), key="SCHILY.xattr.user.x")
    assert judged_archive(plain, CONTAINERD)[0] == "pass"


@pytest.mark.parametrize("store", [OWN, CONTAINERD])
@pytest.mark.parametrize("kind", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_kinds_of_archives(kind: int, store: str) -> None:
    """The three kinds of headers that archives have are read alike, long names of links among them."""
    long = "/".join(("d" * 80, "n" * (10 if kind == tarfile.USTAR_FORMAT else 60)))
    data = archive([(long, 0o4755), ("short", 0o755, HARD_LINK, long)], kind)
    assert judged_archive(data, store)[1] == f"holds /{long} (4755), /short (4755)"


# ---- 4.8: layers over each other


@each_store
@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ([("usr/bin/su", 0o755)], "pass"),
        ([("usr/bin/su", 0o2711)], "fail"),
        ([("usr/bin/.wh.su", 0)], "pass"),
        ([("usr/.wh.bin", 0)], "pass"),
        ([("usr/.wh..wh..opq", 0), ("usr/bin/x", 0o755)], "pass"),
        ([("usr/bin", 0o755, DIRECTORY)], "fail"),
        ([("usr/bin/su", 0o755, DIRECTORY)], "pass"),
        ([("usr/bin", 0o777, SYMLINK, "/bin")], "pass"),
        ([("usr/bin/.wh.su", 0), ("usr/bin/su", 0o4755)], "fail"),
        ([("usr/bin/.wh..wh..opq", 0), ("usr/bin/su", 0o4755)], "fail"),
        ([("su", 0o755, HARD_LINK, "usr/bin/su"), ("usr/bin/.wh.su", 0)], "fail"),
    ],
)
def test_later_layer_decides(store: str, above: Layer, expected: str) -> None:
    """What a later layer deletes, replaces or changes counts as it says; what it leaves alone stays."""
    assert one("4.8", [SU, above], store)[0] == expected
    assert one("4.8", [SU, [], above, [("tmp/x", 0o644)]], store)[0] == expected


@each_store
def test_hard_links(store: str) -> None:
    """Each name of a file counts, and keeps its bits where another one loses them or goes."""
    names: Layer = [("a", 0o4755), ("b", 0o755, HARD_LINK, "a")]
    assert one("4.8", [names], store) == ("fail", "holds /a (4755), /b (4755)")
    assert one("4.8", [names, [(".wh.a", 0)]], store) == ("fail", "holds /b (4755)")
    assert one("4.8", [names, [(".wh.a", 0), (".wh.b", 0)]], store)[0] == "pass"
    both: Layer = [("a", 0o755), ("c", 0o755, HARD_LINK, "a")]
    assert one("4.8", [[("a", 0o4755)], both], store)[0] == "pass"
    assert one("4.8", [[("a", 0o4755)], both[1:]], store)[0] == "fail"


def test_approved_files() -> None:
    """The policy approves by path; each file that it does not name is named."""
    two: Layer = [("usr/bin/su", 0o4755), ("usr/bin/passwd", 0o4755)]
    su = Policy(allowed_setuid_files=("/usr/bin/su",))
    assert one("4.8", [two], policy=su) == ("fail", "holds /usr/bin/passwd (4755)")
    assert one("4.8", [SU], policy=su) == ("pass", "approved: /usr/bin/su")
    assert one("4.8", [[("bin/su", 0o4755)]], policy=su)[0] == "fail"


def test_image_without_layers() -> None:
    """An image of settings alone holds nothing."""
    assert one("4.8", []) == ("pass", "no setuid or setgid file")
    assert one("4.8", [], CONTAINERD) == ("pass", "no setuid or setgid file")
    for rootfs in (None, {}, {"Type": "x"}):
        said = f"new\n{json.dumps({'Id': digest('a'), 'RootFS': rootfs})}\n"
        assert judged("4.8", facts(said, "a"))["a:1"][0] == "error"


# ---- 4.3


CHECK = "check what is needed, and name it in `allowed_packages`"
DEBIAN: Layer = [
    ("var/lib/dpkg/info/libc6:amd64.list", 0o644),
    ("var/lib/dpkg/info/bash.list", 0o644),
    ("var/lib/dpkg/info/bash.md5sums", 0o644),
    ("usr/bin/bash", 0o755),
    ("usr/bin/sh", 0o777, SYMLINK, "dash"),
    ("usr/lib/bash", 0o755),
    ("usr/share/doc/gcc", 0o644),
]


@each_store
def test_packages_and_tools(store: str) -> None:
    """Without a list a person decides, and sees them; with one, what it does not name fails."""
    assert one("4.3", [DEBIAN], store) == ("manual", f"holds 2 packages; bash: {CHECK}")
    both = Policy(allowed_packages=("bash", "libc6"))
    assert one("4.3", [DEBIAN], store, both) == ("pass", "what it holds is on the list: 2 packages; bash")
    some = Policy(allowed_packages=("bash",))
    assert one("4.3", [DEBIAN], store, some) == ("fail", "holds what is not on the list: libc6")
    above: Layer = [("var/lib/dpkg/info/.wh.libc6:amd64.list", 0)]
    assert one("4.3", [DEBIAN, above], store, some)[0] == "pass"
    assert one("4.3", [DEBIAN, [("usr/local/bin/gcc-13", 0o755)]], store, both)[1].endswith("list: gcc-13")


NPM, TOOLS = "usr/lib/npm/npm-cli.js", "no package manager, shell or compiler known by its name"


LINK: File = ("usr/bin/npm", 0o777, SYMLINK, "../lib/npm/npm-cli.js")


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([[("bin/busybox", 0o755)]], "busybox"),
        ([[("bin/busybox", 0o644)]], TOOLS),
        ([[("etc/bash", 0o755)]], TOOLS),
        ([[LINK, (NPM, 0o644)]], "npm"),
        ([[LINK]], TOOLS),
        ([[LINK, (NPM, 0o644)], [("usr/lib/npm/.wh.npm-cli.js", 0)]], TOOLS),
        ([[("bin/sh", 0o777, SYMLINK, "busybox"), ("bin/busybox", 0o755)]], "busybox"),
        ([[("usr/bin/cc", 0o777, SYMLINK, "/etc/alternatives/cc"), ("etc/alternatives/cc", 0o755)]], TOOLS),
    ],
)
def test_tools(layers: list[Layer], expected: str) -> None:
    """Programs in folders for them that may be started, and links to files that are not known by their own names."""
    assert one("4.3", layers) == ("manual", f"holds 0 packages; {expected}: {CHECK}")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["app"], ""),
        (["etc/os-release"], "its distribution"),
        (["srv/chroot/etc/os-release"], ""),
        (["etc/debian_version", "lib/apk/db/installed"], "apk"),
        (["etc/os-release", "var/lib/dpkg/info/sed.list"], ""),
        (["var/lib/dpkg/status"], "dpkg"),
        (["var/lib/dpkg/status", "var/lib/dpkg/info/sed.list"], ""),
        (["var/lib/chisel/manifest.wall"], "chisel"),
        (["var/lib/rpm/rpmdb.sqlite"], "rpm"),
    ],
)
def test_packages_that_no_list_names(files: list[str], expected: str) -> None:
    """What belongs to a distribution has packages: where none is named, a list cannot judge them."""
    found = one("4.3", [[(each, 0o644) for each in files]], policy=Policy(allowed_packages=("sed",)))
    assert found[0] == ("error" if expected else "pass")
    assert found[1].endswith(expected)


APK: Layer = [("lib/apk/db/installed", 0o644)]


@pytest.mark.parametrize(
    ("lists", "allowed", "expected"),
    [
        ({"0": "P:gcc", "1": "P:musl"}, "musl", "pass"),
        ({"0": "P:gcc", "1": "P:musl"}, "gcc", "fail"),
        ({"0": "P:gcc"}, "gcc", "error"),
        ({}, "musl", "error"),
        ({"0": "P:gcc", "1": "P:musl\ncut"}, "musl", "error"),
    ],
)
def test_packages_of_apk(lists: dict[str, str], allowed: str, expected: str) -> None:
    """They are in one file, and that of the last layer counts; where it was not read, nothing is decided."""
    blocks = "".join(f"packages {digest('a', number)}\n{text}\nend\n" for number, text in lists.items())
    said = answer({"a": [APK, APK]}, packages=blocks.replace("\ncut\nend", ""))
    target = facts(said, "a", policy=Policy(allowed_packages=(allowed,)))
    assert judged("4.3", target)["a:1"][0] == expected


@pytest.mark.parametrize(
    ("number", "name", "found"),
    [
        ("4.3", "Packages", [f"p{each}" for each in range(10, 31)]),
        ("4.8", "Special", [[f"/{each}", "4755"] for each in range(10, 31)]),
        ("4.8", "Capable", [[f"/{each}", ["SYS_ADMIN"]] for each in range(10, 31)]),
        ("4.8", "Capable", [[f"/{each}", ["NET_RAW"]] for each in range(10, 31)]),
        ("4.10", "Keys", [f"/{each}/id_rsa" for each in range(10, 31)]),
        ("4.10", "Keys", [f"/{each}/x.key" for each in range(10, 31)]),
    ],
)
def test_many_are_named_in_part(number: str, name: str, found: list[Any]) -> None:
    """Of 21 files or packages twenty are named, and that there is another one."""
    contents = Answer("image_contents", 0, inside(f"sha256:{ID}", **{name: found}), "")
    images = of_images(BASE).recording
    seen = replace(images, answers=images.answers | {"image_contents": contents})
    reason = verdict(number, Facts(seen, Policy(allowed_packages=()), engine=DOCKER))[1]
    words = [str(each[0] if isinstance(each, list) else each) for each in found]
    assert [word in reason for word in words] == [True] * 20 + [False]
    assert "1 more" in reason
