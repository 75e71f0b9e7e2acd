// The messages of the evaluation panel; rules as in protocol.ts.

import type { XYZ } from "./protocol";

/** A figure and its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A label: of a row, or (null) of a place that no row stands for. */
export interface LabelInfo {
  readonly uuid: string;
  readonly row: number | null;
  readonly place: number | null;
  readonly position_nm: XYZ;
  readonly segment_id: string;
  readonly class: number;
  readonly annotator: string;
  readonly provenance: string;
}

/** Counts are of tested labels; `untested` ones have no head that could be asked. */
export interface ClassFigures {
  readonly labels: number;
  readonly cells: number;
  readonly untested: number;
  readonly predicted: number;
  readonly precision: Estimate | null;
  readonly recall: Estimate | null;
  readonly f1: Estimate | null;
}

/** `label` is an index in the message's labels. */
export interface JudgedLabel {
  readonly label: number;
  readonly confidence: number;
}

export interface ConfusionCell {
  readonly given: number;
  readonly predicted: number;
  readonly count: number;
  /** The most confident first; fewer than `count` where there are many. */
  readonly places: readonly JudgedLabel[];
}

export interface ConfidenceBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  readonly confidence: number | null;
  readonly accuracy: Estimate | null;
}

export interface Figures {
  readonly macro_f1: Estimate;
  readonly accuracy: Estimate;
  readonly tested: number;
  readonly cells: number;
  readonly untested: number;
  readonly classes: readonly ClassFigures[];
  readonly confusion: readonly ConfusionCell[];
  readonly bins: readonly ConfidenceBin[];
  readonly ece: number;
  readonly ece_by_chance: number;
}

export interface CurvePoint {
  readonly events: number;
  readonly labels: number;
  readonly macro_f1: Estimate;
}

export interface Stopping {
  readonly sentence: string;
  readonly apart: number;
  /** Share of predictions that each batch of `apart` labels changed, the newest last. */
  readonly shares: readonly number[];
  readonly settled: boolean;
}

export interface Suspect {
  readonly label: number;
  readonly suggested: number | null;
  readonly doubt: number;
  readonly reason: string;
  readonly evidence: readonly { readonly label: number; readonly distance: number }[];
}

/** How good the head is after the label event `seq`. `note` says why there are no figures. */
export interface EvaluationReady {
  readonly type: "evaluation";
  readonly request: string;
  readonly task: string;
  readonly seq: number;
  readonly stamp: string;
  readonly note: string;
  readonly meaning: string;
  readonly given: number;
  readonly given_cells: number;
  readonly labels: readonly LabelInfo[];
  readonly figures: Figures | null;
  readonly curve: readonly CurvePoint[];
  readonly audit: { readonly accuracy: Estimate | null; readonly labels: number; readonly sentence: string } | null;
  readonly stopping: Stopping | null;
  readonly suspects: readonly Suspect[];
  readonly suspects_total: number;
  readonly ms: number;
}

export type EvaluationMessage =
  | { type: "evaluate"; request: string; page: string; task: string }
  | { type: "review"; request: string; task: string; about: string; verdict: "agree" | "disagree" };
