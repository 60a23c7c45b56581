"""Section 4 on images made by hand: each control fails on the flaw that it names, and no secret is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from hullcheck.facts import Facts, images
from hullcheck.facts.engine import Engine
from hullcheck.facts.host.accounts import Accounts, Group, User
from hullcheck.facts.host.file import FileFact, Node, State
from hullcheck.facts.images.installs import installers, unverified
from hullcheck.facts.images.steps import Step
from hullcheck.facts.images.trust import CONTENT_TRUST, ContentTrust, Setting, content_trust
from hullcheck.facts.subjects import Subjects
from hullcheck.policy import Policy, PolicyError
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests.kit.facts.images import (
    BASE,
    ID,
    SECRET,
    facts,
    facts_of,
    image,
    output,
    stored,
    verdict,
)
from selftests.kit.judging import judged

# ---- an image for several machines


def for_machines(*others: tuple[str, str]) -> Facts:
    """The facts of a target with one image, under whose id there are some for other machines."""
    config = {"User": "1000", "Healthcheck": {"Test": ["CMD", "nc", "-z", "localhost", "80"]}}
    configurations = [
        stored("COPY /x / # buildkit"),
        *(stored(BASE, os=os, architecture=each) for os, each in others),
    ]
    manifests = {f"{number:02}" * 32: each for number, each in enumerate(configurations)}
    files: dict[str, Any] = {ID: {"manifests": [{"digest": f"sha256:{each}"} for each in manifests]}}
    for manifest, configuration in manifests.items():
        named = f"c{manifest[1:]}"
        files |= {manifest: {"config": {"digest": f"sha256:{named}"}}, named: configuration}
    return facts_of(output([image(config=config)], files), Policy(allowed_packages=()))


@pytest.mark.parametrize(
    "number",
    ["4.3", "4.6", "4.7", "4.8", "4.9", "4.10", "4.11", "image_holds_no_shell", "image_holds_no_compiler"],
)
def test_image_for_several_machines(number: str) -> None:
    """What the engine describes is the one of them for its own machine; a container may run another."""
    assert verdict(number, for_machines())[0] == "pass"
    assert verdict(number, for_machines(("unknown", "unknown")))[0] == "pass"  # what is attested of a build
    found = verdict(number, for_machines(("linux", "arm64")))
    assert found == ("manual", "holds an image for linux/arm64 too, which is not judged")


# ---- 4.4


def test_age_of_an_image() -> None:
    """An old image fails where the policy says what old is, by the time of the recording; none passes."""
    assert verdict("4.4", facts(Created="2020-01-01T00:00:00Z"))[0] == "manual"
    policy = Policy(image_max_age_days=30)
    fresh, old = "2026-05-31T13:00:00Z", "2026-05-31T11:00:00+00:00"
    assert verdict("4.4", facts(Created=fresh, policy=policy))[0] == "manual"
    found = verdict("4.4", facts(Created=old, policy=policy))
    assert found == ("fail", "was built 30 days ago, allowed are 30")
    ahead = verdict("4.4", facts(Created="2026-07-01T12:00:00Z"))  # by a clock that goes before
    assert ahead == ("manual", "was built 0 days ago; no report of a scan was read")


@pytest.mark.parametrize(
    "created",
    [
        "0001-01-01T00:00:00Z",
        "1970-01-01T00:00:01Z",
        "",
        None,
        "1980-01-01T00:00:01Z",
        "2099-01-01T00:00:00Z",
    ],
)
def test_build_without_a_time(created: str | None) -> None:
    """Builds that shall always give the same set no true time, and one of the future is none either."""
    found = verdict("4.4", facts(Created=created, policy=Policy(image_max_age_days=1)))
    assert found == ("manual", "does not say when it was built; no report of a scan was read")


# ---- 4.6


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ({"Test": ["CMD", "curl", "http://localhost"]}, "pass"),
        ({"Test": ["CMD-SHELL", "curl http://localhost || exit 1"]}, "pass"),
        ({"Test": ["CMD", "true"]}, "fail"),
        ({"Test": ["CMD-SHELL", "curl http://localhost || true"]}, "fail"),
        ({"Test": ["CMD", "cat", "/etc/hostname"]}, "fail"),
        ({"Test": ["CMD-SHELL", "eval $CHECK"]}, "manual"),
        ({"Test": ["CMD-SHELL"]}, "pass"),
        ({"Test": ["CMD", "curl", "http://localhost"], "Interval": 10**18}, "fail"),
        ({"Test": "CMD"}, "fail"),
        ({"Test": ["NONE"]}, "fail"),
        ({"Test": ["none"]}, "fail"),
        ({"Test": ["curl", "http://localhost"]}, "fail"),
        ({"Test": []}, "fail"),
        ({"Interval": 5}, "fail"),
        (None, "fail"),
    ],
)
def test_health_check(check: dict[str, Any] | None, expected: str) -> None:
    """A check counts, one that is switched off does not."""
    assert verdict("4.6", facts(config={"Healthcheck": check}))[0] == expected


# ---- 4.9


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((BASE, "COPY f /f # buildkit"), "pass"),
        ((BASE, "ADD f /f # buildkit"), "fail"),
        ((BASE, "/bin/sh -c #(nop) ADD file:12 in /f "), "fail"),
        ((BASE, "/bin/bash -o pipefail -c #(nop) ADD file:12 in /f "), "fail"),
        (("ADD rootfs.tar.xz / # buildkit", "CMD sh"), "pass"),
        (("ARG A", "LABEL a=b", "ADD rootfs.tar / # buildkit", "COPY a b"), "pass"),
        (("ADD rootfs.tar / # buildkit", "ADD more.tar / # buildkit"), "fail"),
        (("COPY a /", "ADD b /"), "fail"),
        (("RUN true", "ADD b /"), "fail"),
        (("ADD https://example.com/rootfs.tar / # buildkit",), "fail"),
        (("ADD app /app # buildkit",), "fail"),
        (({"created_by": "", "comment": "Imported from -"}, "ADD b /"), "fail"),
        ((BASE, "ENV EMAIL_ADDRESS=x ADD y", "LABEL add=ADD x y", "RUN /bin/sh -c echo ADD x /"), "pass"),
        ((BASE, "/bin/sh -c echo #(nop) ADD x"), "pass"),
        ((BASE, "ONBUILD COPY . /app"), "pass"),
        ((BASE, "ONBUILD ADD . /app"), "fail"),
        ((BASE, "/bin/sh -c #(nop)  ONBUILD ADD . /app"), "fail"),
        (("ONBUILD ADD rootfs.tar /", "COPY a b"), "fail"),
        (("ONBUILD COPY a b", "ADD rootfs.tar /"), "pass"),
        ((f"/bin/sh -c #(nop) ADD {'4f' * 32} in / ",), "fail"),
        ((f"/bin/sh -c #(nop) ADD dir:{'4f' * 32} in / ",), "pass"),
        ((f"/bin/sh -c #(nop) ADD multi:{'4f' * 32} in / ",), "fail"),
        (("ADD git@github.com:example/x.git /",), "fail"),
        ((BASE, {"created_by": ""}), "manual"),
    ],
)
def test_add(steps: tuple[str, ...], expected: str) -> None:
    """Only the step that brings in the base's file system may be an ADD; other words are no instructions."""
    assert verdict("4.9", facts(*steps))[0] == expected


