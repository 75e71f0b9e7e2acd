// All messages of each direction, and the check that turns a frame from the server into one of them.

import type {
  Device,
  Failed,
  Hello,
  History,
  Labels,
  Layout,
  MoreRows,
  Place,
  Places,
  Points,
  Release,
  Saved,
  Status,
  Working,
  XYZ,
} from "./protocol";
import { FITTING_FIELDS, LAYOUTS_FIELDS, type Fitting, type Layouts, type LayoutsMessage } from "./protocol_layouts";
import type { Agreement, AnnotatorsMessage, Conflicts, People } from "./protocol_annotators";
import type { ClassesChanged, ClassMessage } from "./protocol_classes";
import { COLORED_FIELDS, COLORINGS_FIELDS, type Colored, type ColoringMessage, type Colorings } from "./protocol_coloring";
import type { EvaluationMessage, EvaluationReady } from "./protocol_evaluation";
import { CLUSTERS_FIELDS, EXPLORING_FIELDS, SIMILAR_FIELDS, type ClustersReady, type ExploreMessage, type Exploring, type SimilarReady } from "./protocol_explore";
import { COMPARISON_FIELDS, type ComparingMessage, type Comparison } from "./protocol_comparing";
import type { Attached, Listed, ListingMessage, Seen } from "./protocol_listing";
import type { ProposalMade, QueueMessage, QueueReady } from "./protocol_queue";
import { SELECTION_FIELDS, type Selection, type SelectionMessage } from "./protocol_selection";
import { SELECTION_KEPT_FIELDS, VIEWS_FIELDS, type SelectionKept, type Views, type ViewsMessage } from "./protocol_views";

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
