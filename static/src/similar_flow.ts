// More like this at work: questions to the server, flights to what is chosen, proposals of what is alike.

import type { Effect } from "./effects";
import type { ViewerBridge } from "./neuroglancer";
import type { FlowWorld } from "./queue_flow";
import { newRequest } from "./request";
import type { Reach } from "./link_store";
import type { Scope } from "./protocol_explore";
import type { Asked } from "./similar_store";
import { rowOf, whereabouts } from "./state";

export class SimilarFlow {
  private readonly page = newRequest();

  constructor(
    private readonly world: FlowWorld,
    private readonly bridge: Pick<ViewerBridge, "camera" | "field">,
  ) {}

  /** Ask about the target, without one about the selection; or close the gallery. */
  toggle(): void {
    const { similar, target, selected } = this.world.state();
    if (similar?.open) return this.close();
    const row = target && rowOf(this.world.state(), target);
    if (row !== null) return this.world.dispatch({ type: "similar-opened", scope: "point", row });
    if (!target && selected?.row_total) return this.world.dispatch({ type: "similar-opened", scope: "selection", row: null });
    const text = target ? "No point of the scatter stands for this place." : "Nothing is chosen: click a point, or select some.";
    this.world.dispatch({ type: "problem", text });
  }

  /** Ask about the mean of the selection. */
  selection(): void {
    this.world.dispatch({ type: "similar-opened", scope: "selection", row: null });
  }

  close(): void {
    this.world.dispatch({ type: "similar-closed" });
  }

  /** Ask about something else: about the target's point or cell, or the selection. */
  about(scope: Scope): void {
    const state = this.world.state();
    const row = state.similar?.asked.row ?? (state.target && rowOf(state, state.target));
    if (scope === "selection") this.change({ scope, row: null });
    else if (row !== null) this.change({ scope, row });
    else this.world.dispatch({ type: "problem", text: "Nothing is chosen: click a point first." });
  }

  /** Ask what is like the picture that is chosen. */
  onwards(): void {
    const { similar } = this.world.state();
    const row = similar?.ready?.rows[similar.at];
    if (row !== undefined) this.world.dispatch({ type: "similar-opened", scope: "point", row });
  }

  change(change: Partial<Asked>): void {
    this.world.dispatch({ type: "similar-changed", change });
  }

  /** Only points near where the viewer is now: within so many micrometres of its middle, or as far as is seen. Null: anywhere. */
  within(reach: Reach | null): void {
    const { hello } = this.world.state();
    const field = reach === null || !hello ? null : this.bridge.field(hello.resolution_nm);
    if (reach !== null && !field) return this.world.dispatch({ type: "problem", text: "The viewer is not there yet: try again in a moment." });
    const radius_nm = typeof reach === "number" ? 1000 * reach : (field?.radius_nm ?? 0);
    this.change({ within: field && { centre_nm: field.centre_nm, radius_nm } });
  }

  move(by: number): void {
    const { similar } = this.world.state();
    const last = (similar?.ready?.rows.length ?? 0) - 1;
    if (similar && last >= 0) this.choose(Math.min(last, Math.max(0, similar.at + by)));
  }

  /** What keys label from now on; the viewer flies there. */
  choose(at: number): void {
    this.world.dispatch({ type: "similar-at", at });
    const state = this.world.state();
    const row = state.similar?.ready?.rows[at];
    const place = row === undefined ? null : whereabouts(state, { kind: "row", row });
    if (place && state.hello) this.bridge.camera.flyTo(place.position_nm, state.hello.resolution_nm);
  }

  /** Propose one class for the nearest `count` of what is shown. */
  propose(count: number): void {
    const { similar } = this.world.state();
    const rows = [...(similar?.ready?.rows ?? [])].slice(0, count);
    if (!similar || !rows.length) return;
    const request = newRequest();
    const sent = this.world.send({ type: "propose", request, task: similar.task, row: null, rows });
    if (sent) this.world.dispatch({ type: "proposal-asked", request, class: null });
  }

  /** Every change of what is asked is sent; that of the selection when it is known. */
  readonly follow: Effect = (state, before) => {
    const { similar, selected } = state;
    if (!similar?.open || state.connection !== "open") return;
    const { scope, row, class: only, segment, within, once, count } = similar.asked;
    const opened = before?.similar?.open !== true || before.connection !== "open";
    const reselected = scope === "selection" && !selected?.waiting && selected !== before?.selected;
    if (!opened && !reselected && similar.asked === before.similar.asked) return;
    const request = newRequest();
    const classes = only === null ? [] : [only];
    const sent = this.world.send({ type: "similar", request, page: this.page, task: similar.task, scope, row, classes, segment, within, once, count });
    if (sent) this.world.dispatch({ type: "similar-asked", request });
  };
}