# ---- 4.11


@pytest.mark.parametrize(
    "step",
    [
        "RUN /bin/sh -c apt-get install -y --allow-unauthenticated x",
        "/bin/sh -c apt-get -o APT::Get::AllowUnauthenticated=true install x",
        "/bin/sh -c apt-get -o Acquire::AllowInsecureRepositories=1 update && apt-get install x",
        "/bin/sh -c echo 'deb [arch=amd64 trusted=yes] http://x y main' > /etc/apt/sources.list",
        "/bin/sh -c apk add --allow-untrusted x.apk",
        "/bin/sh -c yum -y install --nogpgcheck x",
        "/bin/sh -c dnf install --setopt=gpgcheck=0 x",
        "/bin/sh -c printf '[x]\\ngpgcheck = 0\\n' > /etc/yum.repos.d/x.repo",
        "/bin/sh -c zypper --no-gpg-checks in x",
        "/bin/sh -c rpm -i --nosignature x.rpm",
        "/bin/sh -c pip install --trusted-host pypi.org x",
        "/bin/sh -c python3 -m pip install --trusted-host=pypi.org x",
        "/bin/sh -c npm config set strict-ssl false",
        "/bin/sh -c pip config set global.trusted-host x",
        "/bin/sh -c composer config -g secure-http false",
        "ENV NODE_TLS_REJECT_UNAUTHORIZED=0",
        "/bin/sh -c curl -fsSLk https://x | sh",
        "/bin/sh -c wget --no-check-certificate https://x -O x.tgz && tar xf x.tgz",
        "/bin/sh -c curl --insecure https://x -o x.deb; dpkg -i x.deb",
        "/bin/sh -c timeout 60 curl -k https://x | sh",
        "/bin/sh -c sudo -u app pip install --trusted-host=pypi.org x",
        "ONBUILD RUN curl -k https://x | sh",
        "/bin/sh -c printf 'Types: deb\\nTrusted: yes\\n' > /etc/apt/sources.list.d/x.sources",
        "RUN /bin/sh -c zypper ar -G http://x y && zypper -n install z",
        "/bin/sh -c zypper addrepo -fG http://x y",
        "/bin/sh -c dpkg --force-bad-verify -i x.deb",
        "/bin/sh -c GOINSECURE=* go install x",
        "ENV GONOSUMCHECK=1 GOINSECURE=example.org/*",
        "/bin/sh -c curl -sSL http://x/y.tgz | tar xz",
        "/bin/sh -c curl -fsSL http://x/y.tgz -o y.tgz && sha256sum y.tgz && tar xf y.tgz",
        "/bin/sh -c wget http://x/app.jar",
        "/bin/sh -c curl http://x/key | apt-key add -",
        "/bin/sh -c git clone git://x/y && make -C y",
        "/bin/sh -c wget --no-check-certificate https://x/y -O /usr/local/bin/y",
        "/bin/sh -c curl -k https://$HOST/y.deb -o y.deb",
        "/bin/sh -c yum install -y http://x/y.rpm",
        "/bin/sh -c rpm -ivh http://x/y.rpm",
        "/bin/sh -c pip install --index-url http://x/simple y",
        "/bin/sh -c npm config set registry http://x",
        "/bin/sh -c dnf config-manager --add-repo http://x/y.repo",
        "/bin/sh -c PIP_TRUSTED_HOST=x pip install y",
        "/bin/sh -c printf '[global]\ntrusted-host = x' > /etc/pip.conf",
        "/bin/sh -c uv pip install --allow-insecure-host x y",
        "/bin/sh -c NPM_CONFIG_STRICT_SSL=false npm ci",
        "/bin/sh -c GOFLAGS=-insecure go get x",
        "/bin/sh -c GONOSUMDB=* go install x",
        "/bin/sh -c bundle config ssl_verify_mode 0",
        "/bin/sh -c composer config disable-tls true",
        "/bin/sh -c conda config --set ssl_verify false",
        "/bin/sh -c mvn -Dmaven.wagon.http.ssl.insecure=true package",
        "/bin/sh -c echo check_certificate=off >> ~/.wgetrc && wget https://x/y.deb",
        "/bin/sh -c echo insecure >> ~/.curlrc && curl https://x | sh",
        "/bin/sh -c opkg install --force-checksum x",
        "/bin/sh -c sed -i 's/SigLevel.*/SigLevel = Optional TrustAll/' /etc/pacman.conf",
        "/bin/sh -c zypper ar --gpgcheck-allow-unsigned https://x y",
        "/bin/sh -c debootstrap --no-check-gpg trixie /x",
        "/bin/sh -c flatpak remote-add --no-gpg-verify x https://x",
        "/bin/sh -c snap install --dangerous x.snap",
        "/bin/sh -c yarn config set enableStrictSsl false",
        "/bin/sh -c nix-env --option require-sigs false -i x",
        "/bin/sh -c echo ':ssl_verify_mode: 0' > /root/.gemrc",
        "/bin/sh -c zypper mr -G x",
    ],
)
def test_switched_off_check(step: str) -> None:
    """Each switch that turns a check off fails."""
    assert verdict("4.11", facts(BASE, step))[0] == "fail"


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("/bin/sh -c apt-get update && apt-get install -y x", "manual"),
        ("/bin/sh -c dnf install --setopt=gpgcheck=1 x", "manual"),
        ("/bin/sh -c sed -i s/gpgcheck=0/gpgcheck=1/ /etc/x && yum install x", "manual"),
        ("/bin/sh -c printf 'gpgcheck=1\\nrepo_gpgcheck=0' > x", "pass"),
        ("/bin/sh -c pip install x", "manual"),
        ("/bin/sh -c python3 -m pip install x", "manual"),
        ("/bin/sh -c dpkg -i x.deb", "manual"),
        ("/bin/sh -c pacman -U http://x/p.pkg", "manual"),
        ("/bin/sh -c nix-env -iA x", "manual"),
        ("/bin/sh -c sometool -y install x", "manual"),
        ("/bin/sh -c make install && cmake --install b && install -m 755 a b", "pass"),
        ("/bin/sh -c timeout 60 pip3.11 install x", "manual"),
        ("/bin/sh -c sudo -u app /opt/bin/pip install x", "manual"),
        ("/bin/sh -c su app -c 'npm ci'", "manual"),
        ("/bin/sh -c echo pip install x", "pass"),
        ("/bin/sh -c rpm -Uvh x.rpm", "manual"),
        ("/bin/sh -c zypper -n ar -g http://x y && zypper -n in z", "manual"),
        ("/bin/sh -c printf 'Trusted: no' > /etc/apt/sources.list.d/x.sources", "pass"),
        ("/bin/sh -c echo 'Untrusted: yes' > /x", "pass"),
        ("/bin/sh -c GOINSECURE= go install x", "manual"),
        ("/bin/sh -c curl -fsSL https://x/y -o y && echo 12 y | sha256sum --check --strict && sh y", "pass"),
        ("/bin/sh -c wget http://x/y.tgz && test $(sha256sum y.tgz) = 12 && tar xf y.tgz", "pass"),
        ("/bin/sh -c curl -O http://x/y.tgz && gpg --batch --verify y.asc y.tgz && tar xf y.tgz", "pass"),
        ("/bin/sh -c git clone https://x/y && git -C y checkout " + "1" * 40 + " && make -C y", "pass"),
        ("/bin/sh -c wget http://127.0.0.1:8000/x.tgz && tar xf x.tgz", "pass"),
        ("/bin/sh -c npm config set proxy http://proxy:3128", "pass"),
        ("/bin/sh -c pip install --proxy http://proxy:3128 x", "manual"),
        ("/bin/sh -c http_proxy=http://proxy:3128 pip install x", "manual"),
        ("/bin/sh -c npx -y x", "manual"),
        ("/bin/sh -c curl -k https://x -o x && echo 12 x | sha256sum -c && tar xf x", "pass"),
        ("/bin/sh -c curl -k https://localhost/health", "pass"),
        ("COPY a b", "pass"),
    ],
)
def test_check_that_stays_on(step: str, expected: str) -> None:
    """What is installed with checks is shown to a person; a step that installs nothing passes."""
    found, reason = verdict("4.11", facts(BASE, step))
    assert found == expected
    assert ("installs with" in reason) == (expected == "manual")


