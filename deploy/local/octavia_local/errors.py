"""The one error of this package: what a person at the terminal has to do."""


class LocalError(RuntimeError):
    """Something on this machine stands in the way.

    The first line of the message says what and what to do about it; the launcher prints it and exits with
    status 1. Further lines, where there are any, are the end of the log of the program that failed.
    """
