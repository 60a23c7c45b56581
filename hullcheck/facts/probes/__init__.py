"""The shell of the probes, a file NAME.sh for each: all that runs on a target."""
