// The sections while one cell is asked about: it keeps the bare image and the other cells are darkened. Classes are not
// painted, so that no colour suggests an answer, and nothing has to be fetched again after each answer.

import type { Layer, ManagedLayer } from "./neuroglancer_client";

interface Look {
  /** Opacities of the shown cells and of the others, and the colour of both. */
  readonly shown: number;
  readonly others: number;
  readonly color: readonly [number, number, number];
}

/** As the viewer opens with an image (`scene.py`). The viewer keeps its state over a reload, so it is not remembered. */
const USUAL: Look = { shown: 0.2, others: 0, color: [1, 1, 1] };
const SPOTLIGHT: Look = { shown: 0, others: 0.55, color: [0, 0, 0] };

export function spotlight(on: boolean, classes: ManagedLayer, cells: Layer): void {
  const look = on ? SPOTLIGHT : USUAL;
  const { selectedAlpha, notSelectedAlpha, segmentationGroupState, segmentationColorGroupState } = cells.displayState;
  const { segmentDefaultColor } = segmentationColorGroupState.value;
  if (classes.visible === on) classes.setVisible(!on);
  set(selectedAlpha, look.shown);
  set(notSelectedAlpha, look.others);
  set(segmentationGroupState.value.hideSegmentZero, !on);
  if (segmentDefaultColor.value?.join() !== look.color.join()) segmentDefaultColor.value = Float32Array.from(look.color);
}

function set<T>(setting: { value: T }, value: T): void {
  if (setting.value !== value) setting.value = value;
}
