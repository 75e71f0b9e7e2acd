// The scatter follows the viewer: the points in its field stand out, found anew as it moves. However many there are, the
// search takes a small share of the time.

import type { Effect } from "./effects";
import { rowsNear } from "./here";
import type { After } from "./hover_flow";
import type { Field } from "./neuroglancer_view";
import type { XYZ } from "./protocol";
import type { FlowWorld } from "./queue_flow";

const REST_MS = 90;
const SHARE = 6; // of so many milliseconds one is spent here

/** What of the viewer is needed here. */
export interface Looking {
  field(resolution_nm: XYZ): Field | null;
}

export class FollowFlow {
  private waits = false;
  private rest_ms = REST_MS;
  private last: string | null = null;

  constructor(
    private readonly world: Pick<FlowWorld, "state" | "dispatch">,
    private readonly viewer: Looking,
    private readonly after: After,
    private readonly now: () => number,
  ) {}

  toggle(): void {
    this.world.dispatch({ type: "follow-turned" });
  }

  /** The viewer has drawn, perhaps another place. */
  moved(): void {
    if (this.waits || !this.world.state().here) return;
    this.waits = true;
    this.after(this.rest_ms, () => {
      this.waits = false;
      this.look();
    });
  }

  readonly follow: Effect = (state, before) => {
    const { here } = state;
    if (!here) return;
    const asked = here.reach !== before?.here?.reach || state.rows !== before?.rows || state.viewerReady !== before?.viewerReady;
    if (asked) this.last = null;
    if (asked) this.look();
  };

  private look(): void {
    const { here, rows, hello } = this.world.state();
    const field = here && rows && hello && this.viewer.field(hello.resolution_nm);
    if (!field) return;
    const radius_nm = here.reach === "view" ? field.radius_nm : 1000 * here.reach;
    const key = [...field.centre_nm, radius_nm].join(" ");
    if (key === this.last) return;
    this.last = key;
    const began = this.now();
    this.world.dispatch({ type: "here-found", ...rowsNear(rows.positions_nm, field.centre_nm, radius_nm), centre_nm: field.centre_nm, radius_nm });
    this.rest_ms = Math.max(REST_MS, SHARE * (this.now() - began));
  }
}
