"""Compares an audit with what another tool says of the same host."""
