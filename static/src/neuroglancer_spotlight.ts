// The sections while one cell is asked about: it keeps the bare image, the other cells are darkened and their classes are
// a hint. Nothing is painted on the cell itself, so that no colour suggests an answer.

import type { Layer } from "./neuroglancer_client";

interface Look {
  /** Opacities of the classes, of the shown cells and of the others, and the colour of both. */
  readonly classes: number;
  readonly shown: number;
  readonly others: number;
  readonly color: readonly [number, number, number];
}

/** As the viewer opens with an image (`scene.py`). The viewer keeps its state over a reload, so it is not remembered. */
const USUAL: Look = { classes: 0.3, shown: 0.2, others: 0, color: [1, 1, 1] };
const SPOTLIGHT: Look = { classes: 0.08, shown: 0, others: 0.55, color: [0, 0, 0] };

export function spotlight(on: boolean, classes: Layer, cells: Layer): void {
  const look = on ? SPOTLIGHT : USUAL;
  const { selectedAlpha, notSelectedAlpha, segmentationGroupState, segmentationColorGroupState } = cells.displayState;
  const { segmentDefaultColor } = segmentationColorGroupState.value;
  set(classes.displayState.selectedAlpha, look.classes);
  set(selectedAlpha, look.shown);
  set(notSelectedAlpha, look.others);
  set(segmentationGroupState.value.hideSegmentZero, !on);
  if (segmentDefaultColor.value?.join() !== look.color.join()) segmentDefaultColor.value = Float32Array.from(look.color);
}

function set<T>(setting: { value: T }, value: T): void {
  if (setting.value !== value) setting.value = value;
}
