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
  /** Those that somebody has decided, the last decision first; at most 200 of `settled_total`. */
  readonly settled: readonly Conflict[];
  readonly settled_total: number;
}

/** Cohen's kappa of two annotators; null where it is undefined. */
export interface PairAgreement {
  readonly one: string;
  readonly other: string;
  readonly places: number;
  readonly kappa: number | null;
  readonly low: number | null;
  readonly high: number | null;
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
  readonly meaning: string;
  /** Where there are more than two annotators. */
  readonly pairs: readonly PairAgreement[];
}

/** Labels that hold, those of today among them, marks, and decisions on what others disagree about. */
export interface Person {
  readonly name: string;
  readonly labels: number;
  readonly today: number;
  readonly marks: number;
  readonly decisions: number;
  readonly is_here: boolean;
}

export interface TrainOption {
  readonly name: string;
  readonly labels: number;
  readonly trains: boolean;
}

/** What the head trains on: `trained` of `labelled` places; `is_usual` if the project file says so. */
export interface Training {
  readonly annotators: readonly TrainOption[];
  readonly provenances: readonly TrainOption[];
  readonly reviews: readonly TrainOption[];
  readonly trained: number;
  readonly labelled: number;
  readonly is_usual: boolean;
  readonly chosen_by: string;
  readonly chosen_at: string;
}

export interface People {
  readonly type: "people";
  readonly request: string;
  readonly task: string;
  readonly people: readonly Person[];
  readonly training: Training;
}

/** null is all. */
export interface TrainChoice {
  readonly annotators: readonly string[] | null;
  readonly provenances: readonly string[] | null;
  readonly reviews: readonly string[] | null;
}

export type AnnotatorsMessage =
  | { type: "agreement"; request: string; task: string }
  | { type: "conflicts"; request: string; task: string }
  | { type: "people"; request: string; task: string }
  | { type: "train_on"; request: string; task: string; choice: TrainChoice | null }
  | { type: "adjudicate"; request: string; task: string; about: string; kind: StatementKind; class: string | null };
