// The messages between page and server, one interface each, and the check that turns a frame into one of them.
// 64-bit ids are decimal strings on both sides and stay strings here; positions are nm (x, y, z); points are rows.

import { FITTING_FIELDS, LAYOUTS_FIELDS, type Fitting, type Layouts, type LayoutsMessage } from "./protocol_layouts";
import type { Agreement, AnnotatorsMessage, Conflicts, People } from "./protocol_annotators";
import type { ClassesChanged, ClassMessage, ClassSpec, TaskSpec } from "./protocol_classes";
import { COLORED_FIELDS, COLORINGS_FIELDS, type Colored, type ColoringMessage, type Colorings } from "./protocol_coloring";
import type { EvaluationMessage, EvaluationReady } from "./protocol_evaluation";
import { CLUSTERS_FIELDS, EXPLORING_FIELDS, SIMILAR_FIELDS, type ClustersReady, type ExploreMessage, type Exploring, type SimilarReady } from "./protocol_explore";
import { COMPARISON_FIELDS, type ComparingMessage, type Comparison } from "./protocol_comparing";
import type { Attached, Listed, ListingMessage, Seen } from "./protocol_listing";
import type { Keys, ProposalMade, QueueMessage, QueueReady } from "./protocol_queue";
import { SELECTION_FIELDS, type Selection, type SelectionMessage } from "./protocol_selection";
import { SELECTION_KEPT_FIELDS, VIEWS_FIELDS, type SelectionKept, type Views, type ViewsMessage } from "./protocol_views";

export type { ClassSpec, TaskSpec };

export type XYZ = readonly [number, number, number];
export type XY = readonly [number, number];

/** A place embedded live, without its picture; class and label are of the task that is told with it. */
export interface PlaceSummary {
  readonly place_id: number;
  readonly position_nm: XYZ;
  readonly segment_id: string;
  /** The nearest row of the same segment; null where the table does not have the segment. */
  readonly node_row: number | null;
  readonly xy: XY;
  readonly class: number | null;
  readonly labelled: number | null;
}

export type Axis = "x" | "y" | "z";

export interface Hello {
  readonly type: "hello";
  readonly project: string;
  readonly generated: boolean;
  /** Names the label log; the same in every run. */
  readonly log: string;
  /** Names this run of the program: places, and points of a growing scatter, have other numbers in another one. */
  readonly run: string;
  /** Whether no answer can be stored. */
  readonly reads_only: boolean;
  /** To be read as long as the page is open; empty for none. */
  readonly notice: string;
  readonly annotator: string;
  readonly viewer_url: string;
  readonly device: string;
  readonly encoder: string;
  readonly rows: number;
  readonly segments: number;
  readonly table_version: string;
  readonly resolution_nm: XYZ;
  readonly bounds_nm: readonly [XYZ, XYZ];
  readonly tasks: readonly TaskSpec[];
  readonly task: string;
  readonly places: readonly PlaceSummary[];
  readonly start_segments: readonly string[];
  readonly depth_axis: Axis;
  readonly keys: Keys;
}

/** There are more points: those that are known keep their numbers. */
export interface MoreRows {
  readonly type: "rows";
  readonly rows: number;
  readonly segments: number;
  readonly table_version: string;
}

/** What is being fetched of a published release, and what could not be. */
export interface Release {
  readonly type: "release";
  readonly text: string;
  readonly busy: boolean;
  readonly retry: boolean;
}

export interface Layout {
  readonly type: "layout";
  readonly id: string;
  readonly method: string;
  readonly url: string;
  readonly rows: number;
  readonly note: string;
}

