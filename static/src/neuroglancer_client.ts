// What the page uses of the packaged Neuroglancer client (2.41): its internals by the names that they have there.

export type Id = bigint;

export interface Signal {
  add(callback: () => void): void;
}

/** Who wants something drawn or fetched, and how urgently: Infinity is "on screen", a number "ahead, when idle". */
export interface Priority {
  readonly value: number;
  readonly changed: { add(callback: () => void): () => void };
}

export interface Priorities {
  add(one: Priority): () => void;
}

export interface SegmentSet extends Iterable<Id> {
  readonly changed: Signal;
  add(ids: Id[]): void;
  delete(ids: Id[]): void;
}

export interface ColorMap {
  readonly hashTable: { reserve(count: number): void; delete(id: Id): void; set(id: Id, rgb: Id): void };
  readonly changed: { dispatch(first: null, second: boolean): void };
}

export interface Refetchable {
  invalidateCache(): void;
}

export interface RenderLayer {
  readonly source?: Refetchable & { readonly fragmentSource?: Refetchable };
  readonly visibility: Priorities;
  isReady?(): boolean;
}

export interface Layer {
  readonly renderLayers: readonly RenderLayer[];
  readonly dataSources?: readonly { readonly loadState?: unknown }[];
  readonly displayState: {
    readonly segmentationGroupState: {
      readonly value: {
        visibleSegments: SegmentSet;
        selectedSegments: SegmentSet;
        /** Whether voxels of no segment are left as they are. */
        hideSegmentZero: { value: boolean };
      };
    };
    /** Opacities in sections. */
    readonly selectedAlpha: { value: number };
    readonly notSelectedAlpha: { value: number };
    readonly segmentationColorGroupState: {
      readonly value: { segmentStatedColors: ColorMap; segmentDefaultColor: { value: Float32Array | undefined } };
    };
  };
  readonly localAnnotations?: { restoreState(annotations: readonly unknown[]): void };
}

interface Shared {
  addRef(): this;
}

interface Position {
  value: Float32Array;
  readonly coordinateSpace: unknown;
  readonly constructor: new (space: unknown) => Position;
}

interface Pose {
  readonly position: Position;
  readonly displayDimensionRenderInfo: Shared;
  readonly orientation: Shared;
  readonly constructor: new (position: Position, dimensions: Shared, orientation: Shared) => Pose;
}

interface Navigation {
  readonly pose: Pose;
  readonly zoomFactor: Shared;
  readonly depthRange: Shared;
  readonly constructor: new (pose: Pose, zoom: Shared, depth: Shared) => Navigation;
}

export interface SliceView {
  readonly visibleLayers: Map<RenderLayer, { allSources: readonly (readonly { source: Refetchable }[])[] }>;
  readonly chunkManager: unknown;
  readonly layerManager: unknown;
  readonly wireFrame: unknown;
  readonly navigationState: Navigation;
  readonly visibility: Priorities;
  readonly projectionParameters: Projection;
  isReady(): boolean;
  dispose(): void;
  readonly constructor: new (chunks: unknown, layers: unknown, navigation: Navigation, wire: unknown) => SliceView;
}

export interface Projection {
  /** From voxels to the panel, and to pixels with the distance from the plane; column by column. */
  readonly value: { readonly viewProjectionMat: Float32Array; readonly viewMatrix: Float32Array };
  setViewport(viewport: unknown): void;
}

export interface Panel {
  readonly element: HTMLElement;
  /** Of a panel in 2-D. */
  readonly sliceView?: SliceView;
  /** Of a panel in 3-D. */
  readonly sliceViews?: Map<SliceView, unknown>;
  readonly projectionParameters?: Projection;
  readonly renderViewport: unknown;
}

export interface ManagedLayer {
  readonly name: string;
  readonly layer: Layer | null;
  readonly visible: boolean;
  setVisible(visible: boolean): void;
}

/** A quaternion; nothing where it is not turned. */
export interface Orientation {
  toJSON(): readonly number[] | undefined;
  restoreState(quaternion: readonly number[]): void;
}

export interface Client {
  readonly element: HTMLElement;
  readonly display: {
    readonly panels: Iterable<Panel>;
    readonly updateFinished: Signal;
    draw?: () => void;
    scheduleRedraw(): void;
  };
  readonly layerManager: {
    readonly managedLayers: readonly ManagedLayer[];
    layersChanged: Signal;
  };
  readonly layerSelectedValues: { get(layer: Layer | undefined): unknown };
  readonly mouseState: { updateUnconditionally(): void };
  readonly position: { value: Float32Array };
  readonly crossSectionScale: { value: number };
  readonly projectionScale: { value: number };
  readonly crossSectionOrientation: Orientation;
  readonly projectionOrientation: Orientation;
  /** Whether chunks that lie in the direction of the last move are fetched. */
  readonly chunkQueueManager: { readonly enablePrefetch: { value: boolean } };
  isReady(): boolean;
}