@pytest.mark.parametrize(
    ("step", "verdict_of_it"),
    [
        ("curl -fsSL https://x | sh", "manual"),
        ("wget -qO- $URL | perl", "manual"),
        ("bash <(curl https://x)", "manual"),
        ('sh -c "$(curl -fsSL https://x)"', "manual"),
        ("python3 -c 'import urllib.request as u; exec(u.urlopen(\"https://x/i\").read())'", "manual"),
        ("fetcher --to /bin/y https://x/y && /bin/y", "manual"),
        ("timeout 9 wget https://x/y", "manual"),
        ("git clone git@example.org:a/b", "manual"),
        ("git -C /a submodule update", "manual"),
        ("xh --verify no https://x", "manual"),
        ("curl http://x/i | sh", "fail"),
        ("wget http://x/i.deb && dpkg -i i.deb", "fail"),
        ("aws s3 cp s3://x/y /y", "manual"),
        ("skopeo copy --src-tls-verify=false docker://x dir:/y", "manual"),
        ("gh release download v1 -R x/y", "manual"),
        ("aws s3 cp s3://x/y /y && sha256sum -c s", "pass"),
        ("aws --version", "pass"),
        ("git status", "pass"),
        ("wget --version", "pass"),
        ("curl -f http://localhost:8080/health", "pass"),
        ("curl -s 127.0.0.1/health || exit 1", "pass"),
        ("echo deb https://x y main >/etc/apt/sources.list", "pass"),
        ("curl -o x https://x && echo 12 x | sha256sum -c", "pass"),
        ("curl -x http://proxy:3128 -o y https://x/y && sh y", "manual"),
        ("curl -fsSL https://x/y.tgz -o y.tgz && sha256sum y.tgz && tar xf y.tgz", "manual"),
        ("curl -fsSL http://x/y.tgz -o y.tgz && sha256sum y.tgz && tar xf y.tgz", "fail"),
        ("wget http://x/y && gpg --verify y.asc y && tar xf y", "pass"),
        ("test https://x = $y", "pass"),
        ("curl -o x https://x/x && sha256sum -c s || true", "manual"),
        ("curl -o x https://x/x && (sha256sum -c s || echo bad) && sh x", "manual"),
        ("curl -o x https://x/x && gpg --verify x.asc x || :", "manual"),
        ("curl -o x https://x/x && sha256sum -c s || { echo bad; exit 1; }", "pass"),
        ("curl -o x https://x/x && sha256sum -c s || exit 1", "pass"),
        ("curl -o x http://x/x && curl -o s http://x/x.sha256 && sha256sum -c s && sh x", "fail"),
        (
            "wget http://x/x && wget --no-check-certificate https://x/SHA256SUMS && sha256sum -c s && sh x",
            "fail",
        ),
        ("curl -o x http://x/x && curl -o s https://x/x.sha256 && sha256sum -c s && sh x", "pass"),
        (
            "curl -o x http://x/x && curl -o s http://x/x.sha256 && gpg --verify s && sha256sum -c s && sh x",
            "pass",
        ),
    ],
)
def test_download_that_nobody_checks(step: str, verdict_of_it: str) -> None:
    """4.11: what comes from elsewhere without a sum is for a person to judge; over plain HTTP and used, it fails."""
    assert verdict("4.11", facts(BASE, f"RUN /bin/sh -c {step}"))[0] == verdict_of_it


