"""Changing the classes of a task while it is labelled: one event each, or one sentence that says why not."""

import re

from segclr.errors import SegclrError
from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.keys import FIXED_KEYS, Keys
from segclr_viewer.log.classes import LEAST_CLASSES, Classes
from segclr_viewer.log.events import Kind, NewEvent
from segclr_viewer.project import MAX_CLASSES, ClassSpec
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.out_of_use import out_of_use
from segclr_viewer.session.storing import Storing
from segclr_viewer.wire.classes import (
    AddClassRequest,
    BringBackClassRequest,
    ClassRequest,
    MergeClassRequest,
    RecolourClassRequest,
    RekeyClassRequest,
    RenameClassRequest,
    RetireClassRequest,
)
from segclr_viewer.wording import BRINGING_BACK

LONGEST_NAME = 40
KEYS = "1234567890abcdefghijklmnopqrstuvwxyz"


class ClassEditing:
    """Stores changes of the classes; who else labels the task is told by the workspace."""

    def __init__(self, state: AppState, storing: Storing) -> None:
        self._state = state
        self._storing = storing

    def change(self, message: ClassRequest) -> None:
        """Do what a page asks.

        Raises:
            SegclrError: it cannot be; the text says why.
        """
        task = self._state.task_named(message.task)
        if self._storing.is_done(message.request):
            return
        event, text = self._event(message, task)
        self._storing.store(message.request, [event], [], text)

    def _event(self, message: ClassRequest, task: TaskState) -> tuple[NewEvent, str]:
        """The event, and what is done in words."""
        classes, keys = task.classes, self._state.world.keys
        if isinstance(message, AddClassRequest):
            name, color = _free_name(task, message.name), _color(message.color)
            _refuse_too_many(classes, keys)
            key = _open_key(classes, keys, message.key)
            return self._made(message, "class_added", name, color=color, key=key), f"added the class {name}"
        if isinstance(message, BringBackClassRequest):
            spec = _retired(task, message.class_id)
            _refuse_too_many(classes, keys)
            key = spec.key if _is_open(classes, keys, spec.key) else free_key(classes, keys)
            event = self._made(message, "class_added", spec.name, BRINGING_BACK, color=spec.color, key=key)
            return event, f"brought the class {spec.name} back, with the key {key}"
        spec = _given(classes, message.class_id)
        match message:
            case RenameClassRequest():
                name = _free_name(task, message.name, spec)
                return self._made(message, "class_renamed", spec.name, new_name=name), f"renamed {spec.name} to {name}"
            case RecolourClassRequest():
                color = _color(message.color)
                return self._made(message, "class_recoloured", spec.name, color=color), f"recoloured {spec.name}"
            case RekeyClassRequest():
                key = _open_key(classes, keys, message.key, spec)
                return self._made(message, "class_rekeyed", spec.name, key=key), f"gave {spec.name} the key {key}"
            case MergeClassRequest():
                heir = _given(classes, message.into)
                if heir is spec:
                    raise SegclrError(f"the class {spec.name} cannot be merged into itself")
                _refuse_too_few(classes)
                event = self._made(message, "class_merged", spec.name, new_name=heir.name)
                return event, f"merged {spec.name} into {heir.name}"
            case RetireClassRequest():
                _refuse_too_few(classes)
                return self._made(message, "class_retired", spec.name), f"retired {spec.name}"

    def _made(
        self,
        message: ClassRequest,
        kind: Kind,
        class_name: str,
        provenance: str = "page",
        *,
        new_name: str | None = None,
        color: str | None = None,
        key: str | None = None,
    ) -> NewEvent:
        return NewEvent(
            uuid=message.request,
            group=message.request,
            at=self._state.now(),
            annotator=self._storing.annotator,
            kind=kind,
            task=message.task,
            provenance=provenance,
            class_name=class_name,
            new_name=new_name,
            color=color,
            key=key,
        )


def free_key(classes: Classes, keys: Keys) -> str:
    """The first key that neither a class nor a command has, empty when all are taken."""
    return next((key for key in KEYS if _is_open(classes, keys, key)), "")


def _given(classes: Classes, class_id: str) -> ClassSpec:
    """The class that an id means now; one that was merged is its heir."""
    name = classes.by_identity.get(class_id)
    found = next((spec for spec in classes.specs if spec.name == name), None)
    if found is None:
        raise SegclrError("that class is not in use any more: somebody has changed the classes, look again")
    return found


def _retired(task: TaskState, class_id: str) -> ClassSpec:
    found = out_of_use(task).get(class_id)
    if found is None:
        raise SegclrError("that class is not retired any more: somebody has changed the classes, look again")
    return found


def _free_name(task: TaskState, text: str, renamed: ClassSpec | None = None) -> str:
    """The name without blanks at its ends; names that differ in capitals alone are the same to readers."""
    name = text.strip()
    if not name or not name.isprintable():
        raise SegclrError("the class needs a name: write one")
    if len(name) > LONGEST_NAME:
        raise SegclrError(f"the name has {len(name)} letters, at most {LONGEST_NAME} fit: shorten it")
    if renamed is not None and name == renamed.name:
        raise SegclrError(f"the class is called {name} already")
    for spec in task.classes.specs:
        if spec is not renamed and spec.name.casefold() == name.casefold():
            raise SegclrError(f"there is a class {spec.name} already: choose another name, or merge the two")
    for spec in out_of_use(task).values():  # with such a name the labels would become the class's
        if spec.name.casefold() == name.casefold():
            raise SegclrError(f"the retired class {spec.name} has that name: bring it back, or choose another one")
    return name


def _color(color: str) -> str:
    if not re.fullmatch("#[0-9a-fA-F]{6}", color):
        raise SegclrError(f"{color[:20]!r} is no colour: write it like '#3b82f6'")
    return color.lower()


def _open_key(classes: Classes, keys: Keys, key: str, rekeyed: ClassSpec | None = None) -> str:
    if not re.fullmatch("[0-9a-z]", key):
        raise SegclrError(f"{key[:20]!r} cannot be a class's key: take one digit or one small letter")
    commands = {bound: name.replace("_", " ") for name, bound in keys.by_name().items()} | FIXED_KEYS
    if key in commands:
        raise SegclrError(f"the key {key} means {commands[key]!r}: choose another one")
    for spec in classes.specs:
        if spec.key == key:
            already = "has that key already" if spec is rekeyed else f"has the key {key}: choose another one"
            raise SegclrError(f"the class {spec.name} {already}")
    return key


def _is_open(classes: Classes, keys: Keys, key: str) -> bool:
    try:
        return bool(_open_key(classes, keys, key))
    except SegclrError:
        return False


def _refuse_too_many(classes: Classes, keys: Keys) -> None:
    if len(classes.specs) >= MAX_CLASSES:
        raise SegclrError(f"the task has {MAX_CLASSES} classes, which is the most: merge or retire one first")
    if not free_key(classes, keys):
        raise SegclrError("every digit and letter is a key already: merge or retire a class first")


def _refuse_too_few(classes: Classes) -> None:
    if len(classes.specs) <= LEAST_CLASSES:
        raise SegclrError(f"a task needs {LEAST_CLASSES} classes: add another one first")
