"""Engines on a switch, each with two network cards: one to manage a swarm, and one for its data."""

import contextlib
from functools import partial

from selftests.rig import cleanup
from selftests.rig.engines.engine import Engine
from selftests.rig.laboratory import Laboratory
from selftests.rig.shell import CommandError, call
from selftests.rig.waiting import until

CARDS = ("eth0", "eth1")
LEAVE_LIMIT = 90.0  # seconds; up to 20 for each manager that misses the others


class Switch:
    """Some engines, numbered from 1, that reach each other over two networks and nothing else.

    There is no default route: with one that leads nowhere, every new service would wait for a registry.
    """

    def __init__(self, lab: Laboratory, count: int) -> None:
        """Start *count* engines.

        Raises:
            LabError: one does not start; nothing is left then.
        """
        self.lab = lab
        self.engines: list[Engine] = []
        self.netns = lab.name()
        lab.namespace(self.netns)
        try:
            for card in CARDS:
                self._ip("link", "add", f"br-{card}", "up", "type", "bridge")
            for _ in range(count):
                self._add()
        except BaseException:
            self.down()
            raise

    def address(self, number: int, card: str = "eth0") -> str:
        """The address of the engine with this *number* on one of its cards."""
        return f"10.{213 + CARDS.index(card)}.0.{number}"

    def init(self, number: int = 1, *options: str) -> None:
        """Make the engine the first manager of a new swarm, with these options of `docker swarm init`."""
        self._engine(number).docker("swarm", "init", "--advertise-addr", self.address(number), *options)

    def join(self, number: int, role: str = "worker", *options: str, by: int = 1, port: int = 2377) -> None:
        """Let the engine join the swarm of the manager *by*, as a worker or a manager."""
        token = self._engine(by).docker("swarm", "join-token", "--quiet", role).strip()
        own = ("--advertise-addr", self.address(number), *options)
        self._engine(number).docker("swarm", "join", "--token", token, *own, f"{self.address(by)}:{port}")

    def leave(self) -> None:
        """Let every engine that is in a swarm leave it, by force; those that were stopped start for that.

        Raises:
            LabError: one does not.
        """
        for engine in self.engines:
            engine.start()
        for engine in reversed(self.engines):
            until(partial(self._left, engine), f"engine {engine.name} leaves no swarm", LEAVE_LIMIT)
        for engine in self.engines:  # networks of tasks that have just ended linger for two seconds
            gone = partial(self._has_no_overlay, engine)
            until(gone, f"engine {engine.name} keeps networks of its swarm", LEAVE_LIMIT)

    def service(self, name: str, *options: str, by: int = 1, image: str = "bb:1") -> None:
        """Make a service without waiting for it."""
        plain = ("--detach", "--no-resolve-image", "--name", name, *options)
        self._engine(by).docker("service", "create", *plain, image, "sleep", "9999")

    def down(self) -> None:
        """Take engines and networks down."""
        for engine in self.engines:
            engine.down()
        self.engines.clear()
        cleanup.delete_namespace(self.netns)

    def _add(self) -> None:
        engine = Engine(self.lab)
        self.engines.append(engine)
        for card in CARDS:
            self._plug(engine, card)
        engine.start()

    def _plug(self, engine: Engine, card: str) -> None:
        """A cable from a card of the engine to a bridge; both ends live in namespaces and end with them."""
        number = len(self.engines)
        port = f"{card}-{number}"
        far_end = ("type", "veth", "peer", "name", card, "netns", engine.netns)
        self._ip("link", "add", port, "up", "master", f"br-{card}", *far_end)
        call("ip", "-n", engine.netns, "address", "add", f"{self.address(number, card)}/24", "dev", card)
        call("ip", "-n", engine.netns, "link", "set", card, "up")

    def _left(self, engine: Engine) -> bool:
        """Whether the engine is in no swarm; one that is tries to leave."""
        if self._state(engine) == "inactive":
            return True
        # a manager that is demoted first leaves at once; otherwise the others miss it for 20 seconds
        with contextlib.suppress(CommandError):
            engine.docker("node", "demote", "self")
        with contextlib.suppress(CommandError):  # one that gave up joining left by itself meanwhile
            engine.docker("swarm", "leave", "--force")
        return False

    @staticmethod
    def _has_no_overlay(engine: Engine) -> bool:
        return not engine.docker("network", "ls", "--quiet", "--filter", "driver=overlay")

    @staticmethod
    def _state(engine: Engine) -> str:
        return engine.docker("info", "--format", "{{.Swarm.LocalNodeState}}").strip()

    def _engine(self, number: int) -> Engine:
        return self.engines[number - 1]

    def _ip(self, *arguments: str) -> None:
        call("ip", "-n", self.netns, *arguments)