@pytest.mark.parametrize(
    ("step", "verdict_of_it"),
    [
        ("/tmp/install.sh", "manual"),
        ("bash /x/setup", "manual"),
        ("npx cowsay", "manual"),
        ("uvx ruff", "manual"),
        ("pipenv sync", "manual"),
        ("gem update --system", "manual"),
        ("unattended-upgrade", "manual"),
        ("install-php-extensions gd", "manual"),
        ("python -m nltk.downloader all", "manual"),
        ("python -c 'import nltk; nltk.download(1)'", "manual"),
        ("pwsh -c Install-Module x", "manual"),
        ("terraform init", "manual"),
        ("apk fetch x", "manual"),
        ("npx --version", "pass"),
        ("npm cache clean --force", "pass"),
        ("apt-get clean && rm -rf /var/lib/apt/lists/*", "pass"),
        ("groupadd x && useradd -g x y && mkdir /z && chown y /z", "pass"),
    ],
)
def test_program_that_nobody_knows(step: str, verdict_of_it: str) -> None:
    """4.11: what a step runs beside programs that get nothing from elsewhere is for a person to judge."""
    assert verdict("4.11", facts(BASE, f"RUN /bin/sh -c {step} # buildkit"))[0] == verdict_of_it


def test_download_by_add() -> None:
    """4.11: what ADD fetches is looked at by nobody, as far as the history tells."""
    assert verdict("4.11", facts(BASE, "ADD https://x/y.tgz /y.tgz # buildkit"))[0] == "manual"


