"""Gather once, before judging: one trip to each target, many at a time, and a recording of each."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from queue import Empty, Queue

from hullcheck.gather import image_cache, intake, processes, signals
from hullcheck.gather.transport import Connection, TransportError, run_script
from hullcheck.inventory import Target
from hullcheck.inventory.specs import plain, recorded_path
from hullcheck.recording import Recording, RecordingError
from hullcheck.recording.backends import RECORDED, backend_of
from hullcheck.recording.probe import Probe
from hullcheck.recording.script import render
from hullcheck.secrets.known import without_known
from hullcheck.secrets.names import known_to_site

AT_A_TIME = 64
_GRACE = 3  # seconds that a backend gets in which to notice its own time-out


def gather(
    targets: Sequence[Target],
    probes: tuple[Probe, ...],
    connection: Connection,
    *,
    probe_timeout: int = 30,
    cache: Path | None = None,
    done: Callable[[Recording], None] = lambda recording: None,
) -> dict[str, Recording]:
    """The recordings of *targets*, by name, in their order; that of a target that failed says why.

    Args:
        probe_timeout: seconds for each probe on the target.
        cache: the folder in which it is kept what was read of images.
        done: called in this thread, once for each target as it finishes.
    """
    waiting: Queue[Target] = Queue()
    for target in targets:
        waiting.put(target)
    finished: Queue[Recording] = Queue()

    def work() -> None:
        while True:
            try:
                target = waiting.get_nowait()
            except Empty:
                return
            finished.put(_bounded(target, probes, connection, probe_timeout, cache))

    processes.begin()
    for _ in range(min(AT_A_TIME, len(targets))):
        threading.Thread(target=work, daemon=True).start()
    recordings = {}
    try:
        with signals.as_interrupt():
            for _ in targets:
                recording = finished.get()
                recordings[recording.target] = recording
                done(recording)
    except BaseException:  # Ctrl-C, too
        processes.end_all()
        raise
    return {target.name: recordings[target.name] for target in targets}


def script_for(
    target: Target, probes: tuple[Probe, ...], probe_timeout: int, known_images: Iterable[str] = ()
) -> str:
    """The probe script as it is run on *target*, where the layers of *known_images* need not be read again."""
    return render(
        probes,
        docker_host=_docker_host(target),
        timeout=probe_timeout,
        known_images=known_images,
        paths=target.paths,
    )


def _docker_host(target: Target) -> str | None:
    backend = backend_of(target.connect)
    docker_host = None if backend == "docker" or backend == "podman" else target.docker_host
    if docker_host is None and backend == "local":
        return os.environ.get("DOCKER_HOST")  # sudo would drop it
    return docker_host


def _bounded(
    target: Target,
    probes: tuple[Probe, ...],
    connection: Connection,
    probe_timeout: int,
    cache: Path | None,
) -> Recording:
    """A recording of *target* within its time, whatever its backend does: not all of them know a time-out."""
    result: list[Recording] = []
    worker = threading.Thread(
        target=lambda: result.append(_record(target, probes, connection, probe_timeout, cache)), daemon=True
    )
    worker.start()
    worker.join(connection.timeout + intake.GRACE + _GRACE)
    if result:
        return result[0]
    reason = f"no answer within {connection.timeout} s"
    return _failed(target, probes, f"{plain(target.connect)} could not be audited: {reason}")


def _record(
    target: Target,
    probes: tuple[Probe, ...],
    connection: Connection,
    probe_timeout: int,
    cache: Path | None,
) -> Recording:
    try:
        with known_to_site(target.secret_names):
            return _recorded(target, probes, connection, probe_timeout, cache)
    except RecordingError as error:
        return _failed(target, probes, str(error))
    except TransportError as error:
        return _failed(target, probes, f"{plain(target.connect)} could not be audited: {error}")
    except Exception as error:  # a fault of ours must not hang or hide a target
        said = without_known(f"{type(error).__name__}: {error}")
        return _failed(target, probes, f"internal error while gathering: {said}")


def _recorded(
    target: Target,
    probes: tuple[Probe, ...],
    connection: Connection,
    probe_timeout: int,
    cache: Path | None,
) -> Recording:
    if backend_of(target.connect) == RECORDED:
        return replace(Recording.load(recorded_path(target.connect), probes), target=target.name)
    if cache is None:
        return _asked(target, probes, connection, probe_timeout)
    file = image_cache.file_for(cache, target, _docker_host(target))
    known = image_cache.load(file)
    recording = _asked(target, probes, connection, probe_timeout, known)
    recording = image_cache.complete(recording, known)
    image_cache.save(file, recording)
    return recording


def _asked(
    target: Target,
    probes: tuple[Probe, ...],
    connection: Connection,
    probe_timeout: int,
    known_images: Iterable[str] = (),
) -> Recording:
    asked = time.time()
    reply = run_script(target, script_for(target, probes, probe_timeout, known_images), connection)
    backend = backend_of(target.connect)
    recording = Recording.from_output(
        reply.output,
        probes,
        target=target.name,
        backend=backend,
        asked=asked,
        cut_off=bool(reply.fault),
    )
    if recording.failure:
        said = f" (it says: {reply.said})" if reply.said else ""
        raise TransportError(reply.fault or recording.failure + said)
    return replace(recording, host_key=reply.host_key)


def _failed(target: Target, probes: tuple[Probe, ...], failure: str) -> Recording:
    commands = {probe.name: probe.script.strip() for probe in probes}
    now = time.time()
    return Recording(
        target.name, backend_of(target.connect), commands=commands, gathered=now, failure=failure, asked=now
    )
