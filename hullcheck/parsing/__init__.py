"""Text of Linux, Docker and Go, read into values; nothing here knows a probe."""
