"""The Neuroglancer viewer: its server, its clicks and keys, and what it is told.

After the start nothing is changed in the viewer's shared state from here: every such change makes the client build all
its layers anew and puts the camera back. Colours, selections and refetching are the page's business
(`static/src/neuroglancer.ts`); what is left here goes through `config_state`, which is cheap.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

import neuroglancer
import neuroglancer.server
import neuroglancer.static

from segclr.em.geometry import XYZ
from segclr.errors import ProjectError
from segclr_viewer.keys import Keys
from segclr_viewer.overlay.overlay import Overlay
from segclr_viewer.overlay.surfaces import Surfaces
from segclr_viewer.points import Points
from segclr_viewer.scene import Scene, initial_state
from segclr_viewer.wire.labelling import Mark

log = logging.getLogger(__name__)

_SAID_S = 8.0  # how long a sentence stays


# Neuroglancer's look beside our page. Layers cannot be added or closed, and have no numbers: those keys label.
_STYLE = b"""<style>
.neuroglancer-layer-add-button, .neuroglancer-layer-item-button-container, .neuroglancer-layer-item-number
  { display: none !important }
.neuroglancer-viewer-top-row, .neuroglancer-layer-panel { background: #0e1116; font-family: system-ui, sans-serif }
.neuroglancer-layer-item
  { border: 1px solid #2a303a; border-radius: 4px; margin: 2px; padding: 1px 6px; font-family: system-ui, sans-serif }
#neuroglancer-status-container { bottom: 14px; left: 0; right: 0; background: none; pointer-events: none }
#neuroglancer-status-container li { width: fit-content; max-width: 80%; margin: 6px auto 0; padding: 6px 14px;
  color: #d6dae0; background: #1d2026; border: 1px solid #3a404a; border-radius: 6px;
  font: 13px/1.45 system-ui, sans-serif; box-shadow: 0 6px 24px rgb(0 0 0 / 0.5) }
.away #neuroglancer-status-container { display: none } /* the page says that the server is away */
.neuroglancer-layer-item-label-color { display: none !important }
.neuroglancer-layer-item-label { color: #d6dae0 !important; background: none !important }
.neuroglancer-layer-item[data-visible="false"] { opacity: 0.4 }
.neuroglancer-layer-item:not(:has(~ .neuroglancer-layer-item)) { display: none } /* the last layer is "ahead" */
</style>"""


class Listener(Protocol):
    """Who is told of clicks and keys in the viewer; called on the loop's thread."""

    def click(self, position_nm: XYZ, segment_id: int | None) -> None: ...

    def label_at(self, class_id: str | None, position_nm: XYZ | None, segment_id: int | None) -> None: ...

    def mark_at(self, kind: Mark, position_nm: XYZ | None, segment_id: int | None) -> None: ...

    def undo(self) -> None: ...

    def redo(self) -> None: ...


class Neuroglancer:
    """Neuroglancer's server, running in a thread of its own; there is one in a process."""

    def __init__(self, host: str, port: int, usual: int = 0) -> None:
        """Listen on a port; 0 takes the usual one, or any other where that is taken.

        Raises:
            ProjectError: one cannot listen there.
        """
        if neuroglancer.server.is_server_running():
            raise RuntimeError("Neuroglancer's server is already running in this process")
        port = port or (usual if _is_free(host, usual) else 0)
        neuroglancer.set_server_bind_address(host, port)
        neuroglancer.set_static_content_source(source=_DressedClient())
        try:
            _try_to_listen(host, port)
            neuroglancer.server.start()
        except OSError as error:
            reason = error.strerror or str(error)
            raise ProjectError(
                f"cannot listen on {host}, port {port} ({reason}): stop what uses it, or choose another server.port"
            ) from None
        server = neuroglancer.server.global_server
        self.host = host
        self.port: int = server.port
        self.loop: asyncio.AbstractEventLoop = server.loop
        self.application = server.app
        self.http_server = server.http_server

    def stop(self) -> None:
        """Close all connections and end the thread."""
        neuroglancer.server.stop()


class _DressedClient(neuroglancer.static.ImportlibResourcesContentSource):  # type: ignore[misc]
    """Neuroglancer's packaged client with our style."""

    def get(self, name: str, query: str) -> tuple[bytes, str]:
        body, content_type = super().get(name, query)
        return (body.replace(b"</head>", _STYLE + b"</head>") if content_type == "text/html" else body), content_type


def _is_free(host: str, port: int) -> bool:
    try:
        _try_to_listen(host, port)
    except OSError:
        return False
    return True


def _try_to_listen(host: str, port: int) -> None:
    """Raise OSError if one cannot listen there; Tornado would leave the socket open that it failed with."""
    family, *_, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    socket.create_server(address[:2], family=family).close()


class NeuroglancerView:
    """The session's `View` port. All methods but the constructor are called on the loop's thread."""

    def __init__(self, running: Neuroglancer, origin: str, scene: Scene, overlay: Overlay, surfaces: Surfaces) -> None:
        """Make the viewer.

        Args:
            origin: where page and viewer are opened, `Guard.origin`.
        """
        self._loop = running.loop
        self._scene = scene
        self._overlay = overlay
        self._surfaces = surfaces
        self._bound: dict[str, str] = {}  # key in Neuroglancer's words -> action
        self._label_actions: dict[str, str] = {}  # id of a class -> the action that gives it
        self._listener: Listener | None = None
        self._said = ""
        # the server keeps viewers by weak references only: this one keeps it alive
        self._viewer = neuroglancer.Viewer(allow_credentials=False)
        self._viewer.set_state(initial_state(scene, origin))
        self._dress()
        self._bind_actions()
        self.token: str = self._viewer.token
        self.path = f"/v/{self.token}/"

    def listen(self, listener: Listener) -> None:
        """Tell this listener of clicks and keys from now on."""
        self._listener = listener

    def say(self, text: str) -> None:
        """Show one sentence in the viewer for a while; empty: show none."""
        with self._viewer.config_state.txn() as config:
            if text:
                config.status_messages["segclr"] = text
            elif "segclr" in config.status_messages:
                del config.status_messages["segclr"]
        self._said = text
        if text:
            self._loop.call_later(_SAID_S, self._unsay, text)

    def repaint(self, points: Points) -> None:
        """Paint by these predictions from now on."""
        self._overlay.repaint(points)

    def set_class_keys(self, class_ids: Mapping[str, str]) -> None:
        """Let these keys give the classes with these ids from now on.

        Every class has an action of its own, so that a key pressed before the client has heard of other keys still
        gives the class that its user knew it for.
        """
        for class_id in class_ids.values():
            if class_id not in self._label_actions:
                action = self._label_actions[class_id] = f"label-{len(self._label_actions)}"
                self._on(action, partial(self._label, class_id=class_id))
        bound = _keys(self._scene.keys, {key: self._label_actions[class_id] for key, class_id in class_ids.items()})
        with self._viewer.config_state.txn() as config:
            for name in self._bound:
                del config.input_event_bindings.viewer[name]
            for name, action in bound.items():
                config.input_event_bindings.viewer[name] = action
        self._bound = bound

    def _unsay(self, text: str) -> None:
        if self._said == text:
            self.say("")

    def _dress(self) -> None:
        """Take away the controls that our page replaces, and those that lead out of the app."""
        with self._viewer.config_state.txn() as config:
            config.show_help_button = False
            config.show_settings_button = False
            config.show_screenshot_button = False
            config.show_tool_palette_button = False
            config.show_layer_list_panel_button = False
            config.show_layer_side_panel_button = False
            config.show_selection_panel_button = False
            config.show_layer_hover_values = False
            config.show_panel_borders = False
        # the Python package does not know this one
        self._viewer.config_state.set_state({**self._viewer.config_state.raw_state, "showEditStateButton": False})

    def _bind_actions(self) -> None:
        self._on("embed", self._embed)
        self._on("undo", lambda listener, _: listener.undo())
        self._on("redo", lambda listener, _: listener.redo())
        self._on("label-none", partial(self._label, class_id=None))
        self._on("unsure", partial(self._mark, kind="unsure"))
        self._on("bad-segmentation", partial(self._mark, kind="bad_segmentation"))
        with self._viewer.config_state.txn() as config:
            bindings = config.input_event_bindings
            bindings.data_view["alt+click0"] = "embed"
            bindings.data_view["shift+mousedown0"] = "embed"
        self.set_class_keys({})

    def _on(self, name: str, do: Callable[[Listener, Any], None]) -> None:
        """Bind an action; what goes wrong in it is logged and said, not lost in Neuroglancer."""

        def act(action: neuroglancer.viewer_config_state.ActionState) -> None:
            if self._listener is None:
                return
            try:
                do(self._listener, action)
            except Exception:
                log.exception("the action %s failed", name)
                self.say("This did not work, through a fault of the program; the terminal says why.")

        self._viewer.actions.add(name, act)

    def _embed(self, listener: Listener, action: neuroglancer.viewer_config_state.ActionState) -> None:
        position_nm, segment_id = self._under_mouse(action)
        if position_nm is None:
            self.say("There is nothing under the mouse: click in the volume.")
        else:
            listener.click(position_nm, segment_id)

    def _label(
        self, listener: Listener, action: neuroglancer.viewer_config_state.ActionState, class_id: str | None
    ) -> None:
        listener.label_at(class_id, *self._under_mouse(action))

    def _mark(self, listener: Listener, action: neuroglancer.viewer_config_state.ActionState, kind: Mark) -> None:
        listener.mark_at(kind, *self._under_mouse(action))

    def _under_mouse(self, action: neuroglancer.viewer_config_state.ActionState) -> tuple[XYZ | None, int | None]:
        """Position and segment id under the mouse; None where there is none, or none is loaded yet."""
        voxel = action.mouse_position
        position_nm = None
        if voxel is not None:
            x, y, z = (float(v) * r for v, r in zip(voxel, self._scene.resolution_nm, strict=True))
            position_nm = (x, y, z)
        # on a surface in 3-D the voxel just under it may be a neighbour's: the surface tells
        part = _value(action, "surfaces")
        if part is not None:
            return position_nm, self._surfaces.segment_id(part)
        return position_nm, _value(action, "cells") or None


def _keys(keys: Keys, labels: Mapping[str, str]) -> dict[str, str]:
    """Neuroglancer's names of keys -> actions on what is under the mouse.

    A key that labels in one task must not switch a layer off in the next one, nor a slip of the finger open a dialog:
    what Neuroglancer would do at other digits, n, h and the letters of commands is replaced by an action that nobody
    hears. Commands that are not about the mouse, and every key while the page runs its queue, are taken by the page
    before they come here.
    """
    names = {f"{control}digit{digit}": "nothing" for digit in range(1, 10) for control in ("", "control+", "alt+")}
    names |= {"keyn": "nothing", "keyh": "nothing"}
    names |= {_name(key): "nothing" for key in keys.by_name().values() if len(key) == 1}
    names |= {
        _name(keys.take_back): "label-none",
        _name(keys.unsure): "unsure",
        _name(keys.bad_segmentation): "bad-segmentation",
    }
    for control in ("control", "meta"):
        names |= {f"{control}+keyz": "undo", f"{control}+shift+keyz": "redo", f"{control}+keyy": "redo"}
    return names | {_name(key): action for key, action in labels.items()}


def _name(key: str) -> str:
    """Neuroglancer's name of a key of the project file: those of KeyboardEvent.code, in small letters."""
    if key.isdigit():
        return f"digit{key}"
    if len(key) == 1:
        return f"key{key}"
    return f"arrow{key}" if key in ("left", "right", "up", "down") else key


def _value(action: neuroglancer.viewer_config_state.ActionState, layer: str) -> int | None:
    """The id under the mouse in a layer; layers with names or merged ids give an entry instead of a number."""
    if layer not in action.selected_values:
        return None
    value = action.selected_values[layer].value
    if value is None:
        return None
    if isinstance(value, neuroglancer.viewer_config_state.SegmentIdMapEntry):
        value = value.key if value.value is None else value.value
    return int(value)
