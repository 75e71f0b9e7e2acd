// A second picture of the same points beside the first, coloured by something else: one camera, one pointer, one selection.

import { BY_CLASS, newTints, type Tints } from "./coloring";
import { drawing, type Effect } from "./effects";
import { byId } from "./element";
import { pictureOf } from "./saving";
import type { ScatterEvents } from "./scatter/events";
import type { Picture } from "./scatter/figure";
import { Scatter } from "./scatter/scatter";
import type { Camera } from "./scatter/camera";
import type { State } from "./state";

/** The state as the second picture sees it: with its own colours. */
export function besideState(state: State): State {
  return { ...state, coloring: state.beside ?? BY_CLASS, colored: state.besideColored, colorColumn: state.besideColumn };
}

export interface BesideWorld {
  /** The first picture, null where the browser cannot draw it. */
  first(): Scatter | null;
  /** What is done in either picture. */
  readonly events: Omit<ScatterEvents, "describe" | "look">;
  describe(row: number, tints: Tints): string;
}

export class Beside {
  readonly tints = newTints();
  private second: Scatter | null = null;
  private draw: Effect | null = null;
  private linking = false;
  private on = false;

  constructor(private readonly world: BesideWorld) {}

  /** The first picture looks elsewhere, or another point is under the pointer there. */
  looked(camera: Camera): void {
    this.linked(() => this.on && this.second?.view(camera));
  }

  hovered(row: number | null): void {
    if (this.on) this.second?.point(row);
  }

  /** The second picture where it is shown, drawn `fine` times as fine as CSS pixels. */
  picture(state: State, fine: number): Picture | null {
    if (!this.on || !this.second) return null;
    const seen = besideState(state);
    return pictureOf(seen, this.tints(seen), this.second.picture(fine));
  }

  readonly follow: Effect = (state, before) => {
    const first = this.world.first();
    this.on = state.beside !== null && first !== null;
    byId("beside").hidden = !this.on;
    byId("scatter").classList.toggle("paired", this.on);
    if (!first || !this.on) return;
    const opened = before === null || before.beside === null;
    this.second ??= this.made(first);
    this.linked(() => {
      this.draw?.(besideState(state), opened ? null : besideState(before));
      if (opened || state.coordinates !== before.coordinates) this.second?.view(first.view());
    });
  };

  private made(first: Scatter): Scatter | null {
    const { events, describe } = this.world;
    const made = Scatter.in(byId("beside"), {
      ...events,
      hover: (row) => {
        events.hover(row);
        first.point(row);
      },
      describe: (row) => describe(row, this.tints),
      look: (camera) => this.linked(() => first.view(camera)),
    });
    this.draw = made && drawing(made, (state) => this.tints(state), "Second picture of the embeddings");
    return made;
  }

  /** What one picture does is done in the other, and not sent back. */
  private linked(act: () => void): void {
    if (this.linking) return;
    this.linking = true;
    act();
    this.linking = false;
  }
}
