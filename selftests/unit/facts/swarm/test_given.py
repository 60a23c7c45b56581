"""What a service of a swarm is given to know."""

from hullcheck.facts.swarm.given import of_document

DOCUMENT = {"Name": "web", "Variables": 1, "Found": ["variable A: a GitHub token"]}


def test_secret_is_told_once() -> None:
    """Tasks with the settings of today, or of before the last update, add nothing; others are told as theirs."""
    found = [*DOCUMENT["Found"], "before the last update: label b: a value given to b"]
    in_tasks = ["variable A: a GitHub token", "label b: a value given to b", "command: a value given to c"]
    told = of_document(DOCUMENT | {"Found": found}, {}, in_tasks).exposed
    assert told == (*found, "in a task: command: a value given to c")


def test_config_that_was_not_searched() -> None:
    """A config of which nothing is told is left to a person, and one that was searched is not."""
    configs = [{"ConfigID": "1", "ConfigName": "motd"}, {"ConfigID": "2", "ConfigName": "app"}]
    assert of_document(DOCUMENT | {"Configs": configs}, {"1": []}, ()).unsearched_configs == ("app",)
