"""The bundle of a run: one file with its results, recordings and inventory, to be kept and checked elsewhere."""


class BundleError(Exception):
    """A bundle cannot be made; the message says why, in one line."""
