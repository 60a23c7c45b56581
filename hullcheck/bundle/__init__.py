"""The bundle of a run: one file with results, recordings and inventory, to keep and to verify elsewhere."""


class BundleError(Exception):
    """A bundle cannot be made; the message is the reason, in one line."""
