"""Gather once, before judging: one trip to each target, many at a time, and a recording of each."""

import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from queue import Queue
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from hullcheck.gather import image_cache, processes
from hullcheck.gather.transport import Connection, TransportError, run_script
from hullcheck.inventory import Target
from hullcheck.inventory.specs import plain, recorded_path
from hullcheck.recording import Recording, RecordingError
from hullcheck.recording.backends import COMPOSE, RECORDED, backend_of
from hullcheck.recording.probe import Probe
from hullcheck.recording.script import render
from hullcheck.secrets.known import without_known
from hullcheck.secrets.names import known_to_site

JOBS = 64
_COMPOSING = threading.BoundedSemaphore(os.cpu_count() or 1)  # so many run docker compose at once
_GRACE = 3  # seconds that a backend gets in which to notice its own time-out


def arriving(
    targets: Sequence[Target],
    probes: tuple[Probe, ...],
    connection: Connection,
    *,
    probe_timeout: int = 30,
    cache: Path | None = None,
    jobs: int = JOBS,
) -> Iterator[Recording]:
    """Yield the recording of each target as it arrives, *jobs* at a time; a failed one has the reason.

    Each probe has *probe_timeout* seconds. What was read of images is kept in the folder *cache*.
    """
    waiting = iter(list(targets))  # each target goes to one of the threads
    finished: Queue[Recording] = Queue()
    trip = _Trip(probes, connection, probe_timeout, cache)

    def work() -> None:
        for target in waiting:
            finished.put(trip.bounded(target))

    processes.ended.clear()
    for _ in range(min(jobs, len(targets))):
        threading.Thread(target=work, daemon=True).start()
    try:
        for _ in targets:
            yield finished.get()
    except BaseException:  # Ctrl-C, too
        processes.end_all()
        raise


def require_files(targets: Iterable[Target]) -> None:
    """Raise RecordingError if a Compose file among *targets* is not there."""
    for target in targets:
        if backend_of(target.connect) == COMPOSE:
            from hullcheck import compose  # late, as below

            compose.files_of(str(recorded_path(target.connect)))


def script_for(
    target: Target, probes: tuple[Probe, ...], timeout: int, known: Iterable[str] = (), *, shown: bool = False
) -> str:
    """Return the probe script as it is run on *target*, where the layers of *known* images need not be read again."""
    engine = _docker_host(target)
    return render(probes, docker_host=engine, timeout=timeout, known_images=known, paths=target.paths, shown=shown)


def _docker_host(target: Target) -> str | None:
    backend = backend_of(target.connect)
    docker_host = None if backend in ("docker", "podman") else target.docker_host
    return os.environ.get("DOCKER_HOST") if docker_host is None and backend == "local" else docker_host  # sudo drops it


class _Trip(Struct, frozen=True):
    """The arguments of `arriving`, which are the same for each target."""

    probes: tuple[Probe, ...]
    connection: Connection
    probe_timeout: int
    cache: Path | None

    def bounded(self, target: Target) -> Recording:
        """Return a recording of *target* within its time: not all backends know a time-out."""
        result: list[Recording] = []
        worker = threading.Thread(target=lambda: result.append(self._record(target)), daemon=True)
        worker.start()
        worker.join(self.connection.timeout + processes.GRACE + _GRACE)
        late = f"{plain(target.connect)} could not be audited: no answer within {self.connection.timeout} s"
        return result[0] if result else self._failed(target, late)

    def _record(self, target: Target) -> Recording:
        try:
            with known_to_site(target.secret_names):
                return self._recorded(target)
        except RecordingError as error:
            return self._failed(target, str(error))
        except TransportError as error:
            return self._failed(target, f"{plain(target.connect)} could not be audited: {error}")
        except Exception as error:  # a fault of ours must not hang or hide a target
            said = without_known(f"{type(error).__name__}: {error}")
            return self._failed(target, f"internal error while gathering: {said}")

    def _recorded(self, target: Target) -> Recording:
        if backend_of(target.connect) == COMPOSE:
            from hullcheck import compose  # late: it imports the facts, and a host is asked before they are

            with _COMPOSING:
                return compose.recorded(target.name, recorded_path(target.connect))
        if backend_of(target.connect) == RECORDED:
            return replace(Recording.load(recorded_path(target.connect), self.probes), target=target.name)
        if self.cache is None:
            return self._asked(target)
        file = image_cache.file_for(self.cache, target, _docker_host(target))
        known = image_cache.load(file)
        recording = image_cache.complete(self._asked(target, known), known)
        image_cache.save(file, recording)
        return recording

    def _asked(self, target: Target, known_images: Iterable[str] = ()) -> Recording:
        asked = time.time()
        script = script_for(target, self.probes, self.probe_timeout, known_images)
        reply = run_script(target, script, self.connection)
        about: dict[str, Any] = {"target": target.name, "backend": backend_of(target.connect), "asked": asked}
        recording = Recording.from_output(reply.output, self.probes, **about, cut_off=bool(reply.fault))
        if recording.failure:
            said = f" (it says: {reply.said})" if reply.said else ""
            raise TransportError(reply.fault or recording.failure + said)
        return replace(recording, host_key=reply.host_key)

    def _failed(self, target: Target, failure: str) -> Recording:
        commands = {probe.name: probe.command for probe in self.probes}
        now = time.time()
        return Recording(target.name, backend_of(target.connect), {}, commands, now, failure, asked=now)
