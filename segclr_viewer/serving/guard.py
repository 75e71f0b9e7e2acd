"""Who may speak to the server: one decision for every request, whoever would answer it. No web library here.

Every annotator has an own token and cookie: the cookie says who asks, and nothing else in a request does.

Why each check, although the server listens on this machine only:
- Host: a page of a foreign name that resolves to 127.0.0.1 (DNS rebinding) is refused before anything is read.
- Origin and Sec-Fetch-Site: a page of another site, or of another port of this machine, may make the browser send
  requests with our cookie; it is refused even where it could not read the answer.
- cookie: other users and programs of this machine do not have it. It is given for the token that the terminal prints.
- path: one annotator's viewer is not for another one, even where its unguessable address became known.
"""

import hmac
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_ANY_ADDRESS = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 (recognised, not bound)

BAD_ADDRESS = "The server does not answer to this address: open the address that the terminal printed."
FOREIGN = "The request comes from another page: open the address that the terminal printed."
NO_COOKIE = "This browser is not signed in to this run: open the address that the terminal printed."
WRONG_TOKEN = "The token in the address is not the one of this run: open the address that the terminal printed."  # noqa: S105
ANOTHER_S = "This part of the app belongs to another annotator: open the address that the terminal printed for you."

_POLICY = (
    "default-src 'self'; script-src 'self'{scripts}; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; object-src 'none'"
)
# Neuroglancer's client compiles its annotation encoders and its decoders when it runs
_VIEWER_SCRIPTS = " 'unsafe-eval' 'wasm-unsafe-eval'"


@dataclass(frozen=True, slots=True)
class Knock:
    """What the guard looks at in a request; None where the request does not say it.

    Attributes:
        host, origin, fetch_site: the headers Host, Origin and Sec-Fetch-Site.
        cookie: value of the cookie named `Guard.cookie_name`.
        token: of the request `/?token=...`, the only one that needs no cookie; None for all others.
        path: what is asked for, with its query.
    """

    host: str | None
    origin: str | None
    fetch_site: str | None
    cookie: str | None
    token: str | None
    path: str = ""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Of one annotator in one run: the token, printed once, and the cookie that it is exchanged for."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)


class Guard:
    """Knows the secrets of a run.

    Attributes:
        secrets: by annotator.
    """

    def __init__(self, host: str, port: int, annotators: Sequence[str] = ("",)) -> None:
        """Make new secrets.

        Args:
            host: address or name that the server is bound to.
            port: that it listens on.
            annotators: who may sign in, each with an own token.
        """
        self.secrets = {annotator: Secrets() for annotator in annotators}
        self.cookie_name = f"segclr_{port}"
        name = socket.gethostname() if host in _ANY_ADDRESS else host
        name = (f"[{name}]" if ":" in name else name).lower()
        # the viewer's sources are absolute addresses, so that page and viewer work at one origin only
        self.origin = f"http://{name}:{port}"
        self._hosts = {f"{known}:{port}" for known in (*_LOOPBACK, name)}
        self._owners: dict[str, str] = {}

    def address(self, annotator: str) -> str:
        """What the annotator opens to sign in."""
        return f"{self.origin}/?token={self.secrets[annotator].token}"

    def reserve(self, word: str, annotator: str) -> None:
        """Keep every path that contains the word, such as a viewer's token, for one annotator."""
        self._owners[word] = annotator

    def refusal(self, knock: Knock) -> str | None:
        """One sentence on why the request is refused, None if it is let in."""
        if knock.host is None or knock.host.lower() not in self._hosts:
            return BAD_ADDRESS
        if knock.origin is not None and knock.origin.lower() != f"http://{knock.host.lower()}":
            return FOREIGN
        if knock.token is not None:
            # no Sec-Fetch-Site check: the link may have been clicked in a terminal that is itself a web page
            return WRONG_TOKEN if self.annotator_of_token(knock.token) is None else None
        if knock.fetch_site not in (None, "same-origin", "none"):
            return FOREIGN
        annotator = self.annotator_of_cookie(knock.cookie)
        if annotator is None:
            return NO_COOKIE
        path = unquote(knock.path)
        if any(word in path and owner != annotator for word, owner in self._owners.items()):
            return ANOTHER_S
        return None

    def annotator_of_token(self, token: str) -> str | None:
        """Whose token it is."""
        found = [name for name, own in self.secrets.items() if _equal(token, own.token)]  # no early end: none is told
        return found[0] if found else None

    def annotator_of_cookie(self, cookie: str | None) -> str | None:
        """Whose cookie it is."""
        found = [name for name, own in self.secrets.items() if _equal(cookie or "", own.cookie)]
        return found[0] if found else None


def protecting_headers(path: str) -> dict[str, str]:
    """Headers of the answer for a path: what the browser may load there, and that no other page may have it."""
    return {
        "Content-Security-Policy": _POLICY.format(scripts=_VIEWER_SCRIPTS if path.startswith("/v/") else ""),
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN",
    }


def _equal(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode(), secret.encode())
