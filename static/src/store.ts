// The one place where the page's state changes: a pure function of the state and an event.
// Answers may come late or out of order: each is taken only if it still belongs to what was asked last.

import type { Coordinates, Prediction, Rows } from "./columns";
import { aimed } from "./aiming";
import { BY_CLASS } from "./coloring";
import { coloringReduce, coloringTold, type ColoringEvent } from "./coloring_store";
import { answered, evaluationReduce, judged, unanswered, type EvaluationEvent } from "./evaluation_store";
import { clustersCame, clustersDoing, clustersReduce, clustersRefused, type ClustersEvent } from "./clusters_store";
import { compareReduce, compareRefused, comparisonCame, type CompareEvent } from "./compare_store";
import { classesChanged, classesTold } from "./classes_store";
import { attached, listed, listingReduce, seen, type ListingEvent } from "./listing_store";
import { linkReduce, type LinkEvent } from "./link_store";
import { omit, without } from "./lists";
import { current, placed } from "./places";
import type { Hello, MoreRows } from "./protocol";
import type { ServerMessage } from "./protocol_messages";
import { closed, decided, peopleCame, peopleReduce, undecided, type PeopleEvent } from "./people_store";
import { itemsCame, proposalCame, queueReduce, stored, type QueueEvent } from "./queue_store";
import type { ConnectionState } from "./socket";
import { similarCame, similarDoing, similarReduce, similarRefused, type SimilarEvent } from "./similar_store";
import { asking, drawn, masked, selection, started, viewerReady } from "./selecting";
import { viewsReduce, viewsTold, type ViewsEvent } from "./views_store";
import type { State, StoredMessage, Target } from "./state";

const FAILURES_SHOWN = 3;

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

export const initial: State = {
  connection: "connecting",
  replacedBy: null,
  hello: null,
  task: "",
  wantedTask: "",
  layout: null,
  layouts: null,
  layoutsOpen: false,
  fitting: null,
  views: [],
  viewsOpen: false,
  kept: null,
  points: null,
  labels: {},
  rows: null,
  coordinates: null,
  prediction: null,
  places: [],
  placesTask: "",
  cards: {},
  working: [],
  overtaken: [],
  target: null,
  lit: null,
  selected: null,
  selecting: [],
  selectionSteps: { back: false, forward: false },
  unsaved: {},
  stranded: [],
  held: [],
  turning: null,
  glance: null,
  pins: [],
  here: null,
  similar: null,
  clusters: null,
  comparing: null,
  queue: null,
  others: false,
  proposal: null,
  proposing: null,
  evaluation: null,
  people: null,
  listing: null,
  seen: null,
  looking: null,
  commenting: null,
  attached: null,
  release: null,
  releaseRead: "",
  saved: null,
  steps: null,
  failures: [],
  status: "",
  hidden: new Set(),
  threshold: 0,
  tool: "lasso",
  colorings: [],
  coloring: BY_CLASS,
  density: false,
  ramp: "viridis",
  colored: null,
  colorColumn: null,
  beside: null,
  besideColored: null,
  besideColumn: null,
  keysIn: "page",
  viewerReady: false,
};

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

function received(state: State, message: ServerMessage): State {
  switch (message.type) {
    case "hello":
      return welcomed(state, message);
    case "classes":
      return classesChanged(state, message);
    case "colorings":
    case "colored":
      return coloringTold(state, message);
    case "rows":
      return state.hello ? { ...state, hello: { ...state.hello, ...more(message) } } : state;
    case "release":
      return { ...state, release: message };
    case "layout":
      return { ...state, layout: message };
    case "layouts":
      return { ...state, layouts: message };
    case "fitting":
      return { ...state, fitting: message.running ? message : null };
    case "views":
    case "kept-selection":
      return viewsTold(state, message);
    case "points":
      return pointed(state, message);
    case "labels":
      return { ...state, labels: { ...state.labels, [message.task]: message } };
    case "working":
      return { ...state, working: [...without(state.working, message.request), message] };
    case "place":
      return placed(state, message);
    case "places":
      return { ...state, places: message.places, placesTask: message.task, cards: current(state.cards, message) };
    case "saved":
      return stored({ ...state, people: undecided(state.people, message.request) }, message);
    case "queue":
      return itemsCame(state, message);
    case "proposal":
      return proposalCame(state, message);
    case "exploring":
      return { ...state, similar: similarDoing(state.similar, message), clusters: clustersDoing(state.clusters, message) };
    case "similar":
      return similarCame(state, message);
    case "clusters":
      return clustersCame(state, message);
    case "comparison":
      return comparisonCame(state, message);
    case "evaluation":
      return judged(state, message);
    case "listed":
      return listed(state, message);
    case "seen":
      return seen(state, message);
    case "attached":
      return attached(state, message);
    case "agreement":
    case "conflicts":
    case "people":
      return peopleCame(state, message);
    case "history":
      return { ...state, steps: message };
    case "selection":
      return selection(state, message);
    case "failed":
      return failed(message.again ? held(state, message.request) : refused(state, message.request), message.text);
    case "status":
      return { ...state, status: message.text };
    case "device":
      return state.hello ? { ...state, hello: { ...state.hello, ...pick(message) } } : state;
  }
}

