"""Write predictions as layers that Neuroglancer reads from plain files, on any web server or in a bucket.

``python -m segclr.predictions.export PREDICTIONS OUT --url https://where.they/will/be`` writes

  OUT/segments           class, shares and confidence of each segment, as its properties
  OUT/points             every row as a point in the colour of its class, in shards
  OUT/neuroglancer.json  a scene with both; open NEUROGLANCER/#!URL/neuroglancer.json
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from segclr.commands import exit_status
from segclr.embeddings.storage.stored_table import open_stored
from segclr.errors import TableError
from segclr.predictions.point_layer import write_point_layer
from segclr.predictions.scene import scene_of
from segclr.predictions.segment_layer import write_segment_layer
from segclr.predictions.settings import table_named
from segclr.predictions.stored import StoredPredictions, open_predictions
from segclr.replacing import replacing_folder

SCENE = "neuroglancer.json"
_HERE = "http://127.0.0.1:8000"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; an expected failure is one line on standard error."""
    options = _parser().parse_args(arguments)
    return exit_status("python -m segclr.predictions.export", lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    predictions = open_predictions(options.predictions)
    table = table_named(options.table) if options.table else predictions.origin.table
    if options.out.exists() and not (options.out / SCENE).exists():
        raise TableError(f"{options.out} is there already and is no earlier export: name another folder")
    with replacing_folder(options.out, TableError) as part:
        (part / "segments").mkdir()
        segments = write_segment_layer(part / "segments", predictions, options.min_rows)
        (part / "points").mkdir()
        points = write_point_layer(part / "points", open_stored(table), predictions)
        _write_about(part, predictions, options.url, options.segmentation)
    print(f"{points} points and {segments} segments are in {options.out}")
    if options.url == _HERE:
        print(f"the scene expects them at {_HERE}; say with --url where they will be")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m segclr.predictions.export",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("predictions", type=Path, metavar="PREDICTIONS", help="what segclr.predictions.predict wrote")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write; an earlier export is replaced")
    parser.add_argument("--url", default=_HERE, help="where OUT will be found (%(default)s)")
    parser.add_argument("--table", help="the table that was predicted, if it is elsewhere now")
    parser.add_argument(
        "--segmentation", metavar="URL", help="for the scene (default: the table's, if it has an address)"
    )
    parser.add_argument(
        "--min-rows", type=int, default=1, metavar="N", help="of segments with properties (%(default)s)"
    )
    return parser


def _write_about(folder: Path, predictions: StoredPredictions, url: str, segmentation: str | None) -> None:
    """Write the scene, and beside both layers what they follow from, which Neuroglancer does not read."""
    info = json.loads((folder / "points" / "info").read_bytes())
    middle = [(low + high) / 2 for low, high in zip(info["lower_bound"], info["upper_bound"], strict=True)]
    widest = max(high - low for low, high in zip(info["lower_bound"], info["upper_bound"], strict=True))
    scene = scene_of(predictions.origin, url.rstrip("/"), segmentation, middle, widest)
    (folder / SCENE).write_text(json.dumps(scene, indent=1), encoding="utf-8")
    for layer in ("segments", "points"):
        origin = json.dumps(asdict(predictions.origin), indent=1)
        (folder / layer / "origin.json").write_text(origin, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
