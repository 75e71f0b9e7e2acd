// Fetching again what the viewer has cached, without the blank frames that dropping the caches would give.

import type { Client, Layer, Refetchable } from "./neuroglancer_client";

const LEAST_MS = 40;
const MOST_MS = 2000;
const POLL_MS = 8;

/** Refetch one layer's chunks and another's meshes; the last picture stays until all is there or the user moves. */
export function refetchCalmly(
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
    if (!source?.fragmentSource) continue;
    source.fragmentSource.invalidateCache();
    source.invalidateCache();
  }
}
