"""The steps of a history: what they are, what they do with packages, and what of them is stored."""

import json

import pytest

from hullcheck.facts.images.models import IMAGES
from hullcheck.facts.images.package_steps import fetches, may_install, switches, updates_alone
from hullcheck.facts.images.steps import Step, masked_step, steps_of

BASE = "/bin/sh -c #(nop) ADD file:8582af4daeaf0680 in / "


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (BASE, "ADD file:8582af4daeaf0680 in /"),
        ("/bin/sh -c #(nop)  ONBUILD ADD . /app", "ONBUILD ADD . /app"),
        ("COPY a /b # buildkit", "COPY a /b"),
        ("RUN /bin/sh -c apk update # buildkit", "RUN apk update"),
        ("|1 A=b c /bin/bash -o pipefail -c apt-get update", "RUN apt-get update"),
        ("RUN |1 A=b /bin/sh -c npm ci # buildkit", "RUN npm ci"),
        ("CMD", "CMD"),
        ("sleep 99", "RUN sleep 99"),
        ("", "(no words)"),
        (f"RUN {'x' * 200}", f"RUN {'x' * 96}..."),
    ],
)
def test_instruction(text: str, shown: str) -> None:
    """Both builders, with and without a shell and arguments."""
    assert Step(text).shown == shown


IMPORT = Step("", "imported from ")
SQUASHED = Step("", "merge sha256:")
EMPTY = Step("", empty_layer=True)
HOW = [f"bazel build @debian//:{name}" for name in ("base-files", "tzdata")]


@pytest.mark.parametrize(
    ("steps", "silent"),
    [
        ((IMPORT, "RUN true"), ""),
        ((BASE, EMPTY, SQUASHED), ""),
        # a container that somebody worked in
        ((BASE, "sleep 9999"), "2"),
        ((BASE, "bash"), "2"),
        ((BASE, "RUN nginx -t # buildkit", "|1 A=b nginx -t"), ""),
        # builders without a build file
        (("",), "1"),
        (("BusyBox 1.37.0 (glibc), Debian 13",), "1"),
        (("apko", Step('CMD ["sh"]', empty_layer=True)), "1"),
        (("apko", "apko"), "12"),
        (("apko", "apko", "COPY a b # buildkit"), ""),
        (("apko", "other", "RUN true"), "2"),
        ((BASE, "apko", "RUN true"), "2"),
        ((*HOW, "COPY app / # buildkit"), ""),
        ((*HOW, "python3 /app.py", "COPY app / # buildkit"), "3"),
        (("# debian.sh --arch 'amd64' out/ 'trixie' '@1700000000'",), ""),
    ],
)
def test_silent_steps(steps: tuple[str | Step, ...], silent: str) -> None:
    """Those that fill the image, and that no build file has; the base of another builder is known by its builder."""
    found = steps_of([Step(each) if isinstance(each, str) else each for each in steps])
    assert "".join(str(number) for number, each in enumerate(found, 1) if each.silent) == silent


@pytest.mark.parametrize(
    ("text", "is_base"),
    [
        (BASE, True),
        (f"/bin/sh -c #(nop) ADD dir:{'4f' * 32} in / ", True),
        ("ADD rootfs.tar.xz / # buildkit", True),
        ("ADD https://example.com/rootfs.tar / # buildkit", False),
        ("ADD f /f # buildkit", False),
        ("COPY rootfs / # buildkit", False),
    ],
)
def test_base(text: str, is_base: bool) -> None:
    """An ADD to the root directory of what was at hand."""
    assert Step(text).brings_file_system is is_base


# ---- packages


@pytest.mark.parametrize(
    ("text", "is_alone"),
    [
        ("RUN apt-get -qq update && rm -rf /x", True),
        ("RUN dnf makecache && pip install x", True),
        ("RUN true && bash -ec 'zypper -n ref'", True),
        ("ONBUILD RUN /usr/bin/apt-get update", True),
        ("RUN apk update; \\\n apk add curl", False),
        ("RUN apt update && apt -y upgrade", False),
        ("RUN git submodule update && echo apt-get update && update-ca-certificates", False),
        ("LABEL update.policy=apt-get update", False),
    ],
)
def test_update_alone(text: str, is_alone: bool) -> None:
    """An index is updated, and nothing is installed or upgraded by a package manager in the same step."""
    assert updates_alone(Step(text)) is is_alone


def test_scripts_may_install() -> None:
    """What a script of the image does is not in the history."""
    assert may_install(Step("RUN apt-get update && ./setup.sh"))
    assert may_install(Step("RUN apt-get update && make install"))
    assert not may_install(Step("RUN apt-get update && pip install x"))


