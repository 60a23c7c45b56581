"""Shell as text: words and programs of a script."""