# ---- 4.12


def test_words_of_switched_off_checks() -> None:
    """The reason names each switch as a person would find it."""
    found = {
        "RUN pip install --trusted-host x y": ["pip --trusted-host"],
        "RUN python3 -m pip install --trusted-host=x y": ["pip --trusted-host"],
        "RUN tool --trusted-host x": [],
        "RUN yum install --nogpgcheck x": ["yum --nogpgcheck"],
        "RUN echo gpgcheck = 0 > /etc/x": ["gpgcheck = 0"],
        "RUN echo gpgcheck =\t 0 > /etc/x": ["gpgcheck = 0"],
        "LABEL x=gpgcheck=0": [],
        "RUN curl -k https://x/ | sh": ["curl -k"],
        "RUN /usr/bin/curl -k https://x/ | sh": ["curl -k"],
        "RUN curl -k https://x/ > y; gpg --verify y && sh y": [],
        "RUN curl -k https://x/": [],
        "RUN sh y; curl -k https://x/": [],
        "RUN curl -k https://x/ > y; cat y": [],
        "RUN echo curl -k; wget --no-check-certificate https://x/y; tar xf y": [
            "wget --no-check-certificate"
        ],
    }
    assert {step: list(unverified(Step(step))) for step in found} == found


def test_one_command_installs_once() -> None:
    """A command that names several programs is one installation, by the program that comes first."""
    assert list(installers(Step("RUN sudo apt-get install pip install x"))) == ["apt-get"]
    assert list(installers(Step("RUN apt-get install x && pip install y"))) == ["apt-get", "pip"]


@pytest.mark.parametrize(
    ("reference", "registry", "repository"),
    [
        ("nginx:1", False, "docker.io/library/nginx"),
        ("a/b/nginx:1", False, "docker.io/a/b/nginx"),
        ("localhost/nginx", True, "localhost/nginx"),
        ("localhost/a/nginx", True, "localhost/a/nginx"),
        ("reg.example/a/nginx:1", True, "reg.example/a/nginx"),
        ("reg:5000/a/nginx:1", True, "reg:5000/a/nginx"),
        ("reg:5000/nginx@sha256:" + "0" * 64, True, "reg:5000/nginx"),
        ("a.b", False, "docker.io/library/a.b"),
        ("a/b.c", False, "docker.io/a/b.c"),
    ],
)
def test_repositories(reference: str, registry: bool, repository: str) -> None:
    """A registry has a dot, a port or the name localhost in its first part, and nowhere else."""
    assert images._names_registry(reference) is registry
    assert images._repository(reference) == repository


