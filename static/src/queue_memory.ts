// Where a tab is in the queue, kept for its reload: the place that is asked, so that it is asked again.

import type { QueueItem } from "./protocol_queue";
import { itemOf } from "./queue";
import type { State } from "./state";
import { areSameRows } from "./unsaved";

const NAME = "segclr queue";

/** What sessionStorage offers: it belongs to one tab and outlives its reload. */
export type TabShelf = Pick<Storage, "getItem" | "setItem" | "removeItem">;

interface Sitting {
  readonly log: string;
  readonly annotator: string;
  readonly table: string;
  readonly run: string;
  readonly task: string;
  readonly item: QueueItem | null;
}

/** Keep where the queue is; forget it when the user has left it. */
export function rememberQueue(shelf: TabShelf | null, state: State): void {
  const { hello, queue } = state;
  if (!hello) return;
  const { log, annotator, table_version, run } = hello;
  const sitting: Sitting | null = queue && { log, annotator, table: table_version, run, task: queue.task, item: itemOf(state) };
  try {
    if (sitting) shelf?.setItem(NAME, JSON.stringify(sitting));
    else shelf?.removeItem(NAME);
  } catch {
    // full, or switched off: after a reload the queue begins anew
  }
}

/** The places that a reloaded page's queue begins with; null where the queue was not running, or elsewhere. */
export function rememberedQueue(shelf: TabShelf | null, { hello, task }: State): readonly QueueItem[] | null {
  try {
    const sitting = JSON.parse(shelf?.getItem(NAME) ?? "null") as Sitting | null;
    const same = sitting?.log === hello?.log && sitting?.annotator === hello?.annotator && sitting?.task === task;
    if (!sitting || !same) return null;
    return sitting.item && hello && areSameRows(sitting.table, sitting.run, hello) ? [sitting.item] : [];
  } catch {
    return null;
  }
}

/** The browser's own; null where it keeps nothing. */
export function tabShelf(): TabShelf | null {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}
