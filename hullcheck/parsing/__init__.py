"""Parsers for texts of Linux, Docker and Go."""