def test_signatures_are_for_a_person() -> None:
    """The reason has what is to be found in the record, and how the site checks."""
    assert "sha256:abab" in verdict("4.12", facts())[1]
    found, reason = verdict(
        "4.12", facts(RepoDigests=["a@sha256:12"], policy=Policy(image_verification="cosign"))
    )
    assert (found, "a@sha256:12" in reason, "cosign" in reason) == ("manual", True, True)


# ---- 4.5


class Sockets:
    """A socket of the engine that group 998 may write to."""

    def group(self, name: str) -> Subjects[FileFact]:
        """All of them."""
        node = Node("/run/docker.sock", 0o140660, 0, 998)
        fact = FileFact("/run/docker.sock", State.FOUND, node, grants=())
        return Subjects(name, (("/run/docker.sock", fact),))


USERS = "user root:/root\nuser alice:/home/alice"


def trust(
    *lines: str,
    units: Sequence[str] = (),
    unread: Sequence[str] = (),
    policy: Policy | None = None,
    client: Sequence[str] = ("client 26.1.5+dfsg1",),
) -> tuple[str, str]:
    """What 4.5 says of a host where root and alice may pull, and these lines name the variable."""
    text = "\n".join(
        (USERS, *client, *(f"unread {each}" for each in unread), "--lines", *lines, "--units", *units, "")
    )
    answer = Answer(CONTENT_TRUST.name, 0, CONTENT_TRUST.keep(text), "")
    users = (User("root", 0, 0, "/bin/bash"), User("alice", 1000, 1000, "/bin/bash"))
    made = Facts(
        Recording("host", "local", {CONTENT_TRUST.name: answer}),
        policy or Policy(),
        engine=object(),
        api_socket=Sockets().group("api_socket"),
        accounts=Accounts(users, (Group("docker", 998, ("alice",)),)),
    )
    return judged("4.5", made)["host"]


ON = "DOCKER_CONTENT_TRUST=1"


ALL = f"/etc/environment:{ON}"


@pytest.mark.parametrize(
    "line",
    [
        ALL,
        "/etc/environment:DOCKER_CONTENT_TRUST=true",
        '/etc/environment:DOCKER_CONTENT_TRUST="yes"',
        f"/etc/environment:export {ON}",
        "/etc/security/pam_env.conf:DOCKER_CONTENT_TRUST DEFAULT=1",
        f"/etc/profile.d/trust.sh:export {ON}",
        f"/etc/profile:{ON}; export DOCKER_CONTENT_TRUST",
        f"/etc/profile:declare -x {ON} # for all",
    ],
)
def test_content_trust_for_all(line: str) -> None:
    """It is on where a file of every login says so, in any word that is not a no to the docker command."""
    found, reason = trust(line)
    assert (found, reason.partition(";")[0]) == ("pass", "on for root, alice")


@pytest.mark.parametrize(
    "line",
    [
        "/etc/environment:DOCKER_CONTENT_TRUST=0",
        "/etc/environment:DOCKER_CONTENT_TRUST=false",
        "/etc/environment:DOCKER_CONTENT_TRUST=",
        f"/etc/environment:# {ON}",
        f"/etc/profile:{ON}",
        f"/etc/profile:#export {ON}",
        "/etc/profile:unset DOCKER_CONTENT_TRUST",
    ],
)
def test_content_trust_that_is_off(line: str) -> None:
    """A no, a comment and a variable that no program gets leave it off."""
    assert trust(line) == ("fail", "content trust is off for root, alice")


def test_content_trust_nowhere() -> None:
    """Nobody turned it on: it fails, or the policy names another way."""
    assert trust() == ("fail", "content trust is off for root, alice")
    found, reason = trust(policy=Policy(image_verification="cosign, OPS-1"))
    assert (found, reason) == ("pass", "checked in another way, as the policy says: cosign, OPS-1")


def test_content_trust_of_one_user() -> None:
    """Each user counts, and a user's own files come after those for all."""
    assert trust(f"/root/.profile:export {ON}") == ("fail", "content trust is off for alice")
    late = ("/etc/profile:export DOCKER_CONTENT_TRUST=0", f"/etc/security/pam_env.conf:{ON}")
    assert trust(*late)[0] == "fail"
    both = (f"/root/.profile:export {ON}", f"/home/alice/.bashrc:export {ON}")
    assert trust(*both)[0] == "pass"
    assert trust("/home/alice/.profile:export DOCKER_CONTENT_TRUST=0", ALL)[1].endswith("for alice")
    assert trust(ALL, f"/home/alice/.profile:{ON}")[0] == "pass"
    assert trust("/home/alice/.profile:export DOCKER_CONTENT_TRUST", f"/etc/profile:{ON}")[1].endswith(
        "for root"
    )


