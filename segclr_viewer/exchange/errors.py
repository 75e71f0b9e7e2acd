"""What can go wrong between this program and a file of another one."""

from segclr.errors import SegclrError


class ExchangeError(SegclrError, ValueError):
    """A file cannot be written or read, or does not say clearly what it means."""
