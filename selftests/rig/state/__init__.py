"""What laboratories change on the machine itself, and how it is put back."""
