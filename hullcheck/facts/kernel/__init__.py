"""The kernel of the host: what it offers, what runs, and its settings."""
