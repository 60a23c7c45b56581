"""Facts made by hand, for controls to judge."""
