"""What a user of the command can mend: said in one line, with exit status 2."""


class WrongUse(Exception):
    """The command cannot do what it was asked; the message says what is wrong, and what to do."""