export interface HeldOut {
  readonly macro_f1: number;
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

export interface Head {
  readonly version: number;
  readonly labels: number;
  readonly fitted_at: string;
  readonly fit_ms: number;
  readonly repaint_ms: number;
  readonly held_out: HeldOut | null;
}

/** New predictions of a task, to be fetched from `url`. Counts are of rows or, for a segment task, of segments. */
export interface Points {
  readonly type: "points";
  readonly stamp: string;
  readonly task: string;
  readonly url: string;
  readonly rows: number;
  readonly predicted: readonly number[];
  readonly labelled: readonly number[];
  readonly labels: number;
  readonly head: Head | null;
  readonly note: string;
}

export interface Labels {
  readonly type: "labels";
  readonly task: string;
  readonly rows: readonly number[];
  readonly classes: readonly number[];
  /** Labelled places that have no row. */
  readonly places: readonly number[];
  readonly place_classes: readonly number[];
  /** Rows that have this answer instead of a class. */
  readonly unsure: readonly number[];
  readonly bad_segmentation: readonly number[];
  /** How many labels each retired class has, by its id. */
  readonly retired: Readonly<Record<string, number>>;
  /** The annotator's labels of this day that hold. */
  readonly today: number;
  /** Labels given one by one, over the last ten minutes. */
  readonly per_minute: number | null;
  /** Places on which the annotators disagree. */
  readonly conflicts: number;
}

export interface Working {
  readonly type: "working";
  readonly request: string;
  readonly text: string;
}

export interface Place extends PlaceSummary {
  readonly type: "place";
  readonly request: string;
  readonly node_distance_nm: number | null;
  readonly task: string;
  readonly probabilities: readonly number[] | null;
  readonly stages_ms: Readonly<Record<"cut" | "embed" | "predict" | "place" | "total", number>>;
  /** The three central planes of the masked cutout as data: URLs. */
  readonly planes: Readonly<Record<"xy" | "xz" | "yz", string>> | null;
}

/** All places; replaces what the page knew. Follows new predictions and a new layout. */
export interface Places {
  readonly type: "places";
  readonly task: string;
  readonly places: readonly PlaceSummary[];
}

/** What undo and redo would do. */
export interface Steps {
  readonly task: string;
  readonly can_undo: boolean;
  readonly can_redo: boolean;
  readonly undo_text: string;
  readonly redo_text: string;
}

export interface Saved extends Steps {
  readonly type: "saved";
  readonly request: string;
  /** Number of the last event written. */
  readonly seq: number;
  readonly text: string;
  /** The first place that it was about, null where it was about none. */
  readonly at_nm: XYZ | null;
  /** What it was about, at most 100 of them. */
  readonly rows: readonly number[];
}

export interface History extends Steps {
  readonly type: "history";
}

export interface Failed {
  readonly type: "failed";
  readonly request: string | null;
  readonly text: string;
  /** Whether the same may be done later. */
  readonly again: boolean;
}

export interface Status {
  readonly type: "status";
  readonly text: string;
}

/** The encoder is loaded: where it runs. */
export interface Device {
  readonly type: "device";
  readonly device: string;
  readonly encoder: string;
}

export type ServerMessage =
  | Layouts
  | Fitting
  | Hello
  | ClassesChanged
  | MoreRows
  | Release
  | Layout
  | Points
  | Labels
  | Working
  | Place
  | Places
  | Saved
  | History
  | Selection
  | Colorings
  | Colored
  | QueueReady
  | ProposalMade
  | EvaluationReady
  | Exploring
  | SimilarReady
  | ClustersReady
  | Comparison
  | SelectionKept
  | Views
  | Agreement
  | Conflicts
  | People
  | Listed
  | Seen
  | Attached
  | Failed
  | Status
  | Device;

export type ClientMessage =
  | LayoutsMessage
  | QueueMessage
  | EvaluationMessage
  | AnnotatorsMessage
  | ClassMessage
  | SelectionMessage
  | ColoringMessage
  | ListingMessage
  | ExploreMessage
  | ViewsMessage
  | ComparingMessage
  | { type: "undo"; request: string }
  | { type: "refetch"; request: string }
  | { type: "redo"; request: string }
  | { type: "task"; request: string; name: string }
  | { type: "embed"; request: string; position_nm: XYZ };

/** What each message must hold; a missing field means that page and server do not fit: said, not drawn wrong. */
const FIELDS: Readonly<Record<ServerMessage["type"], readonly string[]>> = {
  hello: [
    "project",
    "log",
    "run",
    "reads_only",
    "notice",
    "viewer_url",
    "rows",
    "segments",
    "table_version",
    "tasks",
    "task",
    "places",
    "start_segments",
    "keys",
  ],
  classes: ["task", "heirs"],
  rows: ["rows", "segments", "table_version"],
  release: ["text", "busy", "retry"],
  layout: ["id", "method", "url", "rows"],
  layouts: LAYOUTS_FIELDS,
  fitting: FITTING_FIELDS,
  colorings: COLORINGS_FIELDS,
  colored: COLORED_FIELDS,
  points: ["stamp", "task", "url", "rows", "predicted", "labelled", "labels", "head"],
  labels: ["task", "rows", "classes", "places", "place_classes", "unsure", "bad_segmentation", "retired", "today", "per_minute", "conflicts"],
  working: ["request", "text"],
  place: [
    "request",
    "place_id",
    "position_nm",
    "segment_id",
    "xy",
    "task",
    "class",
    "probabilities",
    "stages_ms",
    "planes",
  ],
  places: ["task", "places"],
  saved: ["request", "seq", "text", "at_nm", "rows", "task", "can_undo", "can_redo", "undo_text", "redo_text"],
  history: ["task", "can_undo", "can_redo", "undo_text", "redo_text"],
  selection: SELECTION_FIELDS,
  queue: ["request", "task", "stamp", "items", "renewed", "note"],
  proposal: ["request", "task", "origin", "rows", "handful", "class", "note"],
  evaluation: [
    "request",
    "task",
    "seq",
    "stamp",
    "note",
    "labels",
    "figures",
    "curve",
    "audit",
    "stopping",
    "suspects",
    "suspects_total",
  ],
  exploring: EXPLORING_FIELDS,
  similar: SIMILAR_FIELDS,
  clusters: CLUSTERS_FIELDS,
  comparison: COMPARISON_FIELDS,
  views: VIEWS_FIELDS,
  "kept-selection": SELECTION_KEPT_FIELDS,
  agreement: ["request", "task", "method", "places", "annotators", "kappa", "low", "high", "text", "meaning", "pairs"],
  conflicts: ["request", "task", "conflicts", "total", "hidden", "settled", "settled_total"],
  people: ["request", "task", "people", "training"],
  listed: ["request", "task", "places", "total", "below", "counts", "renewed"],
  seen: ["request", "task", "place"],
  attached: ["task", "kept", "moved", "conflict", "lost", "text"],
  failed: ["request", "text", "again"],
  status: ["text"],
  device: ["device", "encoder"],
};

export class ProtocolError extends Error {}

/** A text frame as a message. Throws ProtocolError for anything that this page does not understand. */
export function parseMessage(text: string): ServerMessage {
  const value = JSON.parse(text) as Record<string, unknown> | null;
  const type = value?.["type"] as ServerMessage["type"];
  const fields = Object.hasOwn(FIELDS, type) ? FIELDS[type] : null;
  if (!value || !fields)
    throw new ProtocolError(`The server sent a message of unknown type "${type}": reload the page.`);
  const missing = fields.find((name) => !(name in value));
  if (missing) throw new ProtocolError(`The server's "${type}" message has no "${missing}": reload the page.`);
  return value as unknown as ServerMessage;
}
