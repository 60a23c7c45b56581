"""The short and long forms of the Compose specification: docker compose reads each, and what is kept is the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hullcheck import compose
from hullcheck.facts import Facts
from hullcheck.facts.containers.compose import COMPOSE_FILE
from hullcheck.policy import Policy
from selftests.kit.judging import judged
from selftests.needs import need

# Settings of a service in flow style: in one row, those that mean the same. A row that begins with `=` changes nothing
# that any control looks at.
FORMS = [
    tuple(line.split(" | "))
    for line in r"""
build: . | build: {context: .} | build: {context: ., dockerfile: Dockerfile, args: [A=1]} | build: {dockerfile_inline: FROM a}
cap_add: [SYS_ADMIN] | cap_add: ['SYS_ADMIN']
cap_drop: [ALL] | cap_drop: ["ALL"]
cgroup_parent: /a | cgroup_parent: "/a"
command: /usr/sbin/sshd -D | command: [/usr/sbin/sshd, -D] | entrypoint: /usr/sbin/sshd -D
= command: | command: [] | command: "" | entrypoint: | entrypoint: []
configs: [one] | configs: [{source: one, target: /one}] | configs: [{source: one, mode: 0440, uid: "1"}]
= configs: [inline] | configs: [{source: inline, target: /x}]
cpus: 0.5 | cpus: '0.5' | deploy: {resources: {limits: {cpus: '0.5'}}} | deploy: {resources: {limits: {cpus: 0.5}}}
= cpus: 0 | mem_limit: 0 | pids_limit: 0
cpu_shares: 512 | cpu_shares: '512'
= depends_on: [a] | depends_on: {a: {condition: service_started}}
= deploy: {replicas: 0} | deploy: {mode: global} | scale: 2 | deploy: {labels: {a: b}} | deploy: {resources: {}}
deploy: {restart_policy: {condition: on-failure, max_attempts: 3}} | restart: on-failure:3
deploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}} | deploy: {resources: {reservations: {devices: [{capabilities: [gpu], count: all}]}}}
devices: [/dev/sda] | devices: [/dev/sda:/dev/sda] | devices: ['/dev/sda:/dev/xvda:r']
device_cgroup_rules: ['c 1:3 mr'] | device_cgroup_rules: ["c 1:3 mr"]
= dns: 1.1.1.1 | dns: [1.1.1.1] | dns_search: a.b | dns_search: [a.b]
= env_file: web.env | env_file: [web.env] | env_file: [{path: web.env, required: false}] | env_file: [{path: none.env, required: false}]
environment: {DB_PASSWORD: hunter2x9} | environment: [DB_PASSWORD=hunter2x9] | environment: ['DB_PASSWORD=hunter2x9', MODE=1]
environment: {DB_PASSWORD: } | environment: [DB_PASSWORD]
= environment: {A: 1, B: true, C: null, D: 1.5} | environment: [A=1] | environment: {} | environment: []
= expose: [80] | expose: ["80/tcp"] | expose: ["80-82"]
= extra_hosts: ['a:1.2.3.4'] | extra_hosts: {a: 1.2.3.4} | extra_hosts: ['a=1.2.3.4']
= group_add: [1000] | group_add: [mail]
healthcheck: {disable: true} | healthcheck: {test: [NONE]}
healthcheck: {test: exit 0} | healthcheck: {test: [CMD-SHELL, exit 0]} | healthcheck: {test: [CMD-SHELL, "true"], interval: 1m30s, retries: 3}
ipc: host | ipc: "host"
labels: {a.b: c} | labels: [a.b=c] | labels: {a.b: 1}
= annotations: {a: b} | annotations: [a=b]
logging: {driver: none} | logging: {driver: none, options: {}}
mem_limit: 512m | mem_limit: 536870912 | mem_limit: 512M | mem_limit: 512mb | mem_limit: '0.5g' | deploy: {resources: {limits: {memory: 512M}}}
network_mode: host | network_mode: "host"
= networks: [default] | networks: {default: } | networks: {default: {aliases: [a]}} | networks: {default: {priority: 1}}
networks: [lan] | networks: {lan: } | networks: {lan: {ipv4_address: 10.9.0.2}}
pid: host | pid: "host"
pids_limit: 100 | pids_limit: '100' | deploy: {resources: {limits: {pids: 100}}}
ports: [3000] | ports: ["3000"] | ports: [{target: 3000}] | ports: ["3000/tcp"]
ports: ["8080:80"] | ports: [8080:80] | ports: [{target: 80, published: 8080}] | ports: [{target: 80, published: "8080", protocol: tcp, mode: host}]
ports: ["127.0.0.1:53:53/udp"] | ports: [{target: 53, published: 53, host_ip: 127.0.0.1, protocol: udp}]
ports: ["8000-8001:90-91"] | ports: ["8000:90", "8001:91"]
ports: ["[::1]:81:80"] | ports: [{target: 80, published: 81, host_ip: "::1"}]
privileged: true | privileged: "true"
= privileged: false | read_only: false | init: true | tty: true | stdin_open: true | platform: linux/amd64
read_only: true | read_only: "true"
restart: always | restart: "always" | deploy: {restart_policy: {condition: any}}
= restart: "no" | deploy: {restart_policy: {condition: none}}
secrets: [key] | secrets: [{source: key, target: key}] | secrets: [{source: key, target: /run/secrets/key, mode: 0400}]
= secrets: [outside] | secrets: [{source: outside}] | secrets: [of_env]
security_opt: [seccomp:unconfined] | security_opt: ["seccomp:unconfined"]
security_opt: [seccomp=unconfined] | security_opt: ["seccomp=unconfined"]
= stop_grace_period: 1m | stop_signal: SIGINT | shm_size: 64m | sysctls: {net.core.somaxconn: 1024} | sysctls: [net.core.somaxconn=1024] | oom_score_adj: -5 | mem_swappiness: 10 | memswap_limit: 1g
= storage_opt: {size: 1G} | blkio_config: {weight: 300} | profiles: [debug] | pull_policy: always | container_name: c | hostname: h | x-note: {a: [b]} | attach: false | develop: {watch: []} | mac_address: 02:42:ac:11:65:43
tmpfs: /tmp | tmpfs: [/tmp] | tmpfs: ['/tmp:size=64m,noexec']
ulimits: {nofile: 10} | ulimits: {nofile: {soft: 10, hard: 10}}
ulimits: {core: 0} | ulimits: {core: {soft: 0, hard: 0}}
user: root | user: "root"
user: "1000:1000" | user: 1000:1000
userns_mode: host | userns_mode: "host"
uts: host | uts: "host"
volumes: ['./a:/a'] | volumes: [{type: bind, source: ./a, target: /a}] | volumes: ['./a:/a:rw'] | volumes: ['./a:/a:z'] | volumes: [{type: bind, source: ./a, target: /a, bind: {create_host_path: true}}]
volumes: ['/etc:/e:ro'] | volumes: [{type: bind, source: /etc, target: /e, read_only: true}]
volumes: ['/srv:/s:rshared'] | volumes: [{type: bind, source: /srv, target: /s, bind: {propagation: rshared}}]
volumes: ['data:/d'] | volumes: [{type: volume, source: data, target: /d}] | volumes: [{type: volume, source: data, target: /d, volume: {nocopy: true}}]
volumes: [/anonymous] | volumes: [{type: volume, target: /anonymous}]
volumes: [{type: tmpfs, target: /t}] | volumes: [{type: tmpfs, target: /t, tmpfs: {size: 1000000}}]
volumes_from: [seeing] | volumes_from: ['seeing:rw']
""".strip().splitlines()
]
OTHERS = """
  a: {image: a}
  seeing: {image: a, volumes: ['./a:/a']}
