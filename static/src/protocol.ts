// The messages from the server that are no other file's, one interface each.
// 64-bit ids are decimal strings on both sides and stay strings here; positions are nm (x, y, z); points are rows.

import type { ClassSpec, TaskSpec } from "./protocol_classes";
import type { Keys } from "./protocol_queue";

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
