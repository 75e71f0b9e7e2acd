// Asking for the columns to colour by that the server makes, and fetching them: anew when what they follow from changes.

import { isServers } from "./coloring";
import { fetchBytes } from "./columns";
import type { ClientMessage } from "./protocol_messages";
import { newRequest } from "./request";
import type { State } from "./state";
import type { Event } from "./store";

export interface ColoringWorld {
  state(): State;
  dispatch(event: Event): void;
  send(message: ClientMessage): boolean;
}

export class ColoringFlow {
  private asked = "";

  constructor(private readonly world: ColoringWorld) {}

  readonly follow = (state: State, before: State | null): void => {
    this.ask(state);
    const { colored } = state;
    if (!colored || colored === before?.colored) return;
    fetchBytes(colored.url, colored.rows).then(
      (codes) => this.world.dispatch({ type: "color-column", column: { made: colored, codes } }),
      () => {
        if (this.world.state().colored === colored)
          this.world.dispatch({ type: "problem", text: `The colours by ${colored.name} did not come: choose them again.` });
      },
    );
  };

  private ask(state: State): void {
    const { coloring: name, task, points, hello, connection } = state;
    if (connection !== "open" || !hello || !isServers(state)) {
      this.asked = "";
      return;
    }
    const known = state.colorings.find((each) => each.name === name);
    const stamp = known?.follows === "predictions" ? points?.stamp : hello.table_version;
    const wanted = [name, task, stamp, known?.version].join(" ");
    if (stamp === undefined || wanted === this.asked) return;
    if (this.world.send({ type: "color", request: newRequest(), task, name })) this.asked = wanted;
  }
}
