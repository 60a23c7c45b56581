"""Writers: one module for each format; all read the same results."""
