"""Check a bundle without trusting or running anything in it."""
