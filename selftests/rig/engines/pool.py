"""Engines that tests share: those of equal configuration, one after the other, cleaned in between."""

from collections.abc import Mapping, Sequence

from selftests.rig.engines.engine import Engine
from selftests.rig.laboratory import Laboratory
from selftests.rig.shell import LabError

LIMIT = 6  # idle engines kept: each takes about 90 MiB


class Pool:
    """The engines of a session, those in use and those that wait for the next test."""

    def __init__(self, lab: Laboratory) -> None:
        """Begin with none; *lab* takes all of them down."""
        self.lab = lab
        self._idle: list[Engine] = []

    def lease(
        self, settings: Mapping[str, object], flags: Sequence[str] = (), hosts: Sequence[str] = ()
    ) -> Engine:
        """A running engine of this configuration with nothing in it, for the caller alone.

        Raises:
            LabError: the engine does not start.
        """
        wanted = (dict(settings), tuple(flags), tuple(hosts))
        for engine in [idle for idle in self._idle if _configuration(idle) == wanted]:
            self._idle.remove(engine)
            if _made_clean(engine):
                return engine
        return self.make(*wanted)

    def make(
        self, settings: Mapping[str, object], flags: Sequence[str] = (), hosts: Sequence[str] = ()
    ) -> Engine:
        """A running engine that nobody had before.

        Raises:
            LabError: the engine does not start; nothing of it is left then.
        """
        engine = Engine(self.lab, settings, flags, hosts)
        try:
            engine.start()
        except BaseException:
            engine.down()
            raise
        return engine

    def give_back(self, engine: Engine) -> None:
        """Let others have *engine*; the one that waited longest ends where too many wait."""
        if engine not in self._idle:
            self._idle.append(engine)
        while len(self._idle) > LIMIT:
            self._idle.pop(0).down()


def _configuration(engine: Engine) -> tuple[dict[str, object], tuple[str, ...], tuple[str, ...]]:
    return engine.settings, engine.flags, engine.hosts


def _made_clean(engine: Engine) -> bool:
    """Whether *engine* is as good as new; one that is not is taken down."""
    try:
        engine.reset()
    except LabError:
        engine.down()
        return False
    return True
