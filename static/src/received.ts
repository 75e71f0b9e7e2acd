// What becomes of the state when the server says something.
// Answers may come late or out of order: each is taken only if it still belongs to what was asked last.

import { coloringTold } from "./coloring_store";
import { judged, unanswered } from "./evaluation_store";
import { clustersCame, clustersDoing, clustersRefused } from "./clusters_store";
import { compareRefused, comparisonCame } from "./compare_store";
import { classesChanged, classesTold } from "./classes_store";
import { attached, listed, seen } from "./listing_store";
import { omit, without } from "./lists";
import { current, placed } from "./places";
import type { Hello, MoreRows } from "./protocol";
import type { ServerMessage } from "./protocol_messages";
import { closed, peopleCame, undecided } from "./people_store";
import { itemsCame, proposalCame, stored } from "./queue_store";
import { similarCame, similarDoing, similarRefused } from "./similar_store";
import { selection, started } from "./selecting";
import { viewsTold } from "./views_store";
import type { State } from "./state";
import { failed } from "./failures";
import { initial } from "./initial";

export function received(state: State, message: ServerMessage): State {
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

function pick(device: { device: string; encoder: string }): { device: string; encoder: string } {
  return { device: device.device, encoder: device.encoder };
}
