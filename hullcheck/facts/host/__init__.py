"""The host below the engine: accounts, processes, services, software."""
