"""Signs of an engine on a host."""

from hullcheck.facts.host.presence import Presence
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer


def test_signs_of_an_engine() -> None:
    """Commands by their names, sockets by their paths, and processes of this machine by their numbers."""
    text = "command docker /usr/bin/docker\nsocket /run/docker.sock\nprocess 7"
    for more, pids in (("", (7,)), ("\nforeign", ())):
        answer = Answer("engine_presence", 0, text + more, "")
        found = Presence.of(Recording("host", "local", {answer.name: answer}))
        assert (found.commands, found.sockets) == (("docker",), ("/run/docker.sock",))
        assert (found.client, found.daemon_pids) == ("/usr/bin/docker", pids)
