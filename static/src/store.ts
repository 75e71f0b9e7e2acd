// The one place where the page's state changes: a pure function of the state and an event. What the server says is an
// event too; what becomes of that is in received.ts.

import type { Coordinates, Prediction, Rows } from "./columns";
import { aimed } from "./aiming";
import { coloringReduce, type ColoringEvent } from "./coloring_store";
import { answered, evaluationReduce, type EvaluationEvent } from "./evaluation_store";
import { clustersReduce, type ClustersEvent } from "./clusters_store";
import { compareReduce, type CompareEvent } from "./compare_store";
import { listingReduce, type ListingEvent } from "./listing_store";
import { linkReduce, type LinkEvent } from "./link_store";
import type { ServerMessage } from "./protocol_messages";
import { decided, peopleReduce, type PeopleEvent } from "./people_store";
import { queueReduce, type QueueEvent } from "./queue_store";
import type { ConnectionState } from "./socket";
import { similarReduce, type SimilarEvent } from "./similar_store";
import { asking, drawn, masked, viewerReady } from "./selecting";
import { viewsReduce, type ViewsEvent } from "./views_store";
import type { State, StoredMessage, Target } from "./state";
import { failed } from "./failures";
import { received } from "./received";

export type Event =
  | { type: "received"; message: ServerMessage }
  | { type: "connection"; state: ConnectionState }
  | { type: "replaced"; by: string }
  | { type: "rows"; rows: Rows }
  | { type: "coordinates"; coordinates: Coordinates }
  | { type: "prediction"; prediction: Prediction }
  | { type: "target"; target: Target | null }
  | { type: "sent-to-store"; message: StoredMessage }
  | { type: "unsaved-found"; messages: readonly StoredMessage[]; stranded: readonly string[]; held: readonly string[]; text: string }
  | { type: "unsaved-forgotten"; requests: readonly string[] }
  | QueueEvent
  | EvaluationEvent
  | PeopleEvent
  | ListingEvent
  | LinkEvent
  | SimilarEvent
  | ClustersEvent
  | CompareEvent
  | ViewsEvent
  | { type: "layouts-turned"; open: boolean }
  | { type: "task-asked"; name: string }
  | { type: "drawn"; request: string; bits: Uint32Array }
  | { type: "mask"; mask: string; bits: Uint32Array }
  | { type: "selection-asked"; request: string }
  | { type: "class-toggled"; class: number }
  | { type: "class-alone"; class: number }
  | { type: "threshold"; value: number }
  | { type: "tool"; tool: State["tool"] }
  | ColoringEvent
  | { type: "keys"; in: State["keysIn"] }
  | { type: "viewer-ready"; cells: readonly string[] }
  | { type: "problem"; text: string }
  | { type: "release-read"; text: string }
  | { type: "dismissed"; number: number };


export function reduce(state: State, event: Event): State {
  switch (event.type) {
    case "received":
      return received(state, event.message);
    case "connection":
      return { ...state, connection: event.state, working: event.state === "open" ? state.working : [] };
    case "replaced":
      return { ...state, replacedBy: event.by, queue: null };
    case "rows":
      return event.rows.table.version === state.hello?.table_version ? { ...state, rows: event.rows } : state;
    case "coordinates":
      return event.coordinates.id === state.layout?.id ? { ...state, coordinates: event.coordinates } : state;
    case "prediction":
      return event.prediction.url === state.points?.url ? { ...state, prediction: event.prediction } : state;
    case "target":
      return { ...aimed(state, event.target), overtaken: state.working.map((work) => work.request) };
    case "sent-to-store":
      return sent(state, event.message);
    case "unsaved-found": {
      const unsaved = Object.fromEntries(event.messages.map((message) => [message.request, message]));
      return { ...state, unsaved, stranded: event.stranded, held: event.held, status: event.text || state.status };
    }
    case "unsaved-forgotten":
      return forgotten(state, event.requests);
    case "task-asked":
      return { ...state, wantedTask: event.name };
    case "drawn":
      return { ...asking(state, event.request), selected: drawn(event.request, event.bits) };
    case "mask":
      return masked(state, event.mask, event.bits);
    case "selection-asked":
      return asking(state, event.request);
    case "class-toggled":
      return { ...state, hidden: toggled(state.hidden, event.class) };
    case "class-alone":
      return { ...state, hidden: alone(state, event.class) };
    case "threshold":
      return { ...state, threshold: event.value };
    case "tool":
      return { ...state, tool: event.tool };
    case "coloring":
    case "color-column":
    case "beside":
    case "beside-column":
    case "density":
    case "ramp":
    case "view":
      return coloringReduce(state, event);
    case "layouts-turned":
      return { ...state, layoutsOpen: event.open, viewsOpen: false };
    case "views-turned":
    case "cells-shown":
      return viewsReduce(state, event);
    case "keys":
      return state.keysIn === event.in ? state : { ...state, keysIn: event.in };
    case "viewer-ready":
      return viewerReady(state, event.cells);
    case "problem":
      return failed(state, event.text);
    case "release-read":
      return { ...state, releaseRead: event.text };
    case "dismissed":
      return { ...state, failures: state.failures.filter((failure) => failure.number !== event.number) };
    case "evaluation-opened":
    case "evaluation-asked":
    case "evaluation-closed":
    case "evaluation-shown":
    case "evaluation-asks":
      return evaluationReduce(state, event);
    case "people-opened":
    case "people-closed":
    case "people-shown":
    case "conflict-shown":
    case "train-asked":
      return peopleReduce(state, event);
    case "listing-opened":
    case "listing-closed":
    case "listing-filtered":
    case "listing-asked":
    case "listing-at":
    case "look-asked":
    case "commenting":
    case "attached-read":
      return listingReduce(state, event);
    case "glanced":
    case "glance-picture":
    case "pin-turned":
    case "follow-turned":
    case "reach-chosen":
    case "here-found":
      return linkReduce(state, event);
    case "similar-opened":
    case "similar-closed":
    case "similar-changed":
    case "similar-asked":
    case "similar-at":
      return similarReduce(state, event);
    case "clusters-opened":
    case "clusters-closed":
    case "clusters-set":
    case "clusters-asked":
    case "cluster-chosen":
    case "cluster-example":
    case "cluster-naming":
      return clustersReduce(state, event);
    case "compare-begun":
    case "compare-first":
    case "compare-shown":
    case "compare-asked":
    case "compare-turned":
      return compareReduce(state, event);
    default:
      return queueReduce(state, event);
  }
}

function sent(state: State, message: StoredMessage): State {
  return decided(answered({ ...state, unsaved: { ...state.unsaved, [message.request]: message } }, message), message);
}

function forgotten(state: State, requests: readonly string[]): State {
  const gone = new Set(requests);
  const left = (request: string): boolean => !gone.has(request);
  return { ...state, unsaved: Object.fromEntries(Object.entries(state.unsaved).filter(([request]) => left(request))), stranded: state.stranded.filter(left), held: state.held.filter(left) };
}

function toggled(hidden: ReadonlySet<number>, index: number): ReadonlySet<number> {
  const next = new Set(hidden);
  if (!next.delete(index)) next.add(index);
  return next;
}

/** All classes but one hidden; all shown again when that one was alone already. */
function alone(state: State, index: number): ReadonlySet<number> {
  const classes = state.hello?.tasks.find((task) => task.name === state.task)?.classes ?? [];
  const others = classes.map((_, i) => i).filter((i) => i !== index);
  const already = !state.hidden.has(index) && others.every((i) => state.hidden.has(i));
  return new Set(already ? [] : others);
}
