"""Sections 4 and 6 on real engines: images of both builders, in each store, and one audit of all of a store."""

from __future__ import annotations

import io
import json
import re
import shutil
import tarfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.facts import Facts
from hullcheck.policy import Policy, ScanReports, SprawlLimits
from selftests.kit.judging import facts_of_engine, judged
from selftests.kit.running import Project
from selftests.lab.judgement import differences, verdicts
from selftests.rig import removal
from selftests.rig.shell import CommandError, call
from selftests.unit.facts.images.test_scan_reports import trivy

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.laboratory import Laboratory

EngineFactory = Callable[..., "Engine"]

CONTAINERD = {"features": {"containerd-snapshotter": True}}
STORES: dict[str, dict[str, object]] = {"overlay2": {"storage-driver": "overlay2"}, "containerd": CONTAINERD}
OTHER_STORES = {"vfs": {"storage_driver": "vfs"}, "userns": {"userns_remap": "default"}}
BUILDERS = {"classic": ("build",), "buildkit": ("buildx", "build", "--load")}

# Each image: what it is built from, and which setuid or setgid file it has then.
LAYERS = {
    "plain": ("bb:1", "touch /x && chmod 755 /x", ""),
    "setuid": ("bb:1", "mkdir -p /d/e && touch /d/e/s && chmod 4755 /d/e/s", "/d/e/s (4755)"),
    "setgid": ("bb:1", "touch /g && chmod 2711 /g", "/g (2711)"),
    "directory": ("bb:1", "mkdir /g && chmod 2775 /g", ""),
    "later": ("setuid", "touch /d/e/x", "/d/e/s (4755)"),
    "removed": ("setuid", "rm /d/e/s", ""),
    "changed": ("setuid", "chmod 755 /d/e/s", ""),
    "worse": ("setuid", "chmod 6755 /d/e/s", "/d/e/s (6755)"),
    "emptied": ("setuid", "rm -r /d && mkdir -p /d/e && touch /d/e/x", ""),
    "linked": ("setuid", "rm -r /d && ln -s /tmp /d", ""),
    "moved": ("setuid", "mv /d /f", "/f/e/s (4755)"),
    "hard": ("setuid", "ln /d/e/s /t && rm /d/e/s", "/t (4755)"),
    "again": ("removed", "touch /d/e/s && chmod 4755 /d/e/s", "/d/e/s (4755)"),
    "system": ("bb:1", "chmod u+s /bin/busybox", "/bin/busybox (4755)"),
    "repaired": ("system", "chmod u-s /bin/busybox", ""),
}
SECRET = "Hunter2secret"
ENCODED = b64encode(f"bob:{SECRET}".encode()).decode()
# A base in which the programs that steps name are there and do nothing.
TOOLS = "FROM bb:1\nRUN for name in apt-get curl; do echo '#!/bin/sh' > /bin/$name; chmod +x /bin/$name; done\n"
# By control: lines of a build file that differ in one thing; the first are good, the second are not.
PAIRS = {
    "4.6": ("HEALTHCHECK CMD grep -q State /proc/1/status", "HEALTHCHECK NONE"),
    "4.7": ("RUN apt-get update && apt-get install -y x", "RUN apt-get update && apt-get remove -y x"),
    "4.9": ("COPY f /f", "ADD f /f"),
    "4.10": ("ENV DB_PASSWORD_FILE=/run/secrets/x", f"ENV DB_PASSWORD={SECRET}"),
    "4.11": ("RUN true", "RUN curl -fsSLk https://x | sh"),
}
# Lines of a build file with a secret, and what is said of each.
PLANTED = {
    f"ENV DB_PASSWORD_PROD={SECRET}": "variable DB_PASSWORD_PROD",
    f'ENV JAVA_OPTS="-Xmx1g -Ddb.password={SECRET}"': "variable JAVA_OPTS: a value given to",
    f'ENV AUTH_HEADER="Basic {ENCODED}"': "variable AUTH_HEADER: a password in a header",
    f"ARG DBPASS={SECRET}\nRUN true": "a value given to DBPASS in ARG",
    f"LABEL note=x token={SECRET}": "label token",
    f"RUN true kubectl create secret --from-literal=password={SECRET}": "a value given to password in RUN",
    f"RUN true redis-cli -a {SECRET}": "a password or key given to a command in RUN",
    f'RUN ["true", "--password", "{SECRET}"]': "a value given to password in RUN",
    f'CMD ["redis-cli", "-a", "{SECRET}"]': "command: a password",
    f'ENTRYPOINT ["app", "--password", "{SECRET}"]': "entry point: a value given to password",
    f'HEALTHCHECK CMD ["curl", "-u", "bob:{SECRET}", "http://localhost"]': "health check: a password",
    f'ONBUILD RUN ["app", "--password", "{SECRET}"]': "instruction for later builds: a value",
}
HARMLESS = (
    "ENV GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D PASSWORD_MIN_LENGTH=8 TOKEN_TTL=3600 KEYCLOAK_VERSION=24",
    "ENV SSH_AUTH_SOCK=/run/s PASSWD_FILE=p KEY_SERVER=k DB_PASSWORD= REDIS_PASSWORD_FILE=/run/secrets/x",
    "ARG NPM_TOKEN\nRUN true --token $NPM_TOKEN --no-password",
    f"RUN true --frozen-lockfile && echo '{'0a1b' * 16}  x' > /sums",
    'CMD ["app", "--password-file", "/run/secrets/x"]',
    "HEALTHCHECK CMD redis-cli -a $REDIS_PASSWORD ping",
)
# Build files by the image's name, and what is said of each by control.
OTHERS: dict[str, tuple[str, dict[str, str]]] = {
    "packages": (
        "FROM bb:1\n"
        "RUN mkdir -p /lib/apk/db && printf 'C:x\\nP:musl\\n\\nC:y\\nP:zlib\\n' > /lib/apk/db/installed\n"
        "RUN mkdir -p /var/lib/dpkg/info && touch /var/lib/dpkg/info/libc6:amd64.list\n",
        {"4.3": "manual: holds 3 packages; busybox"},
    ),
    "unpacked": (
        "FROM packages\nRUN rm -r /lib/apk /var/lib/dpkg\n",
        {"4.3": "pass"},
    ),
    "gcc": ("FROM bb:1\nRUN cp /bin/busybox /bin/gcc\n", {"image_holds_no_compiler": "fail: holds /bin/gcc"}),
    "clean": (
        "FROM gcc\nRUN rm /bin/gcc\n",
        {"image_holds_no_compiler": "pass", "image_holds_no_shell": "fail"},
    ),
    "apk": (
        "FROM bb:1\nRUN cp /bin/busybox /bin/apk\n",
        {"image_holds_no_package_manager": "fail: holds /bin/apk"},
    ),
    "key": (
        "FROM bb:1\nRUN mkdir -p /root/.ssh && touch /root/.ssh/id_rsa\nRUN rm -r /root/.ssh\n",
        {"4.10": "fail: /root/.ssh/id_rsa", "image_holds_no_package_manager": "pass"},
    ),
    "settings": ("FROM scratch\nLABEL a=b\n", {"4.8": "pass: no setuid or setgid file"}),
    "capable": ("FROM bb:1\nADD 7.tar /\n", {"4.8": "fail: holds /busybox .SETUID"}),
    "binding": ("FROM bb:1\nADD 10.tar /\n", {"4.8": "pass: with capabilities: /busybox .NET_BIND_SERVICE"}),
    "odd": ("FROM bb:1\nCOPY odd /x/\nRUN chmod 4755 /x/*\n", {"4.8": "fail"}),
    "archive": ("FROM scratch\nADD bb.tar /\n", {"4.9": "pass"}),
    "archive-twice": ("FROM scratch\nADD bb.tar /\nADD f /\n", {"4.9": "fail"}),
}
ODD = ("x-----BEGIN PRIVATE KEY-----", "PuTTY-User-Key-File-3", "-----END PRIVATE KEY-----.key")
"""Names of files that look like secrets, and hide nothing."""


