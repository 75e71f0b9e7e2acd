// Changes of what the scatter is coloured by. A column is taken only if it is of what was asked for last.

import { BY_CLASS, isServers, type ColorColumn } from "./coloring";
import type { Ramp } from "./colormap";
import type { Colored, Colorings } from "./protocol_coloring";
import type { State } from "./state";

export type ColoringEvent =
  { readonly type: "coloring"; readonly name: string } | { readonly type: "density"; readonly on: boolean } |
  { readonly type: "ramp"; readonly ramp: Ramp } |
  {
    readonly type: "view";
    readonly coloring: string;
    readonly beside: string | null;
    readonly density: boolean;
    readonly ramp: Ramp;
    readonly threshold: number;
    readonly hidden: ReadonlySet<number>;
  } | { readonly type: "color-column"; readonly column: ColorColumn } |
  { readonly type: "beside"; readonly name: string | null } | { readonly type: "beside-column"; readonly column: ColorColumn };

export function coloringReduce(state: State, event: ColoringEvent): State {
  if (event.type === "color-column") {
    return event.column.made === state.colored ? { ...state, colorColumn: event.column } : state;
  }
  if (event.type === "beside-column") {
    return event.column.made === state.besideColored ? { ...state, besideColumn: event.column } : state;
  }
  if (event.type === "beside") {
    return event.name === state.beside ? state : { ...state, beside: event.name, besideColored: null, besideColumn: null };
  }
  if (event.type === "view") {
    const { coloring, beside, density, ramp, threshold, hidden } = event;
    const colored = coloringReduce(state, { type: "coloring", name: coloring });
    return { ...coloringReduce(colored, { type: "beside", name: beside }), density, ramp, threshold, hidden };
  }
  if (event.type === "ramp") return { ...state, ramp: event.ramp };
  if (event.type === "density") return { ...state, density: event.on };
  if (event.name === state.coloring) return state;
  return { ...state, coloring: event.name, colored: null, colorColumn: null };
}

export function coloringTold(state: State, message: Colorings | Colored): State {
  if (message.type === "colorings") {
    const gone = isServers(state) && !message.known.some((known) => known.name === state.coloring);
    const { beside } = state;
    const besideGone = beside !== null && isServers(state, beside) && !message.known.some((known) => known.name === beside);
    return { ...state, colorings: message.known, coloring: gone ? BY_CLASS : state.coloring, beside: besideGone ? BY_CLASS : beside };
  }
  if (message.task !== state.task) return state;
  const colored = message.name === state.coloring ? message : state.colored;
  const besideColored = message.name === state.beside ? message : state.besideColored;
  return { ...state, colored, besideColored };
}
