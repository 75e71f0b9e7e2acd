// Fetching what the next place will show, behind everything that is on screen: its sections by views that are never drawn,
// its surface by a layer that is not shown. Both share the viewer's own chunks, so nothing is fetched or copied to the
// graphics memory when the place is shown.

import type { Client, Layer, Panel, Priority, RenderLayer, SliceView } from "./neuroglancer_client";

const WHEN_IDLE = -1;
const NEVER = Number.NEGATIVE_INFINITY;

/** A wish that can be taken back. */
class Wish implements Priority {
  value = NEVER;
  private readonly listeners = new Set<() => void>();
  readonly changed = {
    add: (listener: () => void): (() => void) => {
      this.listeners.add(listener);
      return () => this.listeners.delete(listener);
    },
  };

  set(value: number): void {
    if (value === this.value) return;
    this.value = value;
    for (const listener of this.listeners) listener();
  }
}

/** The view of a panel, as it would be with another centre. */
function twinOf(view: SliceView, wish: Wish): SliceView {
  const { pose, zoomFactor, depthRange, constructor: Navigation } = view.navigationState;
  const position = new pose.position.constructor(pose.position.coordinateSpace);
  const elsewhere = new pose.constructor(position, pose.displayDimensionRenderInfo.addRef(), pose.orientation.addRef());
  const navigation = new Navigation(elsewhere, zoomFactor.addRef(), depthRange.addRef());
  const twin = new view.constructor(view.chunkManager, view.layerManager, navigation, view.wireFrame);
  twin.visibility.add(wish);
  return twin;
}

export class Ahead {
  private readonly wish = new Wish();
  private readonly twins = new Map<SliceView, SliceView>();
  private readonly wished = new WeakSet<RenderLayer>();
  private surfaces: RenderLayer | null = null;

  /** Fetch what the panels show at a position, in voxels, and the surfaces that `layer` names. */
  look(client: Client, layer: Layer | undefined, voxel: Float32Array): void {
    const flat = [...client.display.panels].filter((panel): panel is Panel & { sliceView: SliceView } => !!panel.sliceView);
    this.forget(new Set(flat.map((panel) => panel.sliceView)));
    for (const { sliceView, renderViewport } of flat) {
      const twin = this.twins.get(sliceView) ?? twinOf(sliceView, this.wish);
      this.twins.set(sliceView, twin);
      twin.projectionParameters.setViewport(renderViewport);
      twin.navigationState.pose.position.value = voxel;
    }
    this.surfaces = layer?.renderLayers.find(({ source }) => source?.fragmentSource) ?? null;
    if (this.surfaces && !this.wished.has(this.surfaces)) {
      this.wished.add(this.surfaces);
      this.surfaces.visibility.add(this.wish);
    }
    this.wish.set(WHEN_IDLE);
  }

  /** What is not there yet is not fetched any more. */
  stop(): void {
    this.wish.set(NEVER);
  }

  /** Whether all that was looked for is there. */
  get ready(): boolean {
    const sections = [...this.twins.values()].every((twin) => twin.isReady());
    return this.wish.value === WHEN_IDLE && sections && (this.surfaces?.isReady?.() ?? true);
  }

  /** Drop the twins of views that are gone: another layout makes new ones. */
  private forget(views: ReadonlySet<SliceView>): void {
    for (const [view, twin] of this.twins) {
      if (views.has(view)) continue;
      twin.dispose();
      this.twins.delete(view);
    }
  }
}
