"""The forward pass in OpenVINO: on a CPU the fastest of the libraries, and an optional one: import this where needed.

OpenVINO reports every import and conversion to a server of its makers unless the user has forbidden it. A program that
sees unpublished data must not: here it gets the stand-in that it has for installations without its telemetry package.
"""

import sys
import warnings

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from segclr.encoder.engines import SHARED_GFLOP, count_of, for_inference, name_of, torch_threads
from segclr.errors import EngineUnavailable

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None: an import of it fails
import openvino  # noqa: E402

_TRACED_EDGE = 33  # voxels: the network is recorded on a small view, which is quick, and then given its real size


class OpenvinoEngine:
    """OpenVINO on the CPU, one cutout a pass.

    Args:
        network: Left as it is.
        size: Edge of the cutouts in voxels.
        dtype: float32, or bfloat16 with a space-to-depth stem (in float32 that rewrite is slower).
        gflop: Work of one cutout: small ones have a thread each, large ones share all threads, as in ``TorchEngine``.

    Raises:
        EngineUnavailable: OpenVINO cannot take this network, or the processor has no bfloat16.
    """

    def __init__(self, network: nn.Module, size: int, dtype: torch.dtype, gflop: float) -> None:
        halved = dtype == torch.bfloat16
        # float32 here in any case: OpenVINO converts the weights, and keeps sums and the output in float32
        prepared = for_inference(network, torch.float32, space_to_depth=halved)
        threads = torch.get_num_threads()
        streams = threads if gflop < SHARED_GFLOP else 1
        options = {
            "INFERENCE_PRECISION_HINT": "bf16" if halved else "f32",
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": streams,
            "ENABLE_CPU_PINNING": False,  # several processes would be pinned to the same cores
        }
        core = openvino.Core()
        if halved and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            raise EngineUnavailable("this processor has no instructions for bfloat16")
        try:
            model = _converted(prepared, size)
            compiled = core.compile_model(model, "CPU", options)
        except RuntimeError as error:
            raise EngineUnavailable(f"OpenVINO cannot run this network: {str(error).strip()}") from error
        self._weights = (prepared, model)  # what is compiled reads them where they are, and does not keep them
        self._requests = openvino.AsyncInferQueue(compiled, streams)
        self._width = int(compiled.output(0).shape[1])
        stem = " with space-to-depth stem" if halved else ""
        self.description = f"CPU, {count_of(threads)}, OpenVINO {name_of(dtype)}{stem}"

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        embeddings = np.full((len(images), self._width), np.nan, np.float32)  # a pass without an answer stays visible

        def keep(request: openvino.InferRequest, row: int) -> None:
            embeddings[row] = request.get_output_tensor().data[0]

        self._requests.set_callback(keep)
        for row, image in enumerate(images):
            self._requests.start_async([image[None, None]], userdata=row)
        self._requests.wait_all()
        return embeddings


def _converted(prepared: nn.Module, size: int) -> openvino.Model:
    """The network for (1, 1, size, size, size) uint8."""
    edge = min(size, _TRACED_EDGE)
    example = torch.zeros((1, 1, edge, edge, edge), dtype=torch.uint8)
    with warnings.catch_warnings(), torch_threads(1):
        warnings.simplefilter("ignore")  # the network's check of the view's shape is recorded as passed: so it is
        # recorded here and not by OpenVINO, which would have the record checked: a second, most of it for imports
        recorded = torch.jit.trace(prepared, example, check_trace=False)  # type: ignore[no-untyped-call]
        return openvino.convert_model(recorded, input=[openvino.PartialShape([1, 1, size, size, size])])
