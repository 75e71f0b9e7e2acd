"""A bulk prediction in a process of its own, to be killed."""

import sys

from segclr.embeddings.bulk.engine import ThisProcess
from segclr.predictions.blocks import PredictionWork
from segclr.predictions.running import run_prediction
from segclr.predictions.settings import PredictionSettings


def main(table: str, head: str, out: str) -> None:
    settings = PredictionSettings(table, head, out, 40)
    run_prediction(settings, ThisProcess(PredictionWork(settings)), report=lambda text: print(text, flush=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
