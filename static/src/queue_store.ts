// How the queue, proposals, undo and what is stored change the state; a part of the reducer in store.ts.

import { aimed } from "./aiming";
import { omit } from "./lists";
import { reviewing, struckOut } from "./proposal";
import type { Saved } from "./protocol";
import type { ProposalMade, QueueItem, QueueReady } from "./protocol_queue";
import { begun, moved, queued, returned, timed, type Queue } from "./queue";
import type { State } from "./state";

export type QueueEvent =
  | { type: "turn-asked"; request: string }
  | { type: "queue-started"; items?: readonly QueueItem[] }
  | { type: "queue-asked"; request: string }
  | { type: "queue-moved"; to: number }
  | { type: "queue-left" }
  | { type: "others-toggled" }
  | { type: "next-ready"; milliseconds: number }
  | { type: "proposal-asked"; request: string; class: number | null }
  | { type: "proposal-class"; class: number }
  | { type: "proposal-classless" }
  | { type: "proposal-struck"; row: number }
  | { type: "proposal-closed" };

export function queueReduce(state: State, event: QueueEvent): State {
  switch (event.type) {
    case "turn-asked":
      return { ...state, turning: event.request };
    case "queue-started":
      return resumed(state, event.items ?? []);
    case "queue-asked":
      return state.queue ? { ...state, queue: { ...state.queue, request: event.request } } : state;
    case "queue-moved":
      return state.queue ? at(state, moved(state.queue, event.to)) : state;
    case "queue-left":
      return { ...state, queue: null };
    case "others-toggled":
      return { ...state, others: !state.others };
    case "next-ready":
      return state.queue ? { ...state, queue: timed(state.queue, event.milliseconds) } : state;
    case "proposal-asked":
      return { ...state, proposing: { request: event.request, class: event.class } };
    case "proposal-class":
      return state.proposal ? { ...state, proposal: { ...state.proposal, class: event.class, classless: false } } : state;
    case "proposal-classless":
      return state.proposal ? { ...state, proposal: { ...state.proposal, classless: true } } : state;
    case "proposal-struck":
      return state.proposal ? { ...state, proposal: struckOut(state.proposal, event.row) } : state;
    case "proposal-closed":
      return { ...state, proposal: null };
  }
}

/** Items for the queue of this page; those for another page are passed over. */
export function itemsCame(state: State, message: QueueReady): State {
  if (!state.queue) return state;
  const queue = queued(state.queue, message);
  const waited = !state.queue.items[state.queue.at] && queue.items[queue.at];
  return waited ? at(state, queue) : { ...state, queue };
}

export function proposalCame(state: State, message: ProposalMade): State {
  if (message.request !== state.proposing?.request) return state;
  return { ...state, proposal: reviewing(message, state.proposing.class), proposing: null };
}

/** A queue, at the place that a reloaded page was at, if any. */
function resumed(state: State, items: readonly QueueItem[]): State {
  const queue = { ...begun(state.task), items };
  return items.length ? at(state, moved(queue, 0)) : { ...state, queue };
}

/** With another position in the queue; the item there is what the keys answer from now on. */
function at(state: State, queue: Queue): State {
  const item = queue.items[queue.at];
  return aimed({ ...state, queue }, item ? { kind: "row", row: item.row } : null);
}

/** Something is on disk; after this page's own undo or redo the queue goes back to what that changed. */
export function stored(state: State, message: Saved): State {
  const known = state.saved && state.saved.seq > message.seq ? state.saved : message;
  const turned = message.request === state.turning;
  const next = {
    ...state,
    saved: known,
    steps: known,
    unsaved: omit(state.unsaved, message.request),
    held: state.held.filter((request) => request !== message.request),
    turning: turned ? null : state.turning,
  };
  const queue = turned && state.queue ? returned(state.queue, message.rows) : null;
  if (queue && queue !== state.queue) return at(next, queue);
  return turned && message.rows.length ? aimed(next, { kind: "row", row: message.rows[0] }) : next;
}
