// What the page knows, as one value, and the questions that panels ask of it. It is made and changed in store.ts only.

import type { Clusters } from "./clusters_store";
import type { Comparing } from "./compare_store";
import type { ColorColumn } from "./coloring";
import type { Coordinates, Prediction, Rows } from "./columns";
import type { Ramp } from "./colormap";
import { NO_CLASS } from "./paint";
import type { Proposal } from "./proposal";
import type { Evaluation } from "./evaluation_store";
import type { PeopleSheet } from "./people_store";
import type { Commenting, Listing } from "./listing_store";
import type { Glance, Here } from "./link_store";
import type { ClassSpec, Hello, Labels, Layout, Place, PlaceSummary, Points, Saved, Steps, TaskSpec, Working, XYZ, Release } from "./protocol";
import type { ClientMessage } from "./protocol_messages";
import type { ClassMessage } from "./protocol_classes";
import type { Fitting, Layouts } from "./protocol_layouts";
import type { Colored, ColoringInfo } from "./protocol_coloring";
import type { Attached, Seen } from "./protocol_listing";
import type { Keys, LabelTarget, Mark } from "./protocol_queue";
import type { KeptView, SelectionKept } from "./protocol_views";
import type { Queue } from "./queue";
import type { Similar } from "./similar_store";
import type { Tool } from "./scatter/gesture";
import type { ConnectionState } from "./socket";

/** What a key on the page labels: a place clicked in the viewer, or a point of the scatter. */
export type Target =
  { readonly kind: "place"; readonly place: number } | { readonly kind: "row"; readonly row: number };

export interface Failure {
  readonly number: number;
  readonly text: string;
  readonly times: number;
}

/** The selection: one bit per row for the scatter, segments and marks (both capped by the server) for the viewer. */
export interface Selected {
  readonly request: string;
  readonly origin: "lasso" | "segments" | "start";
  readonly bits: Uint32Array;
  /** Where the rows are still to be fetched from; `bits` has some of them until then. */
  readonly mask: string | null;
  /** Where the server has the rows, also when they need not be fetched. */
  readonly stored: string | null;
  readonly row_total: number;
  readonly segments: readonly string[];
  readonly segment_total: number;
  readonly marks: readonly XYZ[];
  readonly mark_rows: readonly number[];
  readonly note: string;
  /** Not yet answered by the server. */
  readonly waiting: boolean;
}

/** What is to be stored: kept, and sent again after a lost connection, until the server says that it is on disk. */
export type StoredMessage =
  ClassMessage | Extract<ClientMessage, { type: "label" | "mark" | "accept" | "review" | "adjudicate" | "skip" | "comment" }>;

export interface State {
  readonly connection: ConnectionState;
  /** Who has signed in in this browser since, null where nobody else has. */
  readonly replacedBy: string | null;
  readonly hello: Hello | null;
  /** The task whose predictions are announced, and the one the user has asked for. */
  readonly task: string;
  readonly wantedTask: string;
  readonly layout: Layout | null;
  /** Kept layouts, and the fit under way. */
  readonly layouts: Layouts | null;
  readonly layoutsOpen: boolean;
  readonly fitting: Fitting | null;
  /** Views under a name, and the answer to the newest wish to keep the selection. */
  readonly views: readonly KeptView[];
  readonly viewsOpen: boolean;
  readonly kept: SelectionKept | null;
  readonly points: Points | null;
  readonly labels: Readonly<Record<string, Labels>>;
  readonly rows: Rows | null;
  readonly coordinates: Coordinates | null;
  /** The predictions on screen; older than `points` while the newest are under way. */
  readonly prediction: Prediction | null;
  readonly places: readonly PlaceSummary[];
  /** The task that class and label of the places are of. */
  readonly placesTask: string;
  /** Full answers of the newest places, by place. */
  readonly cards: Readonly<Record<number, Place>>;
  readonly working: readonly Working[];
  /** Clicks after which the user has turned to a scatter point: their answers do not take the target away from it. */
  readonly overtaken: readonly string[];
  readonly target: Target | null;
  /** The target's segment, shown in the viewer beside the selection until there is a new one. */
  readonly lit: string | null;
  readonly selected: Selected | null;
  /** Selection requests sent and not yet answered, oldest first. */
  readonly selecting: readonly string[];
  /** Whether there are selections before and after this one. */
  readonly selectionSteps: { readonly back: boolean; readonly forward: boolean };
  readonly unsaved: Readonly<Record<string, StoredMessage>>;
  /** Requests kept in the browser that this server would not understand: they are of other embeddings. */
  readonly stranded: readonly string[];
  /** Requests kept in the browser that could not be stored this time: they are given again when the page is reloaded. */
  readonly held: readonly string[];
  /** The newest undo or redo that this page has asked for and that is not answered. */
  readonly turning: string | null;
  readonly saved: Saved | null;
  readonly steps: Steps | null;
  readonly failures: readonly Failure[];
  readonly status: string;
  readonly hidden: ReadonlySet<number>;
  /** Confidence below which colours fade, 0 to 1. */
  readonly threshold: number;
  readonly tool: Tool;
  /** The point that the pointer rests on, those that were pinned, and, while the scatter follows the viewer, what is there. */
  readonly glance: Glance | null;
  readonly pins: readonly number[];
  readonly here: Here | null;
  /** What the server can make columns to colour by of, what the user has chosen, and the newest column. */
  readonly colorings: readonly ColoringInfo[];
  readonly coloring: string;
  /** Whether the scatter shows densities instead of points. */
  readonly density: boolean;
  /** The colours of numbers. */
  readonly ramp: Ramp;
  readonly colored: Colored | null;
  readonly colorColumn: ColorColumn | null;
  /** What a second picture beside the first is coloured by, null without one; and its newest column. */
  readonly beside: string | null;
  readonly besideColored: Colored | null;
  readonly besideColumn: ColorColumn | null;
  /** The gallery of what is alike, null before anybody asked. */
  readonly similar: Similar | null;
  /** The clusters, null before anybody asked. */
  readonly clusters: Clusters | null;
  /** Two selections compared, null while none are. */
  readonly comparing: Comparing | null;
  /** The labelling queue of this page, null while it is not running. */
  readonly queue: Queue | null;
  /** While the queue runs: whether the viewer shows the selected cells beside the one that is asked about. */
  readonly others: boolean;
  readonly proposal: Proposal | null;
  /** How good the head is, null before anybody asked. */
  readonly evaluation: Evaluation | null;
  /** Who labels, where they disagree and what trains; null before anybody asked. */
  readonly people: PeopleSheet | null;
  /** The list of labelled places, null before anybody opened it. */
  readonly listing: Listing | null;
  /** What stands about the target, the newest question about it, and the comment that is being written on it. */
  readonly seen: Seen | null;
  readonly looking: string | null;
  readonly commenting: Commenting | null;
  /** What a new segmentation made of older labels, null once it was read. */
  readonly attached: Attached | null;
  /** What is being fetched of a published release; null where the project has none. */
  readonly release: Release | null;
  /** The sentence of it that the user has dismissed. */
  readonly releaseRead: string;
  /** A proposal asked for, and the class that the user has in mind for it. */
  readonly proposing: { readonly request: string; readonly class: number | null } | null;
  /** Where the keyboard's focus is: keys in the viewer label what the mouse is on, keys on the page the target. */
  readonly keysIn: "page" | "viewer";
  /** Whether the viewer's layers are there. */
  readonly viewerReady: boolean;
}

