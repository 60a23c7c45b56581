"""Whole hosts, in containers or with a kernel of their own, and the distance to them."""