volumes: {data: }
networks: {lan: {ipam: {config: [{subnet: 10.9.0.0/24}]}}}
configs: {one: {file: ./one}, inline: {content: text}}
secrets: {key: {file: ./key}, outside: {external: true}, of_env: {environment: HOME}}
"""


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """A file with a service for each form, as docker compose reads it."""
    need("docker-compose")
    folder: Path = tmp_path_factory.mktemp("forms")
    forms = {f"row{row}-{at}": form for row, forms in enumerate(FORMS) for at, form in enumerate(forms)}
    services = "".join(
        f"  {name}:\n    {'' if form.removeprefix('= ').startswith('build') else 'image: a'}\n    {form.removeprefix('= ')}\n"
        for name, form in forms.items()
    )
    (folder / "compose.yml").write_text(f"version: '3.8'\nname: forms\nservices:\n{services}{OTHERS[1:]}")
    (folder / "web.env").write_text("A=1\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return Facts(compose.recorded("shop", "compose.yml"), Policy())


@pytest.mark.parametrize("number", range(len(FORMS)), ids=[row[0] for row in FORMS])
def test_forms_mean_the_same(facts: Facts, number: int) -> None:
    """Every form of a row is kept as the first one, and differs from a service without it."""
    services: dict[str, Any] = json.loads(facts.recording.text(COMPOSE_FILE))["services"]
    kept = [{**services[f"row{number}-{at}"]["Inspect"], "Name": ""} for at in range(len(FORMS[number]))]
    assert kept == kept[:1] * len(kept)
    assert (kept[0] == {**services["a"]["Inspect"], "Name": ""}) is FORMS[number][0].startswith("= ")


@pytest.mark.parametrize("key", ["4.1", *(f"5.{number}" for number in range(2, 33))])
def test_every_form_is_judged(facts: Facts, key: str) -> None:
    """No control ends in an error on any form."""
    verdicts = judged(key, facts)
    assert len(verdicts) > sum(map(len, FORMS))
    assert {name: said for name, (verdict, said) in verdicts.items() if verdict == "error"} == {}
