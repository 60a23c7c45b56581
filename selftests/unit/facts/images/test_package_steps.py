"""The words of build steps that switch a check off."""

from hullcheck.facts.images.package_steps import switches
from hullcheck.facts.images.steps import Step

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
