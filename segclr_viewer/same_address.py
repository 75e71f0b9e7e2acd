"""What makes a program that is started anew the same to a browser: the name of its label log, and its port.

A browser keeps what a page stores for one host and port alone. What the page could not send to a program that died is
there for the next one on the same log only if that has the same port, so the port follows from the log's path.
"""

import hashlib
from pathlib import Path

_FIRST_PORT = 20_000
_PORTS = 12_000  # below those that systems give to outgoing connections


def name_of_log(path: Path) -> str:
    """Sixteen hexadecimal digits that tell the label log at a path from others on this machine."""
    return hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]


def usual_port(path: Path) -> int:
    """The port for the label log at a path, where the user names none; another program may have it."""
    return _FIRST_PORT + int(name_of_log(path), 16) % _PORTS