export function taskOf(state: State, name = state.task): TaskSpec | null {
  return state.hello?.tasks.find((task) => task.name === name) ?? null;
}

const NO_CLASSES: readonly ClassSpec[] = [];

export function classesOf(state: State, name = state.task): readonly ClassSpec[] {
  return taskOf(state, name)?.classes ?? NO_CLASSES;
}

/** How requests name a class of a task. */
export function classIdOf(state: State, index: number, name = state.task): string {
  return classesOf(state, name)[index].id;
}

export function placeOf(state: State, place: number): PlaceSummary | null {
  return state.places.find((known) => known.place_id === place) ?? null;
}

export interface Guess {
  readonly class: number;
  /** 0 to 1; null where only the class is known. */
  readonly confidence: number | null;
}

/** The probabilities of a place that was clicked, if they are of the active task. */
export function probabilitiesOf(state: State, place: number): readonly number[] | null {
  const card = state.cards[place];
  return card?.task === state.task ? card.probabilities : null;
}

/** What the model believes of the target in the active task; null where it believes nothing (yet). */
export function guessOf(state: State, target: Target): Guess | null {
  if (target.kind === "place") {
    const place = state.placesTask === state.task ? placeOf(state, target.place) : null;
    if (!place || place.class === null) return null;
    return { class: place.class, confidence: probabilitiesOf(state, target.place)?.[place.class] ?? null };
  }
  const { prediction } = state;
  if (prediction?.task !== state.task || prediction.classes[target.row] === NO_CLASS) return null;
  return { class: prediction.classes[target.row], confidence: prediction.confidences[target.row] / 255 };
}

/** The label that the target has in the active task: of a task on whole cells, any label on its cell. */
export function labelOf(state: State, target: Target): number | null {
  if (target.kind === "place") {
    return state.placesTask === state.task ? (placeOf(state, target.place)?.labelled ?? null) : null;
  }
  const labels = state.labels[state.task];
  const table = state.rows?.table;
  const cell = taskOf(state)?.unit === "segment" && table ? table.indexOfRow(target.row) : null;
  const at =
    labels?.rows.findIndex((row) => row === target.row || (cell !== null && table?.indexOfRow(row) === cell)) ?? -1;
  return labels && at >= 0 ? labels.classes[at] : null;
}

/** The answer other than a class that the user has given of the target. */
export function markOf(state: State, target: Target): Mark | null {
  const labels = state.labels[state.task];
  if (!labels || target.kind === "place") return null;
  const table = state.rows?.table;
  const cell = taskOf(state)?.unit === "segment" && table ? table.indexOfRow(target.row) : null;
  const same = (row: number): boolean => row === target.row || (cell !== null && table?.indexOfRow(row) === cell);
  if (labels.unsure.some(same)) return "unsure";
  return labels.bad_segmentation.some(same) ? "bad_segmentation" : null;
}

export function keysOf(state: State): Keys | null {
  return state.hello?.keys ?? null;
}

/** The row of the target, or the one that stands for the place; null where none does. */
export function rowOf(state: State, target: Target): number | null {
  return target.kind === "row" ? target.row : (placeOf(state, target.place)?.node_row ?? null);
}

/** The target as messages name it. */
export function addressOf(target: Target): LabelTarget {
  return target.kind === "row" ? { row: target.row } : { place: target.place };
}

/** Position and segment of the target, where the page knows them. */
export function whereabouts(state: State, target: Target): { position_nm: XYZ; segment_id: string } | null {
  if (target.kind === "place") return placeOf(state, target.place);
  const { rows } = state;
  if (!rows || target.row >= rows.table.rows) return null;
  const [x, y, z] = rows.positions_nm.subarray(3 * target.row, 3 * target.row + 3);
  return { position_nm: [x, y, z], segment_id: rows.table.idOfRow(target.row) };
}

/** How the target is called wherever the page speaks of it. */
export function nameOf(target: Target): string {
  return target.kind === "place" ? `place ${target.place}` : `point ${target.row}`;
}
