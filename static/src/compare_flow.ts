// Comparing at work: the present selection is kept as A; every other one after it is B, and is compared with it at once.

import type { Effect } from "./effects";
import type { FlowWorld } from "./queue_flow";
import { newRequest } from "./request";

export class CompareFlow {
  private readonly page = newRequest();

  constructor(private readonly world: FlowWorld) {}

  /** Compare the present selection with A; where there is none yet, it becomes A. */
  turn(): void {
    const { comparing } = this.world.state();
    if (comparing?.first && !comparing.open) this.world.dispatch({ type: "compare-turned", open: true });
    else if (!comparing?.open) this.begin();
  }

  /** Take the present selection as A. */
  begin(): void {
    const { selected } = this.world.state();
    if (!selected || selected.waiting || selected.origin === "start") return;
    const request = newRequest();
    const { request: made } = selected;
    if (this.world.send({ type: "keep-selection", request })) this.world.dispatch({ type: "compare-begun", keeping: request, made });
  }

  /** Select A again. */
  showFirst(): void {
    const selection = this.world.state().comparing?.first?.selection;
    const request = newRequest();
    if (!selection || !this.world.send({ type: "bring-selection", request, selection })) return;
    this.world.dispatch({ type: "compare-shown", made: request });
    this.world.dispatch({ type: "selection-asked", request });
  }

  close(): void {
    this.world.dispatch({ type: "compare-turned", open: false });
  }

  readonly follow: Effect = (state, before) => {
    const { comparing, kept, selected, connection } = state;
    if (!comparing?.open || connection !== "open") return;
    if (kept && kept !== before?.kept && kept.request === comparing.keeping) {
      this.world.dispatch({ type: "compare-first", first: kept });
      return;
    }
    const first = comparing.first?.selection;
    if (!first || !selected?.row_total || selected.waiting || selected.request === comparing.made) return;
    const other = selected !== before?.selected && selected.request !== before?.selected?.request;
    const settled = before?.selected?.waiting === true;
    const opened = before?.comparing?.open !== true;
    if (!other && !settled && !opened && comparing.first === before.comparing?.first) return;
    const request = newRequest();
    const sent = this.world.send({ type: "compare", request, page: this.page, task: comparing.task, first });
    if (sent) this.world.dispatch({ type: "compare-asked", request });
  };
}
