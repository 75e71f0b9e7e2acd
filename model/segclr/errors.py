"""What can go wrong, one class per cause. Every message is one sentence: what, where, what to do.

SegclrError
├── OutOfBounds(ValueError)         a box or position outside the volume
├── NoSegment(LookupError)          background at the position asked for
├── VolumeUnavailable(OSError)      a volume, mip or skeleton source that cannot be opened or read
├── CheckpointMismatch(ValueError)  a checkpoint that does not fit the project, or is damaged
├── EngineUnavailable(RuntimeError) what shall run the encoder is not on this machine, or has no memory for it
├── TableError(ValueError)          an embedding table that is damaged or belongs to something else
├── ReleaseUnavailable(OSError)     a published release whose server cannot be reached, or does not give a file
├── ReleaseError(ValueError)        a release that nobody knows, or a file of one that is damaged
├── NotInRelease(LookupError)       a segment that the release does not have
├── NotYetThere(LookupError)        a segment of a release that is being fetched
├── LayoutError(ValueError)          a layout, clustering or comparison that these rows or settings do not allow
├── TooFewLabels(ValueError)        fewer than two classes have labels: no head can be fitted
├── LabelStoreError(OSError)        a label could not be made durable, or the log cannot be opened
├── ExchangeError(ValueError)       a file of labels that cannot be read or written as asked (segclr_viewer.exchange)
├── ProjectError(ValueError)        a project file with an unknown key, a wrong type, or parts that do not fit
└── WorkerDied(RuntimeError)        a process that others wait for ended before it answered
"""


class SegclrError(Exception):
    """Base of every expected failure; its text may be shown to a user as it is."""


class OutOfBounds(SegclrError, ValueError):  # noqa: N818 (names of states, not of errors)
    """A box or position lies outside the volume."""


class NoSegment(SegclrError, LookupError):  # noqa: N818
    """There is no segment (background, id 0) at the position."""


class VolumeUnavailable(SegclrError, OSError):  # noqa: N818
    """A volume, mip or skeleton source cannot be opened or read."""


class CheckpointMismatch(SegclrError, ValueError):  # noqa: N818
    """A checkpoint does not fit the project, or its file is damaged."""


class EngineUnavailable(SegclrError, RuntimeError):  # noqa: N818
    """What shall run the encoder is not on this machine, cannot take the network, or has no memory for it."""


class TableError(SegclrError, ValueError):
    """An embedding table is damaged or was made by something else."""


class ReleaseUnavailable(SegclrError, OSError):  # noqa: N818
    """The server of a published release cannot be reached, or does not give a file."""


class ReleaseError(SegclrError, ValueError):
    """A release that is not registered, or a file of one that is damaged."""


class NotInRelease(SegclrError, LookupError):  # noqa: N818
    """The release was read, and has no such segment."""


class NotYetThere(SegclrError, LookupError):  # noqa: N818
    """The segment of a release is being fetched."""


class LayoutError(SegclrError, ValueError):
    """These rows or settings allow no layout, clustering or comparison."""


class TooFewLabels(SegclrError, ValueError):  # noqa: N818
    """Fewer than two classes have labels."""


class LabelStoreError(SegclrError, OSError):
    """A label could not be made durable, or the label log cannot be opened."""


class ProjectError(SegclrError, ValueError):
    """A project file cannot be used."""


class WorkerDied(SegclrError, RuntimeError):  # noqa: N818
    """A process that others wait for, the encoder's or one of a training, ended before it answered."""