@pytest.mark.parametrize(
    "line",
    [
        "/home/alice/.bashrc:alias docker='DOCKER_CONTENT_TRUST=0 docker'",
        "/home/alice/.bashrc:  export DOCKER_CONTENT_TRUST=0",
        "/home/alice/.bashrc:  unset DOCKER_CONTENT_TRUST",
        "/home/alice/.bashrc:export DOCKER_CONTENT_TRUST=$(cat /x)",
        "/home/alice/.bashrc:export A=b DOCKER_CONTENT_TRUST=0",
    ],
)
def test_content_trust_that_cannot_be_told(line: str) -> None:
    """What a line does that is no plain setting is for a person."""
    found, reason = trust(ALL, line)
    assert (found, reason) == ("manual", "whether content trust is on is unknown from the files of alice")


def test_content_trust_that_cannot_be_read() -> None:
    """An unreadable file is an error, unless somebody else has it off for certain."""
    for path in ("/home/alice", "/home/alice/.bashrc"):
        assert trust(ALL, unread=[path]) == ("error", f"alice: {path} could not be read")
    assert trust(ALL, unread=["/etc/profile"])[0] == "error"
    assert trust(ALL, unread=["/home/bob"])[0] == "pass"
    assert trust(unread=["/home/alice"]) == ("fail", "content trust is off for root")


def test_content_trust_of_services() -> None:
    """A service that starts containers gets nothing of a login: its unit has to say it."""
    unit = "/etc/systemd/system/web.service"
    starts = f"{unit}:ExecStart=/usr/bin/docker run "
    assert trust(ALL, units=[starts]) == ("fail", "content trust is off for service web.service")
    drop_in = f"{unit}.d/trust.conf:Environment=A=b {ON}"
    found, reason = trust(ALL, units=[starts, drop_in])
    assert (found, "service web.service" in reason) == ("pass", True)
    assert trust(ALL, units=[starts, f"{unit}:EnvironmentFile="])[0] == "manual"
    assert trust(ALL, units=[starts, drop_in, f"{unit}:Environment=DOCKER_CONTENT_TRUST=0"])[0] == "manual"
    assert trust(ALL, units=[f"{unit}:EnvironmentFile="])[0] == "pass"


@pytest.mark.parametrize("command", ["compose", "stack", "service", "build", "buildx"])
def test_content_trust_of_what_never_asked_for_it(command: str) -> None:
    """Compose, stacks, services and BuildKit pull what they are told to, whatever the variable says."""
    unit = "/etc/systemd/system/web.service"
    starts = (f"{unit}:ExecStart=/usr/bin/docker {command} ", f"{unit}:Environment={ON}")
    assert trust(ALL, units=starts) == ("fail", "content trust is off for service web.service")
    assert trust(ALL, units=(f"{unit}:ExecStart=/usr/bin/docker-compose ", starts[1]))[0] == "fail"


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("--disable-content-trust", "fail"),
        ("--rm --disable-content-trust=true", "fail"),
        ("--disable-content-trust=false", "pass"),
        ("", "pass"),
    ],
)
def test_content_trust_that_a_command_switches_off(option: str, expected: str) -> None:
    """The option of a command counts more than the variable."""
    unit = "/etc/systemd/system/web.service"
    assert (
        trust(ALL, units=[f"{unit}:ExecStart=/usr/bin/docker run {option}", f"{unit}:Environment={ON}"])[0]
        == expected
    )
    job = f"/etc/cron.d/web:0 1 * * * root docker pull {option}"
    assert trust(ALL, units=[job, f"/etc/cron.d/web:{ON}"])[0] == expected


def test_content_trust_of_tables_of_cron() -> None:
    """A job of cron reads no file of a shell: its table has to say it."""
    job = "/etc/cron.d/web:0 1 * * * root docker pull "
    assert trust(ALL, units=[job]) == ("fail", "content trust is off for service web")
    assert trust(ALL, units=[job, f"/etc/cron.d/web:{ON}"])[0] == "pass"
    assert trust(ALL, units=[job, "/etc/cron.d/web:DOCKER_CONTENT_TRUST = 0"])[0] == "fail"


def test_content_trust_by_the_command_that_asks() -> None:
    """From 29 on it does not look at the variable; where its version is not known, nothing is proven."""
    found, reason = trust(ALL, client=["client 29.10.0"])
    assert (found, "29.10.0 knows no content trust" in reason) == ("fail", True)
    assert trust(ALL, client=["client 28.5.2"])[0] == "pass"
    assert trust(ALL, client=[])[0] == "error"
    assert trust(client=[])[0] == "fail"
    assert trust(ALL, client=["client podman version 5"])[0] == "error"
    assert trust(ALL, client=["client 26.1.5", "plugin compose"])[0] == "manual"


