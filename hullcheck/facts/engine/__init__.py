"""The engine, its daemon, and the files that it uses."""
