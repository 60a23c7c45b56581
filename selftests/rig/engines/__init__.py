"""Docker engines of our own, alone or on a switch, shared or guarded."""
