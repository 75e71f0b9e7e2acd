"""Memory that a training step frees stays with the process, ready for the next step.

glibc hands blocks of many megabytes back to the system at once, and the system clears every page again before the next
step may have it: a quarter of the time of a step on a CPU.
"""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
_KEPT_BYTES = 2**31 - 1


def keep_freed_memory() -> bool:
    """Tell the C library of this process to keep what is freed.

    Returns:
        Whether it could be told; only glibc can.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _KEPT_BYTES)) and bool(mallopt(_TRIM_THRESHOLD, _KEPT_BYTES))
