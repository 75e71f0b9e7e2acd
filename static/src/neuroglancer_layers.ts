// The viewer's layers: whether they are there, which segments they show, and in which colours.

import type { Client, Id, Layer } from "./neuroglancer_client";
import type { RGB } from "./paint";

/** Makes the viewer's own kind of id. */
export type MakeId = (value: string | number) => Id;

const LAYERS = ["classes", "cells", "surfaces"];

/** Whether the layers that the page works with have been set up. */
export function layersAreThere(client: () => Client | undefined): boolean {
  try {
    const managed = client()?.layerManager?.managedLayers ?? [];
    return LAYERS.every((name) => {
      const sources = managed.find((one) => one.name === name)?.layer?.dataSources;
      return sources?.every((source) => source.loadState) ?? false;
    });
  } catch {
    return false; // the browser shows an error page of its own there, which may not be read
  }
}

export function visibleIn(layer: Layer): string[] {
  return [...layer.displayState.segmentationGroupState.value.visibleSegments].map(String);
}

/** Show exactly these segments. */
export function showIn(layer: Layer, ids: readonly string[], makeId: MakeId): void {
  const group = layer.displayState.segmentationGroupState.value;
  const wanted = new Set(ids);
  const there = new Set(visibleIn(layer));
  const dropped = [...there].filter((id) => !wanted.has(id)).map(makeId);
  const added = [...wanted].filter((id) => !there.has(id)).map(makeId);
  if (dropped.length) group.selectedSegments.delete(dropped); // leaves the list of starred ones too
  if (added.length) group.visibleSegments.add(added);
}

export function colorIn(layer: Layer, colors: ReadonlyMap<string, RGB>, makeId: MakeId): void {
  const map = layer.displayState.segmentationColorGroupState.value.segmentStatedColors;
  map.hashTable.reserve(2 * colors.size);
  for (const [id, [red, green, blue]] of colors) {
    const key = makeId(id);
    map.hashTable.delete(key); // set() does not overwrite
    map.hashTable.set(key, makeId(red | (green << 8) | (blue << 16)));
  }
  map.changed.dispatch(null, true);
}
