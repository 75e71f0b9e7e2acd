// The messages of selections, as in segclr_viewer/wire: shapes drawn in the scatter go out, masks and summaries come in.

import type { XY, XYZ } from "./protocol";

export interface Selection {
  readonly type: "selection";
  readonly request: string;
  readonly origin: "lasso" | "segments" | "clear";
  /** Where the mask of its rows is; null where it has none. Who has drawn it has found them, by the server's rule. */
  readonly mask: string | null;
  readonly row_total: number;
  readonly segments: readonly string[];
  readonly segment_total: number;
  readonly marks: readonly XYZ[];
  readonly mark_rows: readonly number[];
  readonly note: string;
  readonly can_back: boolean;
  readonly can_forward: boolean;
}

/** What a shape does to the selection. */
export type SelectMode = "replace" | "add" | "subtract" | "intersect";

/** What follows from a selection: all that is not in it, what edges join to it, the rest of its cells, what is most like it. */
export type Growth = "invert" | "skeleton" | "cells" | "neighbours";

/** What lies within a radius of a place of the volume. */
export interface Ball {
  readonly centre_nm: XYZ;
  readonly radius_nm: number;
}

/** What the pointer has drawn in the scatter, in the layout's coordinates. */
export type Shape =
  | { readonly kind: "polygon"; readonly polygon: XY[] }
  | { readonly kind: "stroke"; readonly path: XY[]; readonly radius: number };

export type SelectionMessage =
  | { type: "lasso"; request: string; layout: string; polygon: XY[]; mode: SelectMode; hidden: string[] }
  | { type: "brush"; request: string; layout: string; path: XY[]; radius: number; mode: SelectMode; hidden: string[] }
  | { type: "near"; request: string; ball: Ball; mode: SelectMode; hidden: string[] }
  | { type: "grow"; request: string; how: Growth; hidden: string[] }
  | { type: "step"; request: string; back: boolean }
  | { type: "clear"; request: string }
  | { type: "segments"; request: string; ids: string[] };

export const SELECTION_FIELDS: readonly (keyof Selection)[] = [
  "request",
  "origin",
  "mask",
  "row_total",
  "segments",
  "segment_total",
  "marks",
  "mark_rows",
  "note",
  "can_back",
  "can_forward",
];
