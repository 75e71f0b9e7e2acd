// Fetching again what the viewer has cached, without the blank frames that dropping the caches would give.

import type { Client, Layer, Refetchable } from "./neuroglancer_client";

const LEAST_MS = 40;
const MOST_MS = 2000;
const POLL_MS = 8;

/** What renewing needs of the bridge to the viewer. */
export interface Renewable {
  /** The client, once its layers are there; null before. */
  client(): Client | null;
  layer(name: string): Layer | undefined;
  /** Does something inside the viewer. */
  reach(action: () => void): void;
}

/** Sees to it that what was repainted is fetched again: not while a place is awaited, and once however often it is asked. */
export class Renewal {
  private stale: "no" | "chunks" | "meshes" = "no";
  private fetching = false;
  private held = false;
  /** Segments with surfaces on screen, and to come. */
  private shown: readonly string[] = [];
  private expected: readonly string[] = [];
  /** Segments with surfaces that the viewer may have kept. */
  private readonly kept = new Set<string>();

  constructor(private readonly viewer: Renewable) {}

  /** Whether nothing is to be renewed. */
  get done(): boolean {
    return !this.fetching && this.stale === "no";
  }

  /** The codes have changed, and the surfaces of those segments that have other parts than before. */
  ask(hasOtherParts: (segment: string) => boolean): void {
    const meshes = this.stale === "meshes" || [...this.kept].some(hasOtherParts);
    this.stale = meshes ? "meshes" : "chunks";
    this.next();
  }

  /** Wait with it until `release`. */
  hold(): void {
    this.held = true;
  }

  release(): void {
    this.held = false;
    this.next();
  }

  showing(segments: readonly string[]): void {
    this.shown = segments;
    for (const segment of segments) this.kept.add(segment);
  }

  expecting(segments: readonly string[]): void {
    this.expected = segments;
    for (const segment of segments) this.kept.add(segment);
  }

  next(): void {
    const client = this.viewer.client();
    if (this.stale === "no" || this.fetching || this.held || !client) return;
    const meshes = this.stale === "meshes";
    this.viewer.reach(() => {
      this.stale = "no";
      this.fetching = true;
      if (meshes) this.forget();
      refetchCalmly(client, this.viewer.layer("classes"), meshes ? this.viewer.layer("surfaces") : undefined, () => {
        this.fetching = false;
        this.next();
      });
    });
  }

  private forget(): void {
    this.kept.clear();
    for (const segment of [...this.shown, ...this.expected]) this.kept.add(segment);
  }
}

/** Refetch one layer's chunks and another's meshes; the last picture stays until all is there or the user moves. */
function refetchCalmly(
  client: Client,
  chunksOf: Layer | undefined,
  meshesOf: Layer | undefined,
  done: () => void,
): void {
  const { display } = client;
  const where = [...client.position.value].join();
  const start = performance.now();
  const end = (): void => {
    delete display.draw; // the prototype's own draw comes back
    display.scheduleRedraw();
    done();
  };
  const step = (): void => {
    const waited = performance.now() - start;
    const moved = [...client.position.value].join() !== where;
    if (moved || waited > MOST_MS || (waited > LEAST_MS && client.isReady())) end();
    else setTimeout(step, POLL_MS);
  };
  display.draw = () => {};
  setTimeout(step, POLL_MS);
  if (chunksOf) refetchChunks(client, chunksOf);
  if (meshesOf) refetchMeshes(meshesOf);
}

function refetchChunks(client: Client, layer: Layer): void {
  client.isReady(); // the views take notice of layers that have just been shown
  const mine = new Set(layer.renderLayers);
  const sources = new Set<Refetchable>();
  for (const panel of client.display.panels) {
    const views = panel.sliceView ? [panel.sliceView] : [...(panel.sliceViews?.keys() ?? [])];
    for (const view of views) {
      for (const [renderLayer, found] of view.visibleLayers) {
        if (!mine.has(renderLayer)) continue;
        for (const scale of found.allSources) for (const { source } of scale) sources.add(source);
      }
    }
  }
  for (const source of sources) source.invalidateCache();
}

function refetchMeshes(layer: Layer): void {
  for (const { source } of layer.renderLayers) {
    // the manifests name other fragments where a surface is cut otherwise; the fragments themselves must be let alone:
    // one that was fetched ahead and not yet shown forgets what it is, and is never loaded again
    if (source?.fragmentSource) source.invalidateCache();
  }
}
