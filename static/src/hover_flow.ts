// The pointer over the scatter: where it rests, the place is shown, as a picture beside the point and as a light cursor in
// the viewer, which stays where it looks. Nothing is asked of points that the pointer only passes.

import type { Pictures } from "./pictures";
import type { XYZ } from "./protocol";
import { pictureOf, type FlowWorld } from "./queue_flow";
import { rowOf, whereabouts } from "./state";

const REST_MS = 125;
const GRACE_MS = 220; // to reach the card from its point

/** What of the viewer is needed here. */
export interface Pointed {
  hint(position_nm: XYZ | null, resolution_nm: XYZ): void;
}

/** Do something later, unless what is returned is called before. */
export type After = (milliseconds: number, action: () => void) => () => void;

export class HoverFlow {
  private waiting = (): void => undefined;
  private asked: AbortController | null = null;

  constructor(
    private readonly world: Pick<FlowWorld, "state" | "dispatch">,
    private readonly viewer: Pointed,
    private readonly pictures: Pictures,
    private readonly after: After,
  ) {}

  /** The pointer is over a point now, or over none. */
  over(row: number | null): void {
    this.waiting();
    const shown = this.world.state().glance?.row ?? null;
    if (row === null) {
      if (shown !== null) this.waiting = this.after(GRACE_MS, () => this.leave());
    } else if (row !== shown) {
      this.leave();
      this.waiting = this.after(REST_MS, () => this.look(row));
    }
  }

  /** The pointer is on the card. */
  hold(): void {
    this.waiting();
  }

  leave(): void {
    this.waiting();
    this.asked?.abort();
    const { glance, hello } = this.world.state();
    if (!glance) return;
    this.world.dispatch({ type: "glanced", row: null });
    if (hello) this.viewer.hint(null, hello.resolution_nm);
  }

  /** Pin what the pointer rests on, else the target; or take the pin out again. */
  pin(): void {
    const { glance, target } = this.world.state();
    const row = glance?.row ?? (target && rowOf(this.world.state(), target));
    if (row !== null) this.world.dispatch({ type: "pin-turned", row });
  }

  private look(row: number): void {
    const state = this.world.state();
    const place = whereabouts(state, { kind: "row", row });
    if (!state.hello || !place) return;
    this.world.dispatch({ type: "glanced", row });
    this.viewer.hint(place.position_nm, state.hello.resolution_nm);
    const asked = (this.asked = new AbortController());
    const show = (picture: string): void => {
      if (!asked.signal.aborted) this.world.dispatch({ type: "glance-picture", row, picture });
    };
    this.pictures.get(pictureOf(state, row), asked.signal).then(show, () => show(""));
  }
}
