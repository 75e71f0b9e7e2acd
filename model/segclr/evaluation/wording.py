"""Shares in words."""

from __future__ import annotations


def percent(share: float, decimals: int = 0) -> str:
    """Write a share so that little is not mistaken for nothing, nor nearly all for all."""
    step = 10.0**-decimals
    if 0 < share < step / 200:
        return f"less than {step:.{decimals}f} %"
    if 1 - step / 200 <= share < 1:
        return f"more than {100 - step:.{decimals}f} %"
    return f"{100 * share:.{decimals}f} %"
