"""Processes that train one network together, as ``torchrun`` starts them: one per GPU, or a few on a CPU.

A rank is one of these processes. Every rank computes the loss of the whole batch from the gathered projections; its
backward pass gives the part of the gradient that goes through its own views, and the parts are added. Sums over ranks
are the same to the bit on every rank, so that their networks stay equal without being sent.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor, distributed
from torch.distributed.distributed_c10d import Store
from torch.distributed.rendezvous import rendezvous

from segclr.errors import ProjectError, WorkerDied

_TIMEOUT = timedelta(minutes=30)  # the first rank may make generated blocks while the others wait
_SPOKEN = "spoken"


@dataclass(frozen=True, slots=True, eq=False)
class Ranks:
    """This process among all; the default is a process alone."""

    device: torch.device
    index: int = 0
    count: int = 1
    store: Store | None = None

    @property
    def is_first(self) -> bool:
        """Whether this is the rank that writes files and reports."""
        return self.index == 0

    def gather(self, rows: Tensor) -> Tensor:
        """The rows (b, P) of all ranks, (count b, P), in order of ranks; gradients flow back to one's own rows."""
        return rows if self.count == 1 else _Gathered.apply(rows, self)  # type: ignore[no-untyped-call]

    def add_gradients(self, parameters: list[torch.nn.Parameter]) -> None:
        """Replace every gradient by its sum over all ranks."""
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        if self.count == 1 or not gradients:
            return
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        sum_over_ranks(flat)
        for gradient, total in zip(
            gradients, torch.split(flat, [gradient.numel() for gradient in gradients]), strict=True
        ):
            gradient.copy_(total.view(gradient.shape))

    def wait_for_all(self) -> None:
        """Return when every rank has called this."""
        if self.count > 1:
            sum_over_ranks(torch.zeros(1, device=self.device))

    def speaks_first(self) -> bool:
        """Whether no other rank has said yet why the run ends: a cause is told once, not once per rank."""
        if self.store is None:
            return True
        try:
            return bool(self.store.add(_SPOKEN, 1) == 1)
        except RuntimeError:  # the store ended with the rank that kept it
            return True

    def leave(self) -> None:
        """Part from the others at the end of a run."""
        if self.count > 1:
            distributed.destroy_process_group()


def alone() -> Ranks:
    """A process alone, on the first GPU if there is one."""
    return Ranks(torch.device("cuda" if torch.cuda.is_available() else "cpu"))


def join_ranks() -> Ranks:
    """Meet the other processes that ``torchrun`` started, over NCCL with GPUs and over gloo without.

    Raises:
        ProjectError: There are more processes than GPUs.
        WorkerDied: The others did not come.
    """
    count, index = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    if count == 1:
        return alone()
    device, backend = torch.device("cpu"), "gloo"
    if torch.cuda.is_available():
        local = int(os.environ.get("LOCAL_RANK", "0"))
        if local >= torch.cuda.device_count():
            raise ProjectError(
                f"there are more processes than GPUs: this machine has {torch.cuda.device_count()}, so give torchrun "
                f"--nproc-per-node {torch.cuda.device_count()}"
            )
        device, backend = torch.device("cuda", local), "nccl"
        torch.cuda.set_device(device)
    with _the_others_answer():
        store, _, _ = next(rendezvous("env://", timeout=_TIMEOUT))
        distributed.init_process_group(backend, store=store, rank=index, world_size=count, timeout=_TIMEOUT)
    return Ranks(device, index, count, store)


def sum_over_ranks(tensor: Tensor) -> None:
    """Replace a tensor by its sum over all ranks.

    Raises:
        WorkerDied: Another rank ended.
    """
    with _the_others_answer():
        distributed.all_reduce(tensor)


def gather_over_ranks(tensor: Tensor) -> list[Tensor]:
    """The tensors of all ranks, which have one shape; without gradients.

    Raises:
        WorkerDied: Another rank ended.
    """
    found = [torch.empty_like(tensor) for _ in range(distributed.get_world_size())]
    with _the_others_answer():
        distributed.all_gather(found, tensor.contiguous())
    return found


class _Gathered(torch.autograd.Function):
    """Gather rows. Each rank computes the same loss of the same rows: the gradient of its own is already whole."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, rows: Tensor, ranks: Ranks) -> Tensor:
        ctx.own = slice(ranks.index * len(rows), (ranks.index + 1) * len(rows))  # type: ignore[attr-defined]
        return torch.cat(gather_over_ranks(rows))

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient[ctx.own], None  # type: ignore[attr-defined]


@contextmanager
def _the_others_answer() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        reason = str(error).strip().split("\n")[0]
        raise WorkerDied(
            f"another process of this training has ended or does not answer ({reason}): its own message, or that of "
            "torchrun, says why; the same command goes on from the last saved step"
        ) from error
