// Layouts of the scatter at work: fits, their end, and the choice among kept ones.

import type { ClientMessage } from "./protocol_messages";
import type { LayoutParameters } from "./protocol_layouts";
import { newRequest } from "./request";
import type { State } from "./state";
import type { Event } from "./store";

export interface LayoutsWorld {
  state(): State;
  dispatch(event: Event): void;
  send(message: ClientMessage): boolean;
}

export class LayoutsFlow {
  constructor(private readonly world: LayoutsWorld) {}

  toggle(): void {
    this.world.dispatch({ type: "layouts-turned", open: !this.world.state().layoutsOpen });
  }

  close(): void {
    this.world.dispatch({ type: "layouts-turned", open: false });
  }

  /** Fit a layout of the embeddings, or of their means within the radius of a task. */
  fit(meansOf: string | null, parameters: LayoutParameters): void {
    const { task } = this.world.state();
    this.world.send({ type: "fit", request: newRequest(), task, means_of: meansOf, parameters });
  }

  stop(): void {
    this.world.send({ type: "stop-fit", request: newRequest() });
  }

  /** Show a kept layout, or (empty) the principal components. */
  show(stamp: string): void {
    const { layouts } = this.world.state();
    if (layouts && layouts.shown !== stamp) this.world.send({ type: "show-layout", request: newRequest(), stamp });
  }

  /** Delete a kept layout that is not shown. */
  drop(stamp: string): void {
    this.world.send({ type: "drop-layout", request: newRequest(), stamp });
  }
}
