// The messages of the labelling queue and of proposals; rules as in protocol.ts.

import type { XYZ } from "./protocol";

/** Which key does what, as configured: a digit, a small letter, or a name such as "left". */
export interface Keys {
  readonly queue: string;
  readonly skip: string;
  readonly unsure: string;
  readonly bad_segmentation: string;
  readonly back: string;
  readonly forward: string;
  readonly take_back: string;
  readonly neighbours: string;
  readonly label_selection: string;
  readonly accept: string;
  readonly evaluation: string;
  readonly people: string;
  readonly others: string;
  readonly places: string;
  readonly comment: string;
  readonly agree: string;
  readonly disagree: string;
  readonly similar: string;
  readonly clusters: string;
  readonly follow: string;
  readonly pin: string;
  readonly tool: string;
  readonly find: string;
  readonly views: string;
}

/** A row to ask about, and why. */
export interface QueueItem {
  readonly row: number;
  readonly strategy: string;
  readonly reason: string;
  readonly position_nm: XYZ;
  readonly segment_id: string;
  /** What the model believes; null without a model. */
  readonly probabilities: readonly number[] | null;
}

export interface Belief {
  readonly row: number;
  readonly probabilities: readonly number[] | null;
}

export interface QueueReady {
  readonly type: "queue";
  readonly request: string;
  readonly task: string;
  readonly stamp: string;
  readonly items: readonly QueueItem[];
  /** What the model believes now of the rows that the page asked to renew. */
  readonly renewed: readonly Belief[];
  readonly note: string;
}

/** Rows that one class might be given to at once. Nothing is stored before the page accepts. */
export interface ProposalMade {
  readonly type: "proposal";
  readonly request: string;
  readonly task: string;
  readonly origin: "lasso" | "neighbour";
  readonly rows: readonly number[];
  /** Some of the rows, to be looked at before accepting. */
  readonly handful: readonly number[];
  /** What most of the rows are predicted as. */
  readonly class: number | null;
  readonly note: string;
}

export type Mark = "unsure" | "bad_segmentation";
/** What a label is given to; a position in a segment is what an answer names that was kept for another run. */
export type LabelTarget =
  { readonly row: number } | { readonly place: number } | { readonly position_nm: XYZ; readonly segment_id: string };
export type GivenIn = "key" | "queue" | "audit";

export type QueueMessage =
  | { type: "label"; request: string; task: string; class: string | null; target: LabelTarget; provenance: GivenIn }
  | { type: "mark"; request: string; task: string; kind: Mark; target: LabelTarget; provenance: GivenIn }
  | { type: "accept"; request: string; task: string; class: string; rows: number[]; provenance: "lasso" | "neighbour" }
  | { type: "propose"; request: string; task: string; row: number | null; rows: number[] }
  | {
      type: "queue";
      request: string;
      page: string;
      task: string;
      count: number;
      held: number[];
      renew: number[];
      near_nm: XYZ | null;
    }
  | { type: "ahead"; request: string; rows: number[] };