def test_content_trust_of_lines_that_may_do_anything() -> None:
    """What is set in a part of a script, or handed on without being set, is not taken for more than it is."""
    told = ("manual", "whether content trust is on is unknown from the files of root, alice")
    assert trust(ALL, "/etc/profile:\tunset DOCKER_CONTENT_TRUST") == told
    assert trust(ALL, "/etc/profile:\t# unset DOCKER_CONTENT_TRUST")[0] == "pass"
    assert trust(ALL, "/etc/profile:unset DOCKER_CONTENT_TRUST # for all")[0] == "fail"
    assert trust("/etc/profile:export DOCKER_CONTENT_TRUST")[0] == "fail"
    assert trust(ALL, "/etc/profile:export DOCKER_CONTENT_TRUST")[0] == "pass"
    off = "/etc/profile:export DOCKER_CONTENT_TRUST=0"
    assert trust(off, "/etc/zshenv:export DOCKER_CONTENT_TRUST")[0] == "fail"


def test_files_with_a_colon_in_their_names() -> None:
    """A line, a user's home and a unit keep every letter of their names; what names no file is dropped."""
    assert trust(f"/etc/profile.d/a.sh:export {ON} # x:y")[0] == "pass"
    assert trust(f"nonsense {ON}", f":export {ON}", "/etc/x")[0] == "fail"
    unit = "/etc/systemd/system/web@a:b.service"
    kept = content_trust(
        Recording(
            "host",
            "local",
            {
                CONTENT_TRUST.name: Answer(
                    CONTENT_TRUST.name,
                    0,
                    "user root:/root\nuser alice:/home/a:b c\nunread /home/a:b c/.bashrc\n--lines\n"
                    f"/etc/a:b:on\n--units\n{unit}:starts\n",
                    "",
                )
            },
        ),
        Engine({}),
    )
    assert kept == ContentTrust(
        {"root": "/root", "alice": "/home/a:b c"},
        ("/home/a:b c/.bashrc",),
        (("/etc/a:b", Setting.ON),),
        ((unit, "starts"),),
    )
    assert kept.look("bob") == "the files of bob were not looked at"
    assert kept.look("alice") == "/home/a:b c/.bashrc could not be read"


def test_homes_are_told_apart() -> None:
    """A slash at the end of a home is none of its name; several unreadable files are all named."""
    found = ContentTrust({"a": "/home/X/"}, ("/etc/profile", "/home/X/.profile"), ())
    assert found.look("a") == "/etc/profile, /home/X/.profile could not be read"
    found = ContentTrust({"a": "/home/X/"}, (), (("/home/X/.profile", Setting.ON),))
    assert found.look("a") is Setting.ON


def test_units_that_may_say_anything() -> None:
    """A variable of a unit that is not understood, and an on without a start, are kept apart."""
    unit = "/etc/systemd/system/web.service"
    starts = f"{unit}:ExecStart=/usr/bin/docker run "
    assert trust(ALL, units=[starts, f"{unit}:Environment=XDOCKER_CONTENT_TRUST=1"])[0] == "manual"
    assert trust(ALL, units=[starts, f"{unit}:EnvironmentFile=-/etc/x"]) == (
        "manual",
        "whether content trust is on is unknown from the files of service web.service",
    )
    assert CONTENT_TRUST.keep(f"{USERS}\n--lines\n--units\n{starts}\n") == (
        f"{USERS}\n--lines\n--units\n{unit}:starts\n"
    )


def test_content_trust_stores_no_values() -> None:
    """Of the lines that name the variable only what they do is stored."""
    text = f"{USERS}\n--lines\n/etc/profile:export TOKEN={SECRET} {ON}\n--units\n/u/x.service:ExecStart={SECRET}\n"
    assert SECRET not in CONTENT_TRUST.keep(text)


# ---- policy


def test_policy_of_images() -> None:
    """The keys are read as a file writes them; nothing said is nothing allowed, and nonsense is refused."""
    silent = Policy.from_mapping({})
    assert (silent.image_max_age_days, silent.image_verification) == (None, None)
    policy = Policy.from_mapping({"image_max_age_days": 90, "image_verification": " cosign "})
    assert (policy.image_max_age_days, policy.image_verification) == (90, "cosign")
    for wrong in ({"image_max_age_days": 0}, {"image_max_age_days": "x"}, {"image_verification": ""}):
        with pytest.raises(PolicyError):
            Policy.from_mapping(wrong)
