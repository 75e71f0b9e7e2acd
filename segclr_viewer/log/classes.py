"""The classes of a task: those of the project file, and what the log's events made of them. A pure fold.

A class keeps its identity through renaming, so that a label given under an old name stays with its class, and a new
class may take a name that has become free.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from string import ascii_lowercase, digits

import msgspec

from segclr_viewer.log.events import LabelEvent
from segclr_viewer.project import MAX_CLASSES, ClassSpec, Task

LEAST_CLASSES = 2  # below that there is nothing to tell apart


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of a task at some point of its log.

    Attributes:
        specs: what can be given, in their order.
        ids: the identities of those, which stay through renaming and merging.
        retired: what is known, but neither given nor trained on any more.
        retired_ids: their identities.
        names: for every name that ever led to a class the name of that class now; a merged one leads to its heir.
        by_identity: the same for identities, which `identity` finds.
        identity: which class a name means now.
    """

    specs: tuple[ClassSpec, ...]
    ids: tuple[str, ...]
    retired: tuple[ClassSpec, ...]
    retired_ids: tuple[str, ...]
    names: dict[str, str]
    by_identity: dict[str, str]
    identity: dict[str, str]


@dataclass(slots=True)
class _Class:
    identity: str
    name: str
    color: str
    key: str
    retired: bool = False
    heir: str | None = None  # identity of the class that it was merged into

    @property
    def spec(self) -> ClassSpec:
        return ClassSpec(self.name, self.color, self.key)


@dataclass(slots=True)
class _Folding:
    """Classes being changed by one event after the other; what makes no sense changes nothing."""

    all: dict[str, _Class] = field(default_factory=dict)
    meant: dict[str, str] = field(default_factory=dict)  # name -> identity of the class that bore it last

    def given(self) -> list[_Class]:
        return [entry for entry in self.all.values() if not entry.retired and entry.heir is None]

    def out_of_use(self) -> list[_Class]:
        return [entry for entry in self.all.values() if entry.retired and entry.heir is None]

    def named(self, name: str | None) -> _Class | None:
        """The class that bears the name now, a retired one included; not one that once bore it, nor a merged one."""
        return next((entry for entry in self.all.values() if entry.name == name and entry.heir is None), None)

    def add(self, identity: str, name: str, color: str, key: str) -> None:
        known, free = self.named(name), self._free_key(key)
        if free is None or len(self.given()) >= MAX_CLASSES or (known is not None and not known.retired):
            return
        if known is None:
            known = self.all[identity] = _Class(identity, name, color, "")
        known.key, known.color, known.retired = free, color, False
        self.meant[name] = known.identity

    def change(self, event: LabelEvent) -> None:
        name, new_name = event.class_name or "", event.new_name or ""
        if event.kind == "class_added":
            self.add(event.uuid, name, event.color or "", event.key or "")
            return
        entry, other = self.named(name), self.named(new_name)
        if entry is None:
            return
        if event.kind == "class_renamed" and other is None:
            entry.name = new_name
            self.meant[new_name] = entry.identity
        elif event.kind == "class_recoloured":
            entry.color = event.color or entry.color
        elif event.kind == "class_rekeyed" and not entry.retired:
            entry.key = self._free_key(event.key or "", entry) or entry.key
        elif event.kind == "class_merged" and other is not None and other is not entry and self._can_spare(entry):
            entry.heir = other.identity
        elif event.kind == "class_retired" and self._can_spare(entry):
            entry.retired = True

    def heir_of(self, entry: _Class) -> _Class:
        while entry.heir is not None:
            entry = self.all[entry.heir]
        return entry

    def _can_spare(self, entry: _Class) -> bool:
        return entry.retired or len(self.given()) > LEAST_CLASSES

    def _free_key(self, wanted: str, keyed: _Class | None = None) -> str | None:
        """The key wanted if it is free, or is that of the class already; else the first that is."""
        taken = {entry.key for entry in self.given() if entry is not keyed}
        free = (key for key in (wanted, *digits[1:], "0", *ascii_lowercase) if key not in taken)
        return next(filter(_can_be_a_class_key, free), None)


def _can_be_a_class_key(key: str) -> bool:
    try:
        ClassSpec("any", "#000000", key)
    except ValueError:  # it means something else everywhere
        return False
    return True


def fold_classes(classes: Sequence[ClassSpec], events: Iterable[LabelEvent]) -> Classes:
    """The classes after these changes.

    An event that makes no sense when its turn comes changes nothing: a class added whose name another one bears, one
    renamed to such a name (that would be a merge), one merged into a class that is not there, one taken away of the
    last two. A class added under the name of a retired one is that one again. A key that is taken gives way to the
    first that is free.

    Args:
        classes: those of the project file.
        events: the changes of the classes of one task that hold (those undone are taken out), in the log's order.
    """
    folding = _Folding()
    for spec in classes:
        identity = f"project/{spec.name}"
        folding.all[identity] = _Class(identity, spec.name, spec.color, spec.key)
        folding.meant[spec.name] = identity
    for event in events:
        folding.change(event)
    entries, given, retired = folding.all, folding.given(), folding.out_of_use()
    return Classes(
        specs=tuple(entry.spec for entry in given),
        ids=tuple(entry.identity for entry in given),
        retired=tuple(entry.spec for entry in retired),
        retired_ids=tuple(entry.identity for entry in retired),
        names={name: folding.heir_of(entries[identity]).name for name, identity in folding.meant.items()},
        by_identity={identity: folding.heir_of(entry).name for identity, entry in entries.items()},
        identity=dict(folding.meant),
    )


def with_classes(task: Task, classes: Classes) -> Task:
    """The task with the classes that can be given now."""
    return msgspec.structs.replace(task, classes=classes.specs)
