"""What docs/ and contrib/ tell users to do, done on real hosts: fleets, Ansible, carried scripts, and the image."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from configparser import RawConfigParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from selftests import REPOSITORY
from selftests.kit.running import Project, Run, clean_environment
from selftests.lab.test_targets import ByTarget, by_target, probe_script, words
from selftests.rig import images, removal
from selftests.rig.shell import call

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host

EngineFactory = Callable[..., "Engine"]
HostFactory = Callable[..., "Host"]

PATH = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"


def blocks(page: str, language: str) -> list[str]:
    """Return the fenced blocks of a page in this language."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


# ---- docs/fleet.md

NAMES = ("web1.example.com", "web2.example.com")


@pytest.mark.needs("ssh", "ssh-keygen", "ssh-keyscan")
def test_fleet_page(lab_host: HostFactory, tmp_path: Path) -> None:
    """A key, a user, a known host, an inventory: every command as it stands there, but for names and the home."""
    host = lab_host()
    make_key, make_user, learn, ask_host, check, *_ = blocks("docs/fleet.md", "sh")
    config, inventory = blocks("docs/fleet.md", "text")[0], blocks("docs/fleet.md", "yaml")[0]
    config_path = tmp_path / ".ssh/config"

    def here(text: str) -> str:
        """Lead a part of the page to this host: a program of OpenSSH looks up the home where HOME does not count."""
        for name in NAMES:
            text = text.replace(name, host.address)
        return text.replace("~/", f"{tmp_path}/").replace("ssh -o", f"ssh -F {config_path} -o")

    def run(script: str) -> str:
        return call("/bin/sh", "-e", "-c", here(script), env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)})

    public_key = run(make_key).strip()
    assert public_key.endswith(" audit")
    host.exec("/bin/sh", "-e", stdin=re.sub(r"key='[^']+'", f"key='{public_key}'", make_user))
    learned = run(learn)
    assert host.exec("/bin/sh", "-e", stdin=ask_host).split()[1] in learned
    config_path.write_text(f"{here(config)}    UserKnownHostsFile {tmp_path}/.ssh/known_hosts\n")
    assert run(check).startswith("uid=0(root)")
    project = Project(tmp_path / "audits")
    project.write("inventories/fleet.yml", here(inventory.replace("  web2:", "  other:")))
    options = ("--inventory=inventories/fleet.yml", f"--ssh-config={config_path}")
    audited = project.pytest("-k", "experimental and web1", *options)
    assert audited.status == 0, audited.output
    assert audited.results["targets"]["web1"]["kind"] == "host"
    assert {each["verdict"] for each in audited.results["results"]} <= {"pass", "not applicable"}


# ---- answers that are brought home


def verdicts_of(folder: Path, answer: Path) -> dict[str, str]:
    """Return the verdicts on the engine and its containers, by a file with an answer.

    Not those on the host, whose audit rules another self-test may change meanwhile.
    """
    files = ("tests/test_2_daemon.py", "tests/test_5_container_runtime.py")
    run = Project(folder).pytest(*files, f"--hosts=recorded://{answer}")
    return {each["control"]: each["verdict"] for each in run.results["results"]}