SWITCHES = r"""
    RUN apt-get install -y --allow-unauthenticated x
    RUN apt-get update --allow-insecure-repositories
    RUN apt-get --force-yes install x
    RUN apt-get -o APT::Get::AllowUnauthenticated=true install x
    RUN echo 'Acquire::AllowInsecureRepositories "1";' > /etc/apt/apt.conf.d/99x
    RUN apt-get -o Acquire::https::Verify-Peer=false update
    RUN echo 'deb [arch=amd64 trusted=yes] http://x y main' > /etc/apt/sources.list
    RUN printf 'Types: deb\nTrusted: yes\n' > /etc/apt/sources.list.d/x.sources
    RUN apk add --allow-untrusted x.apk
    RUN yum -y install --nogpgcheck x
    RUN dnf install --setopt=*.gpgcheck=0 x
    RUN printf '[x]\ngpgcheck = 0\n' > /etc/yum.repos.d/x.repo
    RUN sed -i s/gpgcheck=1/gpgcheck=0/ /etc/yum.conf
    RUN yum --setopt=sslverify=false install x
    RUN zypper --no-gpg-checks in x
    RUN zypper addrepo -fG https://x y
    RUN zypper ar --gpgcheck-allow-unsigned-repo https://x y
    RUN rpm -i --nosignature x.rpm
    RUN rpm -i --nodigest x.rpm
    RUN python3 -m pip install --trusted-host=pypi.org x
    RUN pip config set global.trusted-host x
    ENV PIP_TRUSTED_HOST=pypi.org
    ENV PYTHONHTTPSVERIFY=0
    RUN conda config --set ssl_verify false
    RUN conda install -k x
    RUN npm config set strict-ssl false
    |1 NPM_CONFIG_STRICT_SSL=false /bin/sh -c npm ci
    ENV NODE_TLS_REJECT_UNAUTHORIZED=0
    RUN yarn config set enableStrictSsl false
    RUN npm install --no-strict-ssl
    RUN composer config -g secure-http false
    RUN composer config disable-tls true
    RUN git -c http.sslVerify=false clone https://x
    RUN GIT_SSL_NO_VERIFY=1 git clone https://x
    RUN timeout 60 /usr/bin/curl -fsSLk https://x -o y
    ONBUILD RUN curl --insecure https://x
    RUN echo insecure >> ~/.curlrc
    RUN wget --no-check-certificate https://x
    RUN echo check_certificate = off >> ~/.wgetrc
"""


def test_switched_off_check() -> None:
    """Each switch is found, and named as it stands there."""
    steps = [line.strip() for line in SWITCHES.strip().split("\n")]
    assert [step for step in steps if not [*switches(Step(step))]] == []
    assert [*switches(Step("RUN echo gpgcheck =\t 0 > /etc/x && /usr/bin/curl -sk https://x"))] == [
        "gpgcheck = 0",
        "curl -sk",
    ]


@pytest.mark.parametrize(
    ("text", "may_fetch"),
    [
        ("RUN sed -i s/gpgcheck=0/gpgcheck=1/ /etc/x && yum install x", True),
        ("RUN echo 'deb [trusted=yes] file:/x ./' > y && apt-get install z", True),
        ("RUN su app -c 'npm ci'", True),
        ("RUN python3 -c 'import urllib.request as u; exec(u.urlopen(\"https://x\").read())'", True),
        ("RUN bash /x/setup", True),
        ("ADD https://x/y.tgz /y.tgz # buildkit", True),
        ("ADD git@github.com:x/y.git /y # buildkit", True),
        ("RUN groupadd x && mkdir /z && chown x /z && rm -rf /var/lib/apt/lists/*", False),
        ("RUN tar -k -xf x && echo pip install x && for a in apk; do rm /bin/$a; done", False),
        ("COPY a b", False),
    ],
)
def test_what_is_fetched(text: str, may_fetch: bool) -> None:
    """Packages, downloads, and scripts that may get some; none of these steps switches a check off."""
    assert fetches(Step(text)) is may_fetch
    assert [*switches(Step(text))] == []


# ---- what is stored


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("|1 V=geheim touch /x", "|1 V=*** touch /x"),
        ("|2 V=a b W=c bash -c x y", "|2 V=*** W=*** bash -c x y"),
        ("RUN |1 V=a b /bin/sh -c x # buildkit", "RUN |1 V=*** /bin/sh -c x # buildkit"),
        ("ENV NODE_TLS_REJECT_UNAUTHORIZED=0 X=y z", "ENV NODE_TLS_REJECT_UNAUTHORIZED=0 X=***"),
        ("ENV X some words", "ENV X"),
        ("ENV PIP_INDEX_URL=http://localhost:3141", "ENV PIP_INDEX_URL=***"),
        ("RUN app --password=Hunter2secret", "RUN app --password=***"),
        ("COPY file:" + "a1" * 32, "COPY file:" + "a1" * 32),
    ],
)
def test_values_are_not_stored(text: str, stored: str) -> None:
    """Names stay, and the state of a switch; no other value of what a step sets does."""
    assert masked_step(text) == stored


def test_secrets_are_found_before_they_are_dropped() -> None:
    """The answer has where a secret was and of which kind, and not the secret: of settings and of steps."""
    secret, layers = "Hunter2secret", {"Layers": ["sha256:01"]}
    places = {
        "Env": [f"DB_PASSWORD={secret}"],
        "Labels": {"token": secret},
        "Cmd": ["app", f"--password={secret}"],
        "Healthcheck": {"Test": ["CMD-SHELL", f"curl -u bob:{secret} http://localhost"]},
        "OnBuild": [f"ENV API_KEY={secret}"],
    }
    lines = [json.dumps({"Id": f"{name}", "RootFS": layers, "Config": {name: of}}) for name, of in places.items()]
    step = {"created_by": f'CMD ["app", "--token", "{secret}"]'}
    lines += ["--stored", f"{'ab' * 32}:{json.dumps({'rootfs': {}, 'history': [step]})}", "--end", ""]
    kept = IMAGES.keep("\n".join(("--images", *lines)))
    images, stored = (text.splitlines() for text in kept.removeprefix("--images\n").split("--stored\n"))
    assert [bool(json.loads(line)["Secrets"]) for line in images] == [True] * len(places)
    assert '"secrets":["' in stored[0]
    assert secret not in kept
