"""The engine: what it says of itself, its daemon, and the files that it uses."""