function more({ rows, segments, table_version }: MoreRows): Partial<Hello> {
  return { rows, segments, table_version };
}

function sent(state: State, message: StoredMessage): State {
  return decided(answered({ ...state, unsaved: { ...state.unsaved, [message.request]: message } }, message), message);
}

/** A new connection. What belongs to the user is kept; what came from the server is forgotten where it may differ. */
function welcomed(state: State, hello: Extract<ServerMessage, { type: "hello" }>): State {
  const same = state.hello?.table_version === hello.table_version;
  const { connection, threshold, tool, failures, viewerReady, coloring, density, ramp } = state;
  const kept = same ? classesTold(state, hello.tasks) : { ...initial, connection, threshold, tool, failures, viewerReady, coloring, density, ramp };
  const start = hello.start_segments;
  return {
    ...kept,
    hello,
    unsaved: state.unsaved,
    held: state.held,
    task: hello.task,
    wantedTask: hello.task,
    hidden: hello.task === kept.task ? kept.hidden : new Set<number>(),
    places: hello.places,
    placesTask: hello.task,
    saved: null,
    working: [],
    overtaken: [],
    selecting: [],
    turning: null,
    proposing: null,
    evaluation: hello.task === kept.evaluation?.task ? { ...kept.evaluation, request: null } : null,
    people: hello.task === kept.people?.task ? { ...kept.people, training: null } : null,
    comparing: hello.task === kept.comparing?.task ? { ...kept.comparing, request: null } : null,
    clusters: hello.task === kept.clusters?.task ? { ...kept.clusters, request: null, naming: null } : null,
    similar: hello.task === kept.similar?.task ? { ...kept.similar, request: null } : null,
    listing: hello.task === kept.listing?.task ? { ...kept.listing, asked: null } : null,
    queue: hello.task === kept.queue?.task ? { ...kept.queue, request: null, dry: false } : null,
    selected: kept.selected ?? (start.length ? started(start, hello.rows) : null),
  };
}

function pointed(state: State, points: Extract<ServerMessage, { type: "points" }>): State {
  const switched = points.task !== state.task;
  return {
    ...state,
    points,
    task: points.task,
    wantedTask: state.wantedTask === state.task ? points.task : state.wantedTask,
    hidden: switched ? new Set() : state.hidden,
    queue: switched ? null : state.queue,
    proposal: switched ? null : state.proposal,
    evaluation: switched ? null : state.evaluation,
    people: switched && state.people?.open ? { ...closed(points.task), open: true } : switched ? null : state.people,
    listing: switched ? null : state.listing,
    similar: switched ? null : state.similar,
    clusters: switched ? null : state.clusters,
    comparing: switched ? null : state.comparing,
    commenting: switched ? null : state.commenting,
  };
}

function refused(state: State, request: string | null): State {
  if (request === null) return state;
  return {
    ...state,
    working: without(state.working, request),
    selecting: state.selecting.filter((asked) => asked !== request),
    unsaved: omit(state.unsaved, request),
    turning: state.turning === request ? null : state.turning,
    proposing: state.proposing?.request === request ? null : state.proposing,
    queue: state.queue?.request === request ? { ...state.queue, request: null, dry: true } : state.queue,
    evaluation: unanswered(state.evaluation, request),
    similar: similarRefused(state.similar, request),
    clusters: clustersRefused(state.clusters, request),
    comparing: compareRefused(state.comparing, request),
    people: undecided(state.people, request),
    listing: state.listing?.asked?.request === request ? { ...state.listing, asked: null } : state.listing,
    wantedTask: state.task,
  };
}

/** As refused, but an answer that is to be stored stays the user's to save or forget. */
function held(state: State, request: string | null): State {
  const is = request !== null && request in state.unsaved && !state.held.includes(request);
  return { ...refused(state, request), held: is ? [...state.held, request] : state.held };
}

function forgotten(state: State, requests: readonly string[]): State {
  const gone = new Set(requests);
  const left = (request: string): boolean => !gone.has(request);
  return { ...state, unsaved: Object.fromEntries(Object.entries(state.unsaved).filter(([request]) => left(request))), stranded: state.stranded.filter(left), held: state.held.filter(left) };
}

/** The same sentence twice in a row is one line with a count. */
function failed(state: State, text: string): State {
  const last = state.failures.at(-1);
  const number = (last?.number ?? 0) + 1;
  if (last?.text === text) {
    return { ...state, failures: [...state.failures.slice(0, -1), { number, text, times: last.times + 1 }] };
  }
  return { ...state, failures: [...state.failures, { number, text, times: 1 }].slice(-FAILURES_SHOWN) };
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

function pick(device: { device: string; encoder: string }): { device: string; encoder: string } {
  return { device: device.device, encoder: device.encoder };
}
