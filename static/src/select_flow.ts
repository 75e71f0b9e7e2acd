// Selecting at work: what is drawn in the scatter stands out at once; the server finds segments and marks for the viewer,
// and whatever follows from a selection.

import type { ClientMessage } from "./protocol_messages";
import type { Ball, Growth, SelectMode, Shape } from "./protocol_selection";
import { newRequest } from "./request";
import { combine, without } from "./scatter/bits";
import { brushed } from "./scatter/brush";
import { lasso } from "./scatter/lasso";
import { classIdOf, type State } from "./state";
import type { Event } from "./store";

export interface SelectWorld {
  state(): State;
  dispatch(event: Event): void;
  /** False when there is no connection. */
  send(message: ClientMessage): boolean;
}

export class SelectFlow {
  constructor(private readonly world: SelectWorld) {}

  /** Select the points inside a shape; `mode` says how it meets what is selected. */
  draw(shape: Shape, mode: SelectMode): void {
    const { coordinates, prediction, hidden, selected } = this.world.state();
    if (!coordinates) return;
    const { x, y, id: layout } = coordinates;
    const request = newRequest();
    const about = { request, layout, mode, hidden: hiddenIds(this.world.state()) };
    const { polygon, path, radius } = { polygon: null, path: null, radius: 0, ...shape };
    const sent = polygon
      ? this.world.send({ type: "lasso", polygon, ...about })
      : path && this.world.send({ type: "brush", path, radius, ...about });
    if (!sent) return;
    const inside = polygon ? lasso(x, y, polygon) : brushed(x, y, path ?? [], radius);
    const shown = without(inside, prediction?.classes ?? null, hidden);
    this.world.dispatch({ type: "drawn", request, bits: combine(mode, selected?.bits ?? null, shown) });
  }

  /** Select what lies in a ball of the volume. */
  near(ball: Ball, mode: SelectMode): void {
    this.ask((request) => ({ type: "near", request, ball, mode, hidden: hiddenIds(this.world.state()) }));
  }

  grow(how: Growth): void {
    this.ask((request) => ({ type: "grow", request, how, hidden: hiddenIds(this.world.state()) }));
  }

  /** To the selection before, or forward again. */
  step(back: boolean): void {
    const { selectionSteps } = this.world.state();
    if (back ? selectionSteps.back : selectionSteps.forward) this.ask((request) => ({ type: "step", request, back }));
  }

  segments(ids: string[]): void {
    this.ask((request) => ({ type: "segments", request, ids }));
  }

  clear(): void {
    const { selected, lit } = this.world.state();
    if (selected || lit !== null) this.ask((request) => ({ type: "clear", request }));
  }

  private ask(message: (request: string) => ClientMessage): void {
    const request = newRequest();
    if (this.world.send(message(request))) this.world.dispatch({ type: "selection-asked", request });
  }
}

function hiddenIds(state: State): string[] {
  return [...state.hidden].map((index) => classIdOf(state, index));
}
