// Views that are kept under a name, and what the server says of a kept selection. A part of the reducer in store.ts.

import type { SelectionKept, Views } from "./protocol_views";
import { started } from "./selecting";
import type { State } from "./state";

export type ViewsEvent = { type: "views-turned"; open: boolean } | { type: "cells-shown"; cells: readonly string[] };

export function viewsReduce(state: State, event: ViewsEvent): State {
  if (event.type === "views-turned") return { ...state, viewsOpen: event.open, layoutsOpen: false };
  const { cells } = event;
  return { ...state, selected: cells.length ? started(cells, state.hello?.rows ?? 0) : null };
}

export function viewsTold(state: State, message: Views | SelectionKept): State {
  return message.type === "views" ? { ...state, views: message.views } : { ...state, kept: message };
}
