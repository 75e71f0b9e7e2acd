"""What makes a program that is started anew the same to a browser: the name of its label log, and its port.

A browser keeps what a page stores for one host and port alone. What the page could not send to a program that died is
there for the next one on the same log only if that has the same port, so the port follows from the log's path.
"""

import hashlib
from pathlib import Path

_FIRST_PORT = 20_000
_PORTS = 12_000  # below those that systems give to outgoing connections


def name_of_log(path: Path, begun_at: str) -> str:
    """Sixteen hexadecimal digits that tell a label log from all others, those at the same path before it too."""
    return _digest(f"{path.resolve()} {begun_at}")


def usual_port(path: Path) -> int:
    """The port for the label log at a path, where the user names none; another program may have it."""
    return _FIRST_PORT + int(_digest(str(path.resolve())), 16) % _PORTS


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
