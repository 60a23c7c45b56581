"""The subcommands that read what audits left."""
