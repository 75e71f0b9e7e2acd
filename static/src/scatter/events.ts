// What the scatter tells the page, and asks of it.

import type { SelectMode, Shape } from "../protocol_selection";
import type { Camera } from "./camera";

export interface ScatterEvents {
  select(shape: Shape, mode: SelectMode): void;
  pickRow(row: number): void;
  pickPlace(place: number): void;
  /** The pointer is over another point now, or over none. */
  hover(row: number | null): void;
  /** What to say of the point under the pointer. */
  describe(row: number): string;
  /** It looks elsewhere now. */
  look(camera: Camera): void;
}
