"""The project, its tasks and its layout as the pages are told them."""

from segclr.explore.layout import Layout
from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.keys import Keys
from segclr_viewer.log.classes import Classes
from segclr_viewer.palette import alike, free_colors
from segclr_viewer.project import ClassSpec
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.class_editing import free_key
from segclr_viewer.session.out_of_use import out_of_use
from segclr_viewer.wire.answers import Hello, LayoutReady, PlaceSummary
from segclr_viewer.wire.classes import ClassesChanged, ClassInfo, TaskInfo


def hello(state: AppState, places: list[PlaceSummary]) -> Hello:
    """The first message to a page; `places` are the remembered ones, as the active task sees them."""
    world = state.world
    return Hello(
        project=world.project,
        generated=world.generated,
        log=world.log,
        run=world.run,
        reads_only=world.reads_only,
        notice=world.notice,
        annotator=world.annotator,
        viewer_url=world.viewer_url,
        device=state.workspace.device,
        encoder=world.table.provenance.encoder_hash if world.embeds else "",
        rows=len(state.workspace.scatter),
        segments=len(world.table.segment_ids),
        table_version=state.workspace.scatter.version,
        resolution_nm=world.resolution_nm,
        bounds_nm=world.bounds_nm,
        tasks=[task_info(task, world.keys) for task in state.tasks.values()],
        task=state.active.task.name,
        places=places,
        start_segments=[str(segment_id) for segment_id in world.start_segments],
        depth_axis=world.depth_axis,
        keys=world.keys,
    )


def layout_ready(layout: Layout, radius_um: float) -> LayoutReady:
    """Where the coordinates of a layout, of means within a radius, are to be fetched."""
    note = f"means within {radius_um:g} µm" if radius_um > 0 else ""
    return LayoutReady(layout.id, layout.method, f"/columns/layout/{layout.id}.bin", len(layout.xy), note)


def task_info(state: TaskState, keys: Keys) -> TaskInfo:
    """A task with the classes that the log has made."""
    task, classes = state.task, state.classes
    colors = [spec.color for spec in classes.specs]
    return TaskInfo(
        name=task.name,
        unit=task.unit,
        radius_um=task.aggregation_radius_um,
        classes=[_info(*each) for each in zip(classes.ids, classes.specs, strict=True)],
        retired=[_info(*each) for each in out_of_use(state).items()],
        alike=alike(colors),
        free_colors=free_colors(colors),
        free_key=free_key(classes, keys),
    )


def classes_changed(state: TaskState, keys: Keys) -> ClassesChanged:
    """A task whose classes are others now."""
    return ClassesChanged(task_info(state, keys), _heirs(state.classes))


def _heirs(classes: Classes) -> dict[str, str]:
    known = dict(zip((spec.name for spec in classes.specs), classes.ids, strict=True))
    known |= dict(zip((spec.name for spec in classes.retired), classes.retired_ids, strict=True))
    return {
        class_id: known[name]
        for class_id, name in classes.by_identity.items()
        if name in known and known[name] != class_id
    }


def _info(class_id: str, spec: ClassSpec) -> ClassInfo:
    return ClassInfo(class_id, spec.name, spec.color, spec.key)
