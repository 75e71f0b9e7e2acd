// The messages of the list of labelled places, of comments and of skips; rules as in protocol.ts.

import type { XYZ } from "./protocol";
import type { StatementKind } from "./protocol_annotators";
import type { LabelTarget } from "./protocol_queue";

export type Verdict = "agree" | "disagree";
export type Reattached = "kept" | "moved" | "conflict" | "lost";
export type PlaceState = "unsure" | "bad_segmentation" | "commented" | "disputed" | "imported" | Reattached;

/** What one annotator holds of a place. `verdict` is this page's annotator's own review of it. */
export interface Said {
  readonly uuid: string;
  readonly annotator: string;
  readonly kind: StatementKind;
  readonly class: number | null;
  readonly class_name: string;
  readonly provenance: string;
  readonly at: string;
  readonly agree: number;
  readonly disagree: number;
  readonly verdict: Verdict | null;
  /** Of another version of the segmentation; empty for the one that is open. */
  readonly segmentation: string;
  readonly segment_id: string;
}

export interface Remark {
  readonly uuid: string;
  readonly annotator: string;
  readonly at: string;
  readonly text: string;
}

/** A place with all that stands about it, oldest first. `class` is the label that counts. */
export interface ListedPlace {
  /** The uuid of something said there. */
  readonly about: string;
  readonly row: number | null;
  readonly place: number | null;
  readonly position_nm: XYZ;
  /** "0" where the segmentation has nothing any more. */
  readonly segment_id: string;
  readonly class: number | null;
  readonly statements: readonly Said[];
  readonly comments: readonly Remark[];
  readonly reattached: Reattached | null;
}

export interface ListCounts {
  readonly everyone: number;
  readonly mine: number;
  readonly classes: readonly number[];
  readonly states: Readonly<Record<PlaceState, number>>;
}

/** A part of the list, newest first; `below` asks for the next one, null at the end. */
export interface Listed {
  readonly type: "listed";
  readonly request: string;
  readonly task: string;
  readonly places: readonly ListedPlace[];
  readonly total: number;
  readonly below: number | null;
  readonly counts: ListCounts;
  /** In the order asked for; null where nothing is said any more. */
  readonly renewed: readonly (ListedPlace | null)[];
}

export interface Seen {
  readonly type: "seen";
  readonly request: string;
  readonly task: string;
  readonly place: ListedPlace | null;
}

/** What became of the places labelled in another version of the segmentation. */
export interface Attached {
  readonly type: "attached";
  readonly task: string;
  readonly kept: number;
  readonly moved: number;
  readonly conflict: number;
  readonly lost: number;
  readonly text: string;
}

export type CommentMessage = {
  type: "comment";
  request: string;
  task: string;
  text: string;
  target: LabelTarget | null;
  about: string | null;
};
export type SkipMessage = { type: "skip"; request: string; task: string; row: number; provenance: "queue" | "audit" };

export type ListingMessage =
  | CommentMessage
  | SkipMessage
  | { type: "look"; request: string; task: string; target: LabelTarget }
  | {
      type: "list";
      request: string;
      task: string;
      mine: boolean;
      classes: string[];
      states: PlaceState[];
      text: string;
      below: number | null;
      count: number;
      renew: string[];
    };
