"""``python -m segclr.encoder.convert CHECKPOINT OUT.safetensors ...``: take over the released SegCLR weights.

Reads the TensorFlow checkpoint of a released network (Dorkenwald et al. 2023) without TensorFlow, and writes it as a
checkpoint of this program. What a TensorFlow checkpoint does not say must be given: the cutout and the origin.
"""

import argparse
import math
import sys
from collections.abc import Collection
from pathlib import Path
from typing import get_args

from segclr.em.cutout import Content, CutoutSpec
from segclr.encoder.checkpoint import CheckpointSpec, TrainingRecord
from segclr.encoder.config import LegacyConfig
from segclr.encoder.released import state_from_released
from segclr.encoder.tf_bundle import TensorBundle, open_bundle
from segclr.encoder.weights import load_network, network_with, save_checkpoint
from segclr.errors import CheckpointMismatch

_STORE = "_tf1_style_var_store/_vars/"  # a checkpoint that was saved under a name has that name before it
_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
_BOOKKEEPING = ("_CHECKPOINTABLE_OBJECT_GRAPH", "save_counter" + _VALUE)


def convert(
    source: Path, target: Path, cutout: CutoutSpec, training: TrainingRecord, ignored: Collection[str] = ()
) -> CheckpointSpec:
    """Write the checkpoint of this program that embeds as a released one does.

    Args:
        source: TensorFlow's name of the checkpoint: the path without ``.index``.
        target: The file to write.
        cutout: What the network was trained to see.
        training: Where the weights come from.
        ignored: Names of further tensors in the checkpoint that the network may do without.

    Returns:
        What the new file says about itself, read back from it.

    Raises:
        CheckpointMismatch: The checkpoint cannot be read or is damaged, its tensors are not those of the released
            network (each wrong one is named), or the cutout does not fit the network.
    """
    config = LegacyConfig()
    try:
        config.check_edge(cutout.size)
    except ValueError as error:
        raise CheckpointMismatch(str(error)) from None
    bundle = open_bundle(source)
    keys = {name: key for name, key in variables(bundle).items() if name not in ignored}
    state = state_from_released(
        {name: bundle.entries[key].shape for name, key in keys.items()}, lambda name: bundle.read(keys[name])
    )
    save_checkpoint(target, network_with(config, state), cutout, training)
    return load_network(target)[1]


def variables(bundle: TensorBundle) -> dict[str, str]:
    """The checkpoint's tensors, as the network's code names them -> their keys.

    Raises:
        CheckpointMismatch: It holds no variables of such a network, or one of them twice.
    """
    keys = [key for key in bundle.entries if not key.endswith(_BOOKKEEPING)]
    if not any(_STORE in key for key in keys):
        raise CheckpointMismatch(
            f"{bundle.prefix} is no checkpoint of a released SegCLR network: none of its {len(bundle.entries)} keys "
            f"contains {_STORE}, the first are {', '.join(list(bundle.entries)[:3])}"
        )
    names: dict[str, str] = {}
    for key in keys:
        if (first := names.setdefault(_variable_name(key), key)) != key:
            raise CheckpointMismatch(f"{bundle.prefix} holds the same variable twice, as {first} and as {key}")
    return names


def _variable_name(key: str) -> str:
    """``..._vars/stage_1.Sconv1.Sbias/.ATTRIBUTES/VARIABLE_VALUE`` is stage_1/conv1/bias; other keys stay."""
    _, store, variable = key.partition(_STORE)
    if not store or not variable.endswith(_VALUE):
        return key
    return variable.removesuffix(_VALUE).replace(".S", "/")


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no length in nm")
    return value


def _steps(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of training steps")
    return value


def main(arguments: list[str] | None = None) -> int:
    """Run the command; an expected failure is one line on standard error."""
    parser = argparse.ArgumentParser(
        prog="python -m segclr.encoder.convert",
        description="Convert a released SegCLR checkpoint of TensorFlow into one of this program.",
    )
    parser.add_argument("source", type=Path, metavar="CHECKPOINT", help="path of the checkpoint without .index")
    parser.add_argument("target", type=Path, metavar="OUT.safetensors")
    parser.add_argument(
        "--resolution-nm",
        type=_positive,
        nargs=3,
        required=True,
        metavar=("X", "Y", "Z"),
        help="voxel edges that the network was trained at; released: 32 32 33 (human, H01), 32 32 40 (mouse, MICrONS)",
    )
    parser.add_argument("--size", type=int, default=129, help="edge of the cutout in voxels (default: %(default)s)")
    parser.add_argument("--content", choices=get_args(Content), default="masked_em", help="default: %(default)s")
    parser.add_argument("--data", required=True, help='what it was trained on, in words, such as "H01"')
    parser.add_argument(
        "--steps", type=_steps, required=True, help="training steps; the released folder's name has them"
    )
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="NAME", help="an extra tensor to leave out; may be repeated"
    )
    options = parser.parse_args(arguments)
    x_nm, y_nm, z_nm = options.resolution_nm
    try:
        cutout = CutoutSpec(options.size, (x_nm, y_nm, z_nm), options.content)
        spec = convert(
            options.source, options.target, cutout, TrainingRecord(options.data, options.steps), options.ignore
        )
    except OSError as error:
        print(f"{options.target} cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{spec}\n{spec.path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
