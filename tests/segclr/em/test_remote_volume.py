"""Volumes and skeletons on a web server, here one on this machine."""

import gzip
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest

from segclr.em.geometry import Box
from segclr.em.skeleton_source import open_skeletons
from segclr.em.volume import open_volume
from segclr.errors import VolumeUnavailable

BIG_ID = 2**63 + 5


@pytest.fixture(scope="module")
def server(world):
    """The world's folder; below /gzip every file is sent compressed, below /forbidden none is sent."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            _, kind, path = self.path.split("/", 2)
            file = world.folder / path
            found = file.is_file() and kind != "forbidden"
            body = file.read_bytes() if found else b""
            self.send_response(200 if found else 403 if kind == "forbidden" else 404)
            if kind == "gzip" and found:
                body = gzip.compress(body)
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    thread = Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.mark.parametrize("kind", ["plain", "gzip"])
def test_chunks_are_read_whether_the_server_compresses_them_or_not(world, server, kind):
    em = open_volume(f"precomputed://{server}/{kind}/em", "em")
    x, y, z = em.mips[0].box.start
    assert np.array_equal(em.read(Box((x, y, z), (x + 40, y + 30, z + 20))), world.em[:20, :30, :40])
    segmentation = open_volume(f"{server}/{kind}/segmentation/", "segmentation")
    assert np.array_equal(segmentation.read(segmentation.mips[1].box, 1), world.segmentation[:, ::2, ::2])


def test_a_skeleton_is_read_though_the_server_lists_nothing(world, server):
    source = open_skeletons(f"precomputed://{server}/plain/segmentation/skeletons")
    assert np.allclose(source.skeleton(BIG_ID).nodes_nm, world.skeletons[BIG_ID].nodes_nm, atol=0.01)
    assert source.skeleton(8) is None
    with pytest.raises(VolumeUnavailable, match="cannot be read"):
        source.segment_ids()


@pytest.mark.parametrize(("path", "says"), [("plain/nothing", "no info file"), ("forbidden/em", "cannot be read")])
def test_what_the_server_does_not_give_is_one_sentence(server, path, says):
    with pytest.raises(VolumeUnavailable, match=says) as caught:
        open_volume(f"precomputed://{server}/{path}", "em")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
