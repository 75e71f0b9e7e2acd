// What the page uses of the packaged Neuroglancer client (2.41): its internals by the names that they have there.

export type Id = bigint;

export interface Signal {
  add(callback: () => void): void;
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
}

export interface Layer {
  readonly renderLayers: readonly RenderLayer[];
  readonly dataSources?: readonly { readonly loadState?: unknown }[];
  readonly displayState: {
    readonly segmentationGroupState: { readonly value: { visibleSegments: SegmentSet; selectedSegments: SegmentSet } };
    readonly segmentationColorGroupState: { readonly value: { segmentStatedColors: ColorMap } };
  };
  readonly localAnnotations?: { restoreState(annotations: readonly unknown[]): void };
}

export interface SliceView {
  readonly visibleLayers: Map<RenderLayer, { allSources: readonly (readonly { source: Refetchable }[])[] }>;
}

export interface Client {
  readonly element: HTMLElement;
  readonly display: {
    readonly panels: Iterable<{ readonly sliceView?: SliceView; readonly sliceViews?: Map<SliceView, unknown> }>;
    draw?: () => void;
    scheduleRedraw(): void;
  };
  readonly layerManager: {
    readonly managedLayers: readonly { name: string; layer: Layer | null }[];
    layersChanged: Signal;
  };
  readonly layerSelectedValues: { get(layer: Layer | undefined): unknown };
  readonly mouseState: { updateUnconditionally(): void };
  readonly position: { value: Float32Array };
  readonly crossSectionScale: { readonly value: number };
  isReady(): boolean;
}
