// The queue's part of the state: which places are asked in this sitting, and where this page is among them. The items
// come from the server; the position is the page's own.

import type { QueueItem, QueueReady } from "./protocol_queue";
import { labelOf, markOf, type State } from "./state";

const TIMES_KEPT = 20;

export interface Queue {
  readonly task: string;
  /** Those shown in this sitting, then those to come. */
  readonly items: readonly QueueItem[];
  /** The item on screen; as large as the list when nothing is left, or not yet there. */
  readonly at: number;
  /** How many of the items have been shown. */
  readonly seen: number;
  /** The newest request for items, null once it is answered. */
  readonly request: string | null;
  /** Whether the last answer held nothing new. */
  readonly dry: boolean;
  readonly note: string;
  /** Milliseconds from key to next place ready, the newest last. */
  readonly times: readonly number[];
  /** How many have been timed, those that are not kept too. */
  readonly timed: number;
}

export function begun(task: string): Queue {
  return {
    task,
    items: [],
    at: 0,
    seen: 0,
    request: null,
    dry: false,
    note: "",
    times: [],
    timed: 0,
  };
}

/** The item on screen. */
export function itemOf(state: State): QueueItem | null {
  return state.queue?.items[state.queue.at] ?? null;
}

/** The cell that alone the viewer shows, because it is asked about; null while all that is selected is shown. */
export function focusOf(state: State): string | null {
  return state.queue && state.lit;
}

/**
 * Whether the place is asked blind and has no answer of this annotator yet: what the head believes there may come from
 * what another one said, and is shown nowhere.
 */
export function isBlind(state: State): boolean {
  const item = itemOf(state);
  if (item?.strategy !== "double") return false;
  const target = { kind: "row", row: item.row } as const;
  return labelOf(state, target) === null && markOf(state, target) === null;
}

/** How many items stay as they are when the rest is chosen anew: all shown, and the next, which is fetched already. */
export function fixed(queue: Queue): number {
  return Math.min(queue.items.length, Math.max(queue.seen, queue.at + 2));
}

/** The server's answer; the item on screen and the next one stay, only what the model believes of them is news. */
export function queued(queue: Queue, message: QueueReady): Queue {
  if (message.request !== queue.request || message.task !== queue.task) return queue;
  const renewed = new Map(message.renewed.map((belief) => [belief.row, belief.probabilities]));
  const kept = queue.items.slice(0, fixed(queue)).map((item) => {
    const probabilities = renewed.get(item.row);
    return probabilities === undefined ? item : { ...item, probabilities };
  });
  const known = new Set(kept.map((item) => item.row));
  const fresh = message.items.filter((item) => !known.has(item.row));
  const next = { ...queue, items: [...kept, ...fresh], request: null, note: message.note, dry: fresh.length === 0 };
  return moved(next, queue.at);
}

/** With another item on screen. */
export function moved(queue: Queue, to: number): Queue {
  const at = Math.min(Math.max(0, to), queue.items.length);
  return { ...queue, at, seen: Math.min(queue.items.length, Math.max(queue.seen, at + 1)) };
}

/** Back at the item that an undo or redo was about, if it was asked in this sitting. */
export function returned(queue: Queue, rows: readonly number[]): Queue {
  const wanted = new Set(rows);
  const at = queue.items.slice(0, queue.seen).map((item) => wanted.has(item.row)).lastIndexOf(true);
  return at < 0 ? queue : moved(queue, at);
}

export function timed(queue: Queue, milliseconds: number): Queue {
  return { ...queue, times: [...queue.times, milliseconds].slice(-TIMES_KEPT), timed: queue.timed + 1 };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
