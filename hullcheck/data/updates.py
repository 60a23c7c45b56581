"""Units of systemd that may install updates."""

UPDATERS = ("apt-daily-upgrade", "dnf-automatic", "dnf5-automatic")
"""Timers, and services of the same names."""
_AGENTS = """
    ansible-pull.timer bootc-fetch-apply-updates.timer dnf-automatic-install.timer os-update.timer pe-puppet.service
    puppet.service rpm-ostreed-automatic.timer salt-minion.service transactional-update.timer update-engine.service
    zincati.service
"""
AGENTS = tuple(_AGENTS.split())
"""Other units."""
