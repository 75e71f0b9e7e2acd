// Scatter and volume linked: the point under the pointer, the pinned ones, and what lies in the viewer's field. A part of
// the reducer in store.ts.

import type { XYZ } from "./protocol";
import type { State } from "./state";

/** The point that the pointer rests on; its picture is null while it is on its way, empty where there is none. */
export interface Glance {
  readonly row: number;
  readonly picture: string | null;
}

/** How far the viewer's field reaches: as far as its sections show, or so many micrometres from its middle. */
export type Reach = "view" | number;

/** The points near the viewer's middle; no bits before the first look. */
export interface Here {
  readonly reach: Reach;
  readonly bits: Uint32Array | null;
  readonly count: number;
  readonly centre_nm: XYZ;
  readonly radius_nm: number;
}

export type LinkEvent =
  | { type: "glanced"; row: number | null }
  | { type: "glance-picture"; row: number; picture: string }
  | { type: "pin-turned"; row: number }
  | { type: "follow-turned" }
  | { type: "reach-chosen"; reach: Reach }
  | { type: "here-found"; bits: Uint32Array; count: number; centre_nm: XYZ; radius_nm: number };

const MOST_PINS = 12; // the oldest gives way

export function linkReduce(state: State, event: LinkEvent): State {
  const { glance, here, pins } = state;
  switch (event.type) {
    case "glanced":
      return { ...state, glance: event.row === null ? null : { row: event.row, picture: null } };
    case "glance-picture":
      return glance?.row === event.row ? { ...state, glance: { ...glance, picture: event.picture } } : state;
    case "pin-turned": {
      const others = pins.filter((row) => row !== event.row);
      return { ...state, pins: others.length < pins.length ? others : [...pins, event.row].slice(-MOST_PINS) };
    }
    case "follow-turned":
      return { ...state, here: here ? null : { reach: "view", bits: null, count: 0, centre_nm: [0, 0, 0], radius_nm: 0 } };
    case "reach-chosen":
      return here ? { ...state, here: { ...here, reach: event.reach } } : state;
    case "here-found": {
      const { bits, count, centre_nm, radius_nm } = event;
      return here ? { ...state, here: { ...here, bits, count, centre_nm, radius_nm } } : state;
    }
  }
}
