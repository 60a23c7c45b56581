"""Stacks of ordinary services go on as before with the override that mends them, and much less fails."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct

from hullcheck import cli
from selftests.kit.running import Project
from selftests.rig import cleanup, images
from selftests.rig.shell import LabError
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

EngineFactory = Callable[..., "Engine"]
Found = tuple[str, str]
"""A control and a subject."""
TARGET = "box"
CONTROLS = ("tests/test_4_images.py", "tests/test_5_container_runtime.py", "tests/test_guide_3_containers.py")

# ---- images, which start as those that the projects publish: as root, to give folders away and drop rights

SERVICES = "services:1"
REDIS = """
[ "$(id -u)" != 0 ] || { find . ! -user redis -exec chown redis {} +
exec setpriv --reuid redis --regid redis --clear-groups redis-server --protected-mode no; }
exec redis-server --protected-mode no
"""
POSTGRES = """
PATH=$PATH:/usr/lib/postgresql/17/bin
if [ "$(id -u)" = 0 ]; then
  mkdir -p /var/run/postgresql "$PGDATA"
  chown postgres /var/run/postgresql "$PGDATA"
  chmod 700 "$PGDATA"
  exec setpriv --reuid postgres --regid postgres --init-groups sh -ec "$0"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  printf %s "$POSTGRES_PASSWORD" >/tmp/password
  initdb --username postgres --auth scram-sha-256 --pwfile /tmp/password --no-sync
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
fi
exec postgres -c "listen_addresses=*"
"""
IMAGES = {
    "nginx:1": """
        RUN ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf /dev/stderr /var/log/nginx/error.log
        EXPOSE 80
        STOPSIGNAL SIGQUIT
        ENTRYPOINT ["nginx", "-g", "daemon off;"]
    """,
    "redis:1": f"""
        RUN mkdir /data && chown redis:redis /data
        VOLUME /data
        WORKDIR /data
        EXPOSE 6379
        ENTRYPOINT {json.dumps(["sh", "-ec", REDIS])}
    """,
    "postgres:1": f"""
        ENV PGDATA=/var/lib/postgresql/data
        RUN mkdir $PGDATA && chown postgres:postgres $PGDATA
        VOLUME /var/lib/postgresql/data
        EXPOSE 5432
        STOPSIGNAL SIGINT
        ENTRYPOINT {json.dumps(["sh", "-ec", POSTGRES, POSTGRES])}
    """,
}

# ---- stacks


class Stack(Struct, frozen=True):
    """A Compose file, and how it is seen that its services answer."""

    file: str
    answers: Mapping[str, str]  # by command what it prints: of the host, or behind a service's name and a colon of it


FETCH = "busybox wget -q -T 3 -O - http://127.0.0.1"
QUERY = "psql -h db -U postgres -Atc"
OLDEST = f"client: {QUERY} 'select min(at) from seen'"
"""Of the rows that the client writes, in a volume."""
STACKS = {
    "shop": Stack(
        """
services:
  web:
    image: nginx:1
    restart: always
    ports:
      - "8080:80"
    depends_on: [cache]
  cache:
    image: redis:1
    restart: always
""",
        {
            f"{FETCH}:8080/ | grep -o Welcome.to.nginx!.*h1": "Welcome to nginx!</h1",
            "cache: redis-cli set key value": "OK",
            "web: redis-cli -h cache get key": "value",
            "web: redis-cli -h cache ping": "PONG",
        },
    ),
    "data": Stack(
        """
services:
  db:
    image: postgres:1
    restart: unless-stopped
    environment:
      POSTGRES_PASSWORD: kept-in-the-file
    volumes:
      - data:/var/lib/postgresql/data
  client:
    image: services:1
    command: sh -c 'while sleep 1; do psql -h db -U postgres -c "$$INSERT" >/tmp/last; done'
    environment:
      PGPASSWORD: kept-in-the-file
      INSERT: INSERT INTO seen VALUES (now())
    depends_on:
      - db
volumes:
  data:
""",
        {
            f"client: {QUERY} 'select 1'": "1",
            f"client: {QUERY} 'create table if not exists seen (at timestamptz)'": "CREATE TABLE",
            f"client: {QUERY} \"select count(*) > 0 from seen where at > now() - interval '3 s'\"": "t",
        },
    ),
    "work": Stack(
        """
