"""The engine: what it says of itself, its daemon, and the files that it uses.

A fact, or a property of one, raises EvidenceError if what it needs could not be read; that spoils no other.
"""
