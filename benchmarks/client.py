"""A running app and a page without a browser: the real process, the real socket, the real messages."""

import asyncio
import json
import re
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

ROOT = Path(__file__).resolve().parents[1]


class App:
    """``launch.py`` in a process of its own, with the memory of all its processes watched."""

    def __init__(self, *arguments: str) -> None:
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-u", str(ROOT / "launch.py"), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
        )
        self.peak_bytes = 0
        self._reader: threading.Thread | None = None

    def wait_for_address(self) -> str:
        """The address that the app prints."""
        assert self.process.stdout is not None
        printed = []
        for line in self.process.stdout:
            printed.append(line)
            if found := re.search(r"(http://127\.0\.0\.1:\d+/\?token=\S+)", line):
                self._reader = threading.Thread(target=self.process.stdout.read, daemon=True)
                self._reader.start()  # a full pipe would stop the app
                return found[1]
        raise SystemExit("the app ended before it printed an address:\n" + "".join(printed))

    async def watch_memory(self) -> None:
        """Note the largest sum of resident memory over the app's processes, until cancelled."""
        while True:
            self.peak_bytes = max(self.peak_bytes, resident_bytes(self.process.pid))
            await asyncio.sleep(0.2)

    def stop(self) -> None:
        """End the app, which has half a minute for it; its other processes end with it."""
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self._reader is not None:
            self._reader.join(30)  # it ends when the last of the app's processes has
        if self.process.stdout is not None and not (self._reader and self._reader.is_alive()):
            self.process.stdout.close()


class Client:
    """One page's connection."""

    def __init__(self, base: str, cookie: str, socket: WebSocketClientConnection) -> None:
        self.base, self.cookie, self.socket = base, cookie, socket

    @classmethod
    async def join(cls, address: str) -> "Client":
        """Exchange the token for the cookie and open the socket."""
        base = address.partition("/?")[0]
        answer = await AsyncHTTPClient().fetch(address, follow_redirects=False, raise_error=False)
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        request = HTTPRequest(base.replace("http", "ws") + "/ws", headers={"Cookie": cookie, "Origin": base})
        return cls(base, cookie, await websocket_connect(request, max_message_size=2**28))

    async def leave(self) -> None:
        """Close the socket and wait until it is closed."""
        self.socket.close()
        while await self.socket.read_message() is not None:
            pass

    async def send(self, kind: str, **fields: Any) -> str:
        """Send a message; returns its request id."""
        request = str(uuid.uuid4())
        await self.socket.write_message(json.dumps({"type": kind, "request": request, **fields}))
        return request

    async def receive(self, *kinds: str) -> dict[str, Any]:
        """The next message of one of these kinds; others are dropped."""
        while True:
            frame = await self.socket.read_message()
            if frame is None:
                raise SystemExit("the app closed the connection")
            message: dict[str, Any] = json.loads(frame)
            if message["type"] == "failed" and "failed" not in kinds:
                raise SystemExit(f"the app said: {message['text']}")
            if message["type"] in kinds:
                return message

    async def fetch_if_there(self, path: str) -> None:
        """A GET of what may have been replaced meanwhile."""
        await AsyncHTTPClient().fetch(self.base + path, headers={"Cookie": self.cookie}, raise_error=False)

    async def fetch(self, path: str) -> bytes:
        """Body of a GET."""
        answer = await AsyncHTTPClient().fetch(self.base + path, headers={"Cookie": self.cookie})
        return bytes(answer.body)


def resident_bytes(pid: int) -> int:
    """Resident memory of a process and all its descendants."""
    total, queue = 0, [pid]
    while queue:
        process = queue.pop()
        try:
            status = Path(f"/proc/{process}/status").read_text()
            queue += map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split())
        except OSError:
            continue  # it has ended
        if found := re.search(r"VmRSS:\s+(\d+) kB", status):
            total += int(found[1]) * 1024
    return total
