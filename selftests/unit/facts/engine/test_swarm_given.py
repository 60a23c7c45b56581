"""What services of a swarm are given."""

from hullcheck.facts.engine.swarm_given import SwarmService


def test_configs() -> None:
    """A config is exposed by its name, its file, or a secret in its text; one without its text was not searched."""
    configs = (("site", "/etc/nginx.conf"), ("db-password", "/x"), ("tls", "/run/id_rsa"), ("late", "/y"))
    searched = {"site": ("private key",), "db-password": (), "tls": (), "late": None}
    service = SwarmService("web", 0, (), (), configs, searched=searched)
    assert service.exposed_configs == ("site (private key)", "db-password", "tls")
    assert service.unsearched_configs == ("late",)
