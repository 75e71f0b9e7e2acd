// The messages of several annotators; rules as in protocol.ts.

import type { XYZ } from "./protocol";

export type StatementKind = "label" | "unsure" | "bad_segmentation";

/** What one annotator holds of a place; `class` is null for a mark, and for a class that can be given no more. */
export interface Statement {
  readonly uuid: string;
  readonly annotator: string;
  readonly kind: StatementKind;
  readonly class: number | null;
  readonly class_name: string;
  readonly provenance: string;
  readonly at: string;
}

export interface Conflict {
  readonly row: number | null;
  readonly position_nm: XYZ;
  readonly segment_id: string;
  readonly statements: readonly Statement[];
}

/** At most 200 of `total`; on `hidden` others this annotator has to answer first. */
export interface Conflicts {
  readonly type: "conflicts";
  readonly request: string;
  readonly task: string;
  readonly conflicts: readonly Conflict[];
  readonly total: number;
  readonly hidden: number;
}

/** Kappa of the places that every annotator is asked, with its 95 % interval; null, and why in `text`. */
export interface Agreement {
  readonly type: "agreement";
  readonly request: string;
  readonly task: string;
  readonly method: string;
  readonly places: number;
  readonly annotators: number;
  readonly kappa: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly text: string;
}

export type AnnotatorsMessage =
  | { type: "agreement"; request: string; task: string }
  | { type: "conflicts"; request: string; task: string }
  | { type: "adjudicate"; request: string; task: string; about: string; kind: StatementKind; class: number | null };