services:
  worker:
    image: bb:1
    privileged: true
    pid: host
    ports:
      - 8081:8000
    environment:
      - HOME=/home/worker
    command:
      - sh
      - -ec
      - |
        mkdir -p /tmp/pages "$$HOME"
        cd /tmp/pages
        (while :; do date >"$$HOME/last"; cp "$$HOME/last" index.html; sleep 1; done) &
        exec httpd -f -p 8000
""",
        {
            f"{FETCH}:8081/ | grep -c UTC": "1",
            "worker: sh -c 'find $HOME/last -mmin -1 | wc -l'": "1",
        },
    ),
}


class Running:
    """The stacks in an engine."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        """Make their images, and write their files to *folder*."""
        self.engine, self.folder = engine, folder
        engine.import_image(archive(), SERVICES)
        for tag, lines in IMAGES.items():
            engine.docker("build", "--tag", tag, "-", stdin=f"FROM {SERVICES}\n{lines}")
        for name, stack in STACKS.items():
            (folder / f"{name}.yml").write_text(stack.file)

    def compose(self, name: str, *words: str, timeout: float = 120) -> str:
        """Return what docker compose prints of a stack, with its override if there is one."""
        files = [self.folder / f"{name}.yml", self.folder / f"compose.{name}.yml"]
        named = [word for file in files if file.exists() for word in ("--file", str(file))]
        return self.engine.docker("compose", "--project-name", name, *named, *words, timeout=timeout)

    def said(self, command: str, name: str) -> str:
        """Return what a command prints, of the host or of a service."""
        service, colon, inside = command.partition(": ")
        try:
            if colon:
                return self.compose(name, "exec", "-T", service, "sh", "-c", inside, timeout=10).strip()
            return self.engine.nsenter("sh", "-c", command, timeout=10).strip()
        except LabError as error:
            return str(error)

    def wrong(self, name: str) -> dict[str, str]:
        """Return what services of a stack do not answer as they should, by command."""
        said = {command: self.said(command, name) for command in STACKS[name].answers}
        return {command: each for command, each in said.items() if each != STACKS[name].answers[command]}

    def start(self, name: str) -> None:
        """Let docker compose make the containers as the files say, and wait until all of them answer."""
        self.compose(name, "up", "--detach", "--timeout", "2")
        try:
            until(lambda: not self.wrong(name), name, 60)
        except LabError as error:
            raise LabError(f"{self.wrong(name)}: {self.compose(name, 'logs', '--tail', '5')}") from error

    def failing(self, project: Project) -> set[Found]:
        """Return what fails of containers, or cannot be judged."""
        target = {"connect": "local://", "docker_host": f"unix://{self.engine.socket}"}
        inventory = project.write("inventory.yml", json.dumps({"targets": {TARGET: target}}))
        run = project.pytest("-m", "cis or guide", f"--inventory={inventory}", "--changes", *CONTROLS, timeout=300)
        return {
            (result["control"], each["subject"])
            for result in run.results["results"]
            for each in result["findings"]
            if each["kind"] == "container" and each["verdict"] in {"fail", "error"}
        }


def archive() -> Path:
    """Return the file system with the servers, made unless it was before."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hullcheck-lab"
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = cache / f"{'-'.join(images.SERVERS.split())}.tar"
    with cleanup.alone(path.with_suffix(".lock")):
        if not path.exists():
            images.services(path)
    return path


def mended(running: Running, run: Path, stack: str) -> None:
    """Write the override of the remedy beside the file of a stack."""
    output = run.parent.parent / "remedy"
    assert cli.main(["remedy", str(run), f"--output={output}", "--also=all"]) == 0
    text = (output / TARGET / f"compose.{stack}.yml").read_text()
    (running.folder / f"compose.{stack}.yml").write_text(text)


@pytest.mark.needs("mmdebstrap", "docker-compose")
def test_overrides(engine: EngineFactory, suite: Project, tmp_path: Path) -> None:
    """With the overrides most of what failed of containers passes, nothing else fails, and every service answers."""
    running = Running(engine(guarded=True), tmp_path)
    for name in STACKS:
        running.start(name)
    before, oldest = running.failing(suite), running.said(OLDEST, "data")
    for name in STACKS:
        mended(running, suite.folder / "reports/latest", name)
    for name in STACKS:
        running.start(name)
    assert running.said(OLDEST, "data") == oldest
    after = running.failing(suite)
    assert after - before == set()
    assert len(after) <= 0.4 * len(before), sorted(after)
    assert {name: running.wrong(name) for name in STACKS} == {name: {} for name in STACKS}