@pytest.mark.needs("curl")
def test_ways_to_bring_answers_home(engine: EngineFactory, tmp_path: Path) -> None:
    """A pod of the manifest asks its node, and a unit hands the answer in, by the commands of page and unit."""
    manifest = (REPOSITORY / "contrib/kubernetes/daemonset.yaml").read_text(encoding="utf-8")
    _, daemon_set = yaml.safe_load_all(manifest)
    pod = daemon_set["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["hostPID"]
    assert container["securityContext"] == {"privileged": True, "readOnlyRootFilesystem": True}
    asked = engine()
    options = ("--detach", "--name=wait", "--privileged", "--pid=host", "--read-only")
    asked.docker("run", *options, "bb:1", *container["command"])
    script = probe_script(f"--docker-host=unix://{asked.socket}")
    (tmp_path / "probe.sh").write_text(script)
    (tmp_path / "direct").write_text(call("/bin/sh", "-s", stdin=script))
    expected = verdicts_of(tmp_path / "of-direct", tmp_path / "direct")
    assert {"pass", "fail"} <= set(expected.values())

    page = (REPOSITORY / "docs/fleet.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"-- \\\n +(nsenter .*) <probe.sh", page)
    # process 1 may have more rights than root here, and the image no link to busybox of this name
    words = command.replace("--target 1", f"--target {os.getpid()}").split()
    (tmp_path / "pod").write_text(asked.docker("exec", "--interactive", "wait", "busybox", *words, stdin=script))
    assert verdicts_of(tmp_path / "of-pod", tmp_path / "pod") == expected

    unit = RawConfigParser(strict=False, interpolation=None)
    unit.read(REPOSITORY / "contrib/systemd/hullcheck-answer.service")
    command = unit["Service"]["ExecStart"].removeprefix("/bin/sh -c '").removesuffix("'")
    command = command.replace("%H", "node").replace("/usr/local/lib/hullcheck", str(tmp_path))
    (tmp_path / "answers").mkdir()
    call("/bin/sh", "-c", command.replace("https://audit.example.com", f"file://{tmp_path}"), timeout=120)
    assert verdicts_of(tmp_path / "of-unit", tmp_path / "answers/node") == expected


# ---- Ansible

PORT_OF_SLEEP = 2299
ASLEEP_BUT_FOR_A_GREETING = 'case "$SSH_ORIGINAL_COMMAND" in *"exit 0"*) ;; *) sleep 600 ;; esac'
CHANGED = "find /root /home /tmp /var/tmp -xdev -newer /run/before ! -path /tmp ! -path /var/tmp"


def ansible_hosts(host: Host, bare: Host) -> str:
    """Return an inventory: two ways to a host, one without Docker, a dead one, and one that sleeps when it is asked."""
    host.add_user("ops", sudo=True, docker=False)
    force = f"ForceCommand={ASLEEP_BUT_FOR_A_GREETING}"
    host.exec("/usr/sbin/sshd", "-o", "PidFile=none", "-p", str(PORT_OF_SLEEP), "-o", force)
    bare.exec("systemctl", "disable", "--now", "docker.service", "docker.socket")
    at = f"ansible_host={host.name}"
    lines = [
        *("[lab]", f"root {at}", f"ops {at} ansible_user=ops", "dead ansible_host=127.0.0.1 ansible_port=1"),
        *("[without]", f"bare ansible_host={bare.name}"),
        *("[late]", f"asleep {at} ansible_port={PORT_OF_SLEEP} gather_seconds=5"),
        *("[all:vars]", "ansible_become=true"),
        *("[without:vars]", f"ansible_ssh_common_args='-F {bare.ssh_config}'"),
        *(f"[{each}:vars]\nansible_ssh_common_args='-F {host.ssh_config}'" for each in ("lab", "late")),
    ]
    return "\n".join(lines) + "\n"


def take_bad(run: Run, found: ByTarget, why: dict[str, str]) -> None:
    """Take those out of what was found that gave no answer: each is an error by name, in a line that says why."""
    for name, reason in why.items():
        verdicts = found.pop(name)
        assert words(verdicts) == {"error"}, name
        assert all(reason in each for each in verdicts.values()), (name, verdicts.popitem())
        (line,) = run.lines(f"not audited: {name}: ")
        assert reason in line


@pytest.mark.needs("ansible-playbook")
def test_ansible(lab_host: HostFactory, suite: Project, tmp_path: Path) -> None:
    """Hosts of an inventory of Ansible, and what its collection gathers, have the verdicts of ssh://.

    A dead one or one that sleeps says why not. Nothing is left on a host, the answers are for the user alone, and
    nothing of them is printed.
    """
    host, bare = lab_host(), lab_host()
    host.run("web", "--privileged", "--env", "PASSWORD=hunter2")
    suite.environment["PATH"] = PATH
    suite.write("hosts", ansible_hosts(host, bare))
    suite.write("group_vars/lab.yml", "hullcheck_policy: {trusted_users: [ops]}\n")
    connect = f"ssh://{host.name}?ssh_config={host.ssh_config}"
    policy = {"all": {"trusted_users": ["ops"]}}
    suite.write("own.yml", json.dumps({"targets": {"box": {"connect": connect}}, "policy": policy}))
    for each in (host, bare):
        each.exec("touch", "/run/before")
    by_ssh = by_target(suite.pytest("-m", "cis", "--inventory=own.yml"))["box"]
    assert {"pass", "fail"} <= words(by_ssh)
    run = suite.pytest("-m", "cis", "--inventory=hosts", "--targets=lab,without", timeout=300)
    expected = by_target(run)
    take_bad(run, expected, {"dead": "Connection refused"})
    assert {name for name, each in expected.items() if each == by_ssh} == expected.keys() - {"bare"}

    folder = tmp_path / "controller"
    folder.mkdir()
    environment = {
        "PATH": PATH,
        "HOME": str(folder),
        "PWD": str(folder),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_COLLECTIONS_PATH": f"{folder}/collections",
        "ANSIBLE_TIMEOUT": "5",  # to connect
        "ANSIBLE_FORKS": "11",
        "ANSIBLE_SSH_ARGS": "-C",  # no connection stays open behind it
        "ANSIBLE_REMOTE_TMP": f"{folder}/.ansible/tmp",
    }
    collection = str(REPOSITORY / "contrib/ansible")
    install = ("ansible-galaxy", "collection", "install", collection, "-p", "collections")
    call(*install, env=environment, cwd=folder, timeout=300)
    (folder / "probe.sh").write_text(call("hullcheck", "probe-script", env=environment))
    play = ["ansible-playbook", "-i", str(suite.folder / "hosts"), "-vvv", "hullcheck.audit.gather"]
    done = subprocess.run(play, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode in (2, 4), done.stdout + done.stderr
    for each in (host, bare):
        assert each.exec("sh", "-c", CHANGED).split() == []
    assert "hunter2" not in done.stdout + done.stderr
    bad = {"dead": "Connection refused", "asleep": "no answer: Task failed: Timed out"}
    for name, why in bad.items():
        told = [each for each in done.stdout.split("fatal: ") if each.startswith(f"[{name}]")]
        assert any(why in each for each in told), told
    answers = folder / "answers"
    assert {path.stat().st_mode & 0o777 for path in answers.iterdir()} == {0o600}
    assert answers.stat().st_mode & 0o777 == 0o700
    run = suite.pytest("-m", "cis", "--inventory=hosts", "--hosts", f"recorded://{answers}/*", timeout=300)
    found = by_target(run)
    take_bad(run, found, dict.fromkeys(bad, "empty: whatever asked this host brought no answer"))
    assert found == expected


# ---- contrib/image

IMAGE = REPOSITORY / "contrib/image"
BASE = "python3 python3-venv openssh-client util-linux"


def context_of_image(folder: Path) -> bytes:
    """Return what `docker build` is given: the Dockerfile, and what the commands of the README collect."""
    (folder / "dist").mkdir(parents=True)
    block = blocks("contrib/image/README.md", "sh")[0]
    *collect, build = block.replace("\\\n", "").splitlines()
    assert build == "docker build --tag hullcheck contrib/image"
    own = {"PYTHON": sys.executable, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    for command in collect:
        here = command.replace("contrib/image/dist", str(folder / "dist"))
        alias = f"alias pip='\"$PYTHON\" -m pip'\n{here}"
        call("/bin/sh", "-e", "-c", alias, cwd=REPOSITORY, env=clean_environment() | own, timeout=300)
    (folder / "Dockerfile").write_bytes((IMAGE / "Dockerfile").read_bytes())
    return subprocess.run(["tar", "-C", folder, "-c", "Dockerfile", "dist"], check=True, capture_output=True).stdout


@pytest.mark.needs("mmdebstrap")
def test_image(lab_host: HostFactory, tmp_path: Path) -> None:
    """It audits the demo, a recording and its own host, and refuses a host that it cannot see."""
    host = lab_host()
    with removal.temporary(tmp_path) as tree:
        images.bootstrap("trixie", tree, BASE)
        images.pack(tree, tmp_path / "base.tar")
    host.exec("docker", "import", "-", "base:1", stdin=(tmp_path / "base.tar").read_bytes(), timeout=300)
    build = ("docker", "build", "--build-arg", "BASE=base:1", "--tag", "hullcheck", "-")
    host.exec("env", "DOCKER_BUILDKIT=0", *build, stdin=context_of_image(tmp_path / "context"), timeout=600)

    def run(*arguments: str, options: tuple[str, ...] = (), status: int = 0) -> str:
        mount = ("--rm", "--network", "none", "--volume", "/srv/out:/audit")
        command = ("docker", "run", *mount, *options, "hullcheck", *arguments)
        return host.exec("sh", "-c", '"$@"; [ $? -eq $0 ]', str(status), *command, timeout=300)

    def results() -> dict[str, Any]:
        return dict(json.loads(host.exec("cat", "/srv/out/reports/latest/results.json")))

    assert "careless  58 fail" in run("audit", "--demo", "--bundle", "-q")
    assert "verified: reports/latest.zip" in run("verify", "reports/latest.zip")
    on_host = ("--privileged", "--pid=host", "--env", "DOCKER_HOST=tcp://127.0.0.1:9")  # of no engine
    run("audit", "--hosts=host://", "-k", "5.5 or 2.3", options=on_host, status=1)
    version = host.docker("version", "-f", "{{.Server.Version}}").strip()
    assert results()["targets"]["host"]["engine"] == version
    verdicts = {each["control"]: each["verdict"] for each in results()["results"]}
    assert verdicts == {"container_is_not_privileged": "fail", "daemon_logs_at_level_info": "pass"}
    run("audit", "--hosts=host://", "-k", "5.5", status=1)
    (alone,) = results()["results"]
    assert alone["verdict"] == "error"
    assert "start the container with --privileged --pid=host" in alone["reason"]