def archive_with_capability(path: Path, bit: int) -> None:
    """Write an archive with /busybox, which has this file capability."""
    program = Path(str(shutil.which("busybox"))).read_bytes()
    value = b"".join(word.to_bytes(4, "little") for word in (2 << 24 | 1, 1 << bit, 0, 0, 0))
    tool = tarfile.TarInfo("busybox")
    tool.mode, tool.size = 0o755, len(program)
    tool.pax_headers = {"SCHILY.xattr.security.capability": value.decode("utf-8", "surrogateescape")}
    with tarfile.open(path, mode="w", format=tarfile.PAX_FORMAT) as made:
        made.addfile(tool, io.BytesIO(program))


class Store:
    """An engine with a store of images, and all images in it."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        """Build all in *folder*, and use some."""
        self.engine, self.folder = engine, folder
        (folder / "f").write_text("f\n")
        shutil.copy(engine.lab.root / "bb.tar", folder)
        (folder / "odd").mkdir()
        for name in ODD:
            (folder / "odd" / name).touch()
        for bit in (7, 10):
            archive_with_capability(folder / f"{bit}.tar", bit)
        build_layers(engine)
        for name, (text, _) in OTHERS.items():
            self.build("classic", name, text)
        for builder in BUILDERS:
            for place, word in enumerate(("good", "bad")):
                lines = "\n".join(pair[place] for pair in PAIRS.values())
                self.build(builder, f"{word}:{builder}", f"{TOOLS}{lines}\n")
            self.build(builder, f"planted:{builder}", TOOLS + "\n".join(PLANTED) + "\n")
            self.build(builder, f"harmless:{builder}", TOOLS + "\n".join(HARMLESS) + "\n")
            arguments = ("--build-arg", f"NPM_TOKEN={SECRET}")
            self.build(builder, f"argument:{builder}", "FROM bb:1\nARG NPM_TOKEN\nRUN true\n", *arguments)
        self._containers()

    def build(self, builder: str, tag: str, text: str, *options: str) -> None:
        """Build an image."""
        (self.folder / "Dockerfile").write_text(text)
        self.engine.docker(*BUILDERS[builder], "--quiet", "--tag", tag, *options, str(self.folder))

    def _containers(self) -> None:
        """Use some: one by a name that another image has by now, one that is committed, and one that is renamed."""
        one = self.engine
        one.create("old", image="setuid")
        one.docker("build", "--quiet", "--tag", "used:1", "-", stdin="FROM bb:1\nRUN touch /s && chmod 4755 /s\n")
        one.create("lost", image="used:1")
        one.docker("build", "--quiet", "--tag", "used:1", "-", stdin="FROM used:1\nRUN chmod 755 /s\n")
        one.run("hand", command=("touch", "/x"))
        one.docker("commit", "hand", "hand:1")
        one.docker("rm", "--force", "hand")


def build_layers(engine: Engine) -> None:
    """Build the images of LAYERS."""
    for name, (base, command, _) in LAYERS.items():
        engine.docker("build", "--quiet", "--tag", name, "-", stdin=f"FROM {base}\nRUN {command}\n")


def truth(engine: Engine, image: str, folder: Path) -> str:
    """Return the setuid and setgid files of an image, as a container of it would see them."""
    name = engine.create("truth", image=image)
    engine.docker("export", "--output", str(folder / "exported.tar"), name)
    engine.docker("rm", name)
    with tarfile.open(folder / "exported.tar") as archive:
        special = (each for each in archive if (each.isreg() or each.islnk()) and each.mode & 0o6000)
        return "".join(f"/{each.name.removeprefix('./')} ({each.mode:04o})" for each in special)


@pytest.fixture(scope="module", params=STORES)
def store(request: pytest.FixtureRequest, lab: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """An engine with each store."""
    from selftests.rig.engines.engine import Engine

    with Engine(lab, STORES[request.param]) as one:
        if request.param == "containerd" and not one.version.at_least(24):
            pytest.skip("this engine has no store of containerd")
        yield Store(one, tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="module")
def facts(store: Store) -> Facts:
    """What the one audit of the store learns."""
    return facts_of_engine(store.engine.socket)


OF_LAYERS = {
    ("4.8", f"{name}:latest"): f"fail: holds {re.escape(found)}" if found else "pass: no setuid or setgid file"
    for name, (_, _, found) in LAYERS.items()
}


def test_layers(store: Store, facts: Facts) -> None:
    """4.8: an image is judged by what a container of it would see."""
    assert not differences(OF_LAYERS, facts)
    for name, (_, _, found) in LAYERS.items():
        assert truth(store.engine, name, store.folder) == found, name
    allowed = Facts(facts.recording, Policy(allowed_setuid_files=("/d/e/s",)))
    approved = {("4.8", "setuid:latest"): "pass: approved: /d/e/s", ("4.8", "hard:latest"): "fail"}
    assert not differences(approved, allowed)


@pytest.mark.parametrize("settings", OTHER_STORES.values(), ids=list(OTHER_STORES))
def test_layers_of_other_stores(engine: EngineFactory, settings: dict[str, object]) -> None:
    """4.8: the same where the engine keeps its layers in another way."""
    one = engine(**settings)
    build_layers(one)
    assert not differences(OF_LAYERS, facts_of_engine(one.socket, of="4.8"))


def test_what_images_hold(store: Store, facts: Facts) -> None:
    """4.3, 4.8, 4.10 and the guide: packages, programs, keys and capabilities, also of a layer that is hidden."""
    wanted = {(key, f"{name}:latest"): each for name, (_, said) in OTHERS.items() for key, each in said.items()}
    if store.engine.settings == CONTAINERD:  # its lists of files have no values of capabilities
        wanted |= {("4.8", "capable:latest"): "manual", ("4.8", "binding:latest"): "manual"}
    assert not differences(wanted, facts)
    listed = Facts(facts.recording, Policy(allowed_packages=("busybox", "libc6", "musl")))
    assert judged("4.3", listed)["packages:latest"] == ("fail", "holds what allowed_packages does not name: zlib")
    assert judged("4.3", listed)["unpacked:latest"][0] == "pass"


def test_image_that_lost_its_name(facts: Facts) -> None:
    """It is judged while a container of it is there; what was done by hand is not in a history."""
    found = judged("4.8", facts)
    assert found["used:1"][0] == "pass"
    (lost,) = [name for name, (_, reason) in found.items() if "(used by lost)" in reason]
    assert (found[lost][0], re.fullmatch("[0-9a-f]{12}", lost) is not None) == ("fail", True)
    assert verdicts("4.7", facts)["hand:1"] == "manual"


def test_images_that_are_used(facts: Facts) -> None:
    """6.1: what a container is made from is used, and so is what that was built from."""
    few = Facts(facts.recording, Policy(sprawl=SprawlLimits(unused_images=0, stopped_containers=0)))
    (verdict, reason) = judged("6.1", few)["local"]
    names = set(re.findall(r"[\w-]+(?=:latest \()", reason))
    assert verdict == "fail"
    assert {"plain", "moved"} <= names
    assert not names & {"setuid", "bb"}
    assert judged("6.2", few)["local"][0] == "fail"


@pytest.mark.parametrize("builder", BUILDERS)
def test_builders(facts: Facts, builder: str, tmp_path: Path) -> None:
    """Images that differ in one line differ in a verdict; secrets are found in each place, and none is stored."""
    wanted = {(key, f"good:{builder}"): "pass" for key in ("4.6", "4.7", "4.9", "4.10")}
    wanted |= {(key, f"bad:{builder}"): "fail" for key in PAIRS}
    wanted |= {("4.10", f"planted:{builder}"): f"fail: {each}" for each in PLANTED.values()}
    wanted |= {("4.11", f"good:{builder}"): "manual", ("4.10", f"harmless:{builder}"): "pass"}
    wanted |= {("4.10", f"argument:{builder}"): "fail: a value given to NPM_TOKEN in RUN true"}
    assert not differences(wanted, facts)
    reason = judged("4.10", facts)[f"planted:{builder}"][1]
    assert [each for each in PLANTED.values() if each not in reason] == []
    kept = facts.recording.save(tmp_path).read_text()
    for secret in (SECRET, ENCODED.rstrip("=")):
        assert secret not in kept + reason


def test_scan_report(store: Store, facts: Facts, tmp_path: Path) -> None:
    """4.4: a report on the digest of the image's configuration counts, and on no other.

    The report is made by hand in the shape of Trivy's: its list of weaknesses is not in reach here.
    """
    one = store.engine
    policy = Policy(scan_reports=ScanReports(str(tmp_path)))

    def found(digest: str, *severities: str) -> str:
        report = trivy(*severities, CreatedAt=datetime.now(UTC).isoformat(), Metadata={"ImageID": digest})
        (tmp_path / "web.json").write_text(json.dumps(report))
        return judged("4.4", facts_of_engine(one.socket, policy, of="4.4"))["setuid:latest"][0]

    one.docker("save", "--output", str(tmp_path / "setuid.tar"), "setuid:latest")
    with tarfile.open(tmp_path / "setuid.tar") as archive:
        (named,) = json.load(archive.extractfile("manifest.json") or io.BytesIO())
    digest = "sha256:" + named["Config"].removesuffix(".json").rpartition("/")[2]
    assert [found("sha256:" + "00" * 32), found(digest, "LOW"), found(digest, "LOW", "HIGH")] == [
        "fail",
        "pass",
        "fail",
    ]


def test_cache_of_images(store: Store, suite: Project) -> None:
    """What was read of an image is remembered: the next run, its workers and its replay give the same verdicts."""
    suite.environment["DOCKER_HOST"] = f"unix://{store.engine.socket}"
    control = ("-p", "cacheprovider", "-k", "needless_setuid")
    first = suite.pytest(*control).results["results"]
    (cache,) = (suite.folder / ".pytest_cache/d/hullcheck-images").iterdir()
    assert "/d/e/s" in cache.read_text()
    assert suite.pytest(*control, "-n2").results["results"] == first
    recording = json.loads((suite.folder / "reports/latest/local/recording.json").read_text())
    (contents,) = (each["stdout"] for each in recording["answers"] if each["name"] == "image_contents")
    assert all(json.loads(line)["Read"] > 0 for line in contents.splitlines() if line.startswith("{"))
    latest = (suite.folder / "reports/latest/local").resolve()
    assert suite.pytest(*control, f"--hosts=recorded://{latest}").results["results"] == first
    removal.delete(suite.folder / ".pytest_cache")
    suite.write(".pytest_cache", "in the way of one")
    assert suite.pytest(*control).results["results"] == first


@pytest.mark.parametrize("settings", [{"storage_driver": "overlay2"}, CONTAINERD], ids=["own", "containerd"])
@pytest.mark.needs_engine(">=24", "images in the store of containerd")
def test_layer_that_is_damaged(engine: EngineFactory, settings: dict[str, object]) -> None:
    """An image of which a layer is cut off is an error, or without root; the others are judged."""
    one = engine(**settings)
    for name in ("setuid", "removed"):
        base, command, _ = LAYERS[name]
        one.docker("build", "--tag", name, "-", stdin=f"FROM {base}\nRUN {command}\n")
    before = verdicts("4.8", facts_of_engine(one.socket, of="4.8"))
    assert before == {"bb:1": "pass", "setuid:latest": "fail", "removed:latest": "pass"}
    places = (
        "image/*/layerdb/sha256/*/tar-split.json.gz",
        "**/io.containerd.content.v1.content/blobs/sha256/*",
    )
    packed = [file for place in places for file in one.data_root.glob(place) if file.read_bytes()[:2] == b"\x1f\x8b"]
    newest = max(packed, key=lambda file: file.stat().st_mtime_ns)  # that of the image "removed"
    newest.write_bytes(newest.read_bytes()[:-12])
    after = verdicts("4.8", facts_of_engine(one.socket, of="4.8"))
    assert after == {**before, "removed:latest": "error"}
    newest.unlink()
    assert verdicts("4.8", facts_of_engine(one.socket, of="4.8")) == after


@pytest.mark.needs_engine(">=28", "earlier ones mount no images")
def test_image_that_is_mounted(engine: EngineFactory) -> None:
    """6.1: an image of which a container mounts the files is used, and the engine does not remove it either."""
    one = engine()
    one.docker("build", "--tag", "tool:1", "-", stdin="FROM bb:1\nRUN touch /x\n")
    one.create("web", "--mount", "type=image,source=tool:1,target=/tool")
    none = Policy(sprawl=SprawlLimits(unused_images=0, stopped_containers=0))
    assert judged("6.1", facts_of_engine(one.socket, none, of="6.1"))["local"] == ("pass", "no unused images")
    with pytest.raises(CommandError, match="is using"):
        one.docker("image", "rm", "tool:1")


def test_data_root_on_another_disk(lab: Laboratory, tmp_path: Path) -> None:
    """1.1.1: a folder of a disk that holds more than the engine's data is not a file system of its own."""
    from selftests.rig.engines.engine import Engine

    one = Engine(lab)
    disk, image = one.directory / "disk", tmp_path / "disk.img"
    call("truncate", "--size", "256M", str(image))
    call("mkfs.ext4", "-q", str(image))
    for folder in (disk, one.data_root):
        folder.mkdir()
    call("mount", "-o", "loop", str(image), str(disk))
    (disk / "docker").mkdir()
    call("mount", "--bind", str(disk / "docker"), str(one.data_root))
    with one:
        verdict, reason = judged("1.1.1", facts_of_engine(one.socket, of="1.1.1"))["local"]
    assert (verdict, "is the directory /docker of the file system on device" in reason) == ("fail", True)
