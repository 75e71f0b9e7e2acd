"""The contrastive loss: two views of one segment attract each other, all others repel."""

import torch
from torch import Tensor
from torch.nn import functional


def nt_xent(first_bp: Tensor, second_bp: Tensor, temperature: float, segment_b: Tensor | None = None) -> Tensor:
    """NT-Xent (Chen et al. 2020) on L2-normalised projections, as a mean over both views.

    Half of what google-research/connectomics computes (segclr/tf2/objective.py), which adds the two views' means.

    Args:
        first_bp: (B, P) projections of the first views.
        second_bp: (B, P) of the second views, in the same order.
        temperature: Divides the cosines.
        segment_b: (B,) a number per segment. Views of the same segment from other pairs of the batch are no negatives:
            they are left out. None keeps them, as published.

    Returns:
        Scalar.
    """
    count = len(first_bp)
    views = functional.normalize(torch.cat([first_bp, second_bp]).float(), dim=1)
    logits = views @ views.T / temperature  # (2B, 2B)
    row = torch.arange(2 * count, device=views.device)
    positive = row.roll(count)
    left_out = torch.eye(2 * count, dtype=torch.bool, device=views.device)
    if segment_b is not None:
        segment = torch.cat([segment_b, segment_b])
        left_out = segment[:, None] == segment[None, :]
        left_out[row, positive] = False
    return functional.cross_entropy(logits.masked_fill(left_out, float("-inf")), positive)


def alignment(first_bp: Tensor, second_bp: Tensor) -> Tensor:
    """Mean squared distance of the two views of a pair on the unit sphere (Wang & Isola 2020, alpha 2): 0 is best."""
    first, second = functional.normalize(first_bp.float(), dim=1), functional.normalize(second_bp.float(), dim=1)
    return (first - second).square().sum(1).mean()


def uniformity(first_bp: Tensor, second_bp: Tensor) -> Tensor:
    """log mean exp(-2 d^2) over the pairs of first views and those of second views, averaged (Wang & Isola 2020, t 2).

    Lower is more evenly spread on the unit sphere; 0 is all in one point.
    """
    spread = []
    for views in (first_bp, second_bp):
        squared = functional.pdist(functional.normalize(views.float(), dim=1)).square()
        spread.append(squared.mul(-2).exp().mean().log())
    return torch.stack(spread).mean()
