"""The layouts of the scatter, which all annotators share: which one is shown, which are kept, which is being fitted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from segclr.embeddings.storage.stored_embeddings import EmbeddingRows
from segclr.embeddings.table import EmbeddingTable
from segclr.errors import LayoutError, SegclrError
from segclr.explore.fitted import FittedLayout
from segclr.explore.layout import Layout, pca_layout
from segclr.explore.placement import Placement
from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.ports import KeptLayout, Layouts, LayoutWish
from segclr_viewer.scatter import Scatter
from segclr_viewer.session.one_by_one import OneByOne
from segclr_viewer.wire.layouts import Fitting

_IDLE = Fitting(running=False, by="", text="", share=0.0)
_TOLD_SHARE = 0.01  # the pages are told of progress in steps of so much


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A layout, ready to be shown.

    Attributes:
        stamp: that it is kept under, empty for principal components.
        radius_um: of the means that were laid out, 0 for the embeddings themselves.
        placement: of new points among them.
    """

    layout: Layout
    stamp: str
    radius_um: float
    placement: Placement


Failed = Callable[[SegclrError], None]


class LayingOut:
    """Fits, keeps and chooses layouts.

    Args:
        layouts: fits and keeps them.
        first: the layout that is shown until another one is.
        errands: where files are read and placements made.
        show: shows a layout to everybody.
        tell_layouts, tell_fitting: tell everybody what is kept, and how far the fit is.
        scatter: the points that are laid out.
    """

    def __init__(
        self,
        layouts: Layouts,
        table: EmbeddingTable,
        first: Layout,
        tasks: Mapping[str, TaskState],
        errands: OneByOne,
        show: Callable[[Shown], None],
        tell_layouts: Callable[[], None],
        tell_fitting: Callable[[], None],
        scatter: Scatter,
    ) -> None:
        self._layouts = layouts
        self._table = table
        self._tasks = tasks
        self._errands = errands
        self._show = show
        self._tell_layouts = tell_layouts
        self._tell_fitting = tell_fitting
        self._scatter = scatter
        self.shown = "" if first.method == "pca" else layouts.stamp_of(LayoutWish())
        self.fitting = _IDLE
        self._coming = self.shown  # what is being opened, to be shown
        self._kept: list[KeptLayout] | None = None

    @property
    def kept(self) -> list[KeptLayout]:
        """The kept UMAPs that new points can be placed in, the newest first."""
        if self._kept is None:
            radii = {0.0} | {task.vectors.radius_um for task in self._tasks.values()}
            self._kept = [kept for kept in self._layouts.kept() if kept.source.radius_um in radii]
        return self._kept

    def begin(self, failed: Failed) -> None:
        """Show what was shown last; without any UMAP, fit the usual one."""
        remembered = self._layouts.remembered()
        if remembered and remembered != self.shown and any(kept.stamp == remembered for kept in self.kept):
            self.show(remembered, failed)
        elif not self.shown:
            self.fit(LayoutWish(), "", failed)

    def fit(self, wish: LayoutWish, by: str, failed: Failed) -> None:
        """Fit a UMAP and show it when it is there; one that is kept is shown at once.

        Raises:
            LayoutError: the settings cannot be used, or another fit is under way.
        """
        wish.settings.check()
        if self.fitting.running:
            raise LayoutError("a layout is being fitted already: wait for it, or cancel it first")
        stamp = self._layouts.stamp_of(wish)
        if any(kept.stamp == stamp for kept in self.kept):
            self.show(stamp, failed)
            return
        self._progress(by, "starting", 0.0)
        self._layouts.fit(
            wish, self.shown, partial(self._fitted, failed), partial(self._failed, failed), partial(self._progress, by)
        )

    def stop(self) -> None:
        """End the fit under way, whoever asked for it."""
        self._layouts.stop()
        self._over()

    def show(self, stamp: str, failed: Failed) -> None:
        """Show a kept UMAP; with an empty stamp, the principal components.

        Raises:
            LayoutError: there is none with that stamp.
        """
        if stamp and all(kept.stamp != stamp for kept in self.kept):
            raise LayoutError("that layout is not kept any more: choose another one, or fit it again")
        self._adopt(stamp, partial(self._opened, stamp), failed)

    def drop(self, stamp: str) -> None:
        """Delete a kept UMAP.

        Raises:
            LayoutError: it is shown or about to be, there is none with that stamp, or it cannot be deleted.
        """
        if stamp in (self.shown, self._coming):
            raise LayoutError("that layout is shown: choose another one before you delete it")
        if all(kept.stamp != stamp for kept in self.kept):
            raise LayoutError("that layout is not kept any more")
        self._layouts.drop(stamp)
        self._kept = None
        self._tell_layouts()

    def _opened(self, stamp: str) -> Shown:
        return self._ready(self._layouts.opened(stamp)) if stamp else self._components()

    def _components(self) -> Shown:
        embeddings = self._scatter.of(self._table.embeddings)
        layout = pca_layout(embeddings)
        return Shown(layout, "", 0.0, layout.placement(embeddings))

    def _ready(self, fitted: FittedLayout) -> Shown:
        radius_um = fitted.source.radius_um
        embeddings = self._scatter.of(self.laid_out(radius_um))
        return Shown(fitted.layout, fitted.stamp, radius_um, fitted.layout.placement(embeddings))

    def laid_out(self, radius_um: float) -> EmbeddingRows:
        """(n, d) what a layout of means within that radius was fitted to."""
        if radius_um == 0:
            return self._table.embeddings
        return next(task.vectors.matrix() for task in self._tasks.values() if task.vectors.radius_um == radius_um)

    def _adopt(self, stamp: str, make: Callable[[], Shown], failed: Failed) -> None:
        self._coming = stamp
        self._errands.ask("layout", make, self._swap, partial(self._not_adopted, stamp, failed))

    def _not_adopted(self, stamp: str, failed: Failed, error: SegclrError) -> None:
        if self._coming == stamp:
            self._coming = self.shown
        failed(error)

    def _swap(self, shown: Shown) -> None:
        self.shown = shown.stamp
        self._layouts.remember(shown.stamp)
        self._show(shown)
        self._tell_layouts()

    def _fitted(self, failed: Failed, fitted: FittedLayout) -> None:
        self._kept = None
        self._over()
        self._adopt(fitted.stamp, partial(self._ready, fitted), failed)

    def _failed(self, failed: Failed, text: str) -> None:
        self._over()
        failed(LayoutError(text))

    def _over(self) -> None:
        if self.fitting.running:
            self.fitting = _IDLE
            self._tell_fitting()

    def _progress(self, by: str, text: str, share: float) -> None:
        before = self.fitting
        if before.running and before.text == text and share - before.share < _TOLD_SHARE:
            return
        self.fitting = Fitting(running=True, by=by, text=text, share=share)
        self._tell_fitting()
