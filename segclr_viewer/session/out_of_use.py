"""The classes that have labels or a past, but cannot be given: those retired, and those that only labels know."""

from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.palette import free_color
from segclr_viewer.project import ClassSpec

_KNOWN_BY_LABELS = "labels/"  # begins the id of a class that has none in the log
_ANY_KEY = "1"  # a class brought back gets another one where this is taken


def out_of_use(task: TaskState) -> dict[str, ClassSpec]:
    """Retired classes by id, and after them those of labels whose class the task has lost.

    Such a class was taken out of the project file, or who added it has undone that; its colour is a new one.
    """
    classes = task.classes
    found = dict(zip(classes.retired_ids, classes.retired, strict=True))
    known = {spec.name for spec in (*classes.specs, *classes.retired)}
    colors = [spec.color for spec in (*classes.specs, *classes.retired)]
    for name in sorted(task.labels_out_of_use().keys() - known):
        colors.append(free_color(colors))
        found[_KNOWN_BY_LABELS + name] = ClassSpec(name, colors[-1], _ANY_KEY)
    return found


def counts_out_of_use(task: TaskState) -> dict[str, int]:
    """How many labels each of them has, by the id of the class."""
    counts = task.labels_out_of_use()
    return {class_id: counts[spec.name] for class_id, spec in out_of_use(task).items()}
