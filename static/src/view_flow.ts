// Making a link of what is on screen, and showing what a link says, part by part as soon as each can be shown.

import type { Camera } from "./scatter/camera";
import { classesOf, type State } from "./state";
import type { Event } from "./store";
import { hashOf, viewIn, viewOf, type View, type ViewerPose } from "./view";

export interface ViewWorld {
  state(): State;
  dispatch(event: Event): void;
  switchTask(name: string): void;
  /** The scatter's camera: read, or set. */
  scatter(camera?: Camera): Camera;
  /** The viewer's: read, or set; null where it cannot be read. */
  viewer(pose?: ViewerPose): ViewerPose | null;
  /** The address after the "#": read, or set. */
  hash(value?: string): string;
  copy(): Promise<void>;
}

export class ViewFlow {
  private wanted: View | null = null;
  private undone = new Set<"task" | "page" | "scatter" | "viewer">();

  constructor(private readonly world: ViewWorld) {}

  /** Follow the link that the page was opened with, or that was put into its address. */
  open(): void {
    try {
      this.wanted = viewIn(this.world.hash());
    } catch (error) {
      this.world.dispatch({ type: "problem", text: (error as Error).message });
    }
    if (!this.wanted) return;
    this.undone = new Set(["task", "page", "scatter"]);
    if (this.wanted.viewer) this.undone.add("viewer");
    this.follow(this.world.state());
  }

  /** Put the view into the address, and the address into the clipboard. */
  async link(): Promise<void> {
    const { world } = this;
    world.hash(hashOf(viewOf(world.state(), world.scatter(), world.viewer())));
    const said = await world.copy().then(
      () => "the link is in the clipboard; it opens where you are signed in",
      () => "the link is in the address line; it opens where you are signed in",
    );
    world.dispatch({ type: "received", message: { type: "status", text: said } });
  }

  readonly follow = (state: State): void => {
    const view = this.wanted;
    if (!view || !state.hello) return;
    if (this.undone.delete("task") && view.task !== state.task) {
      if (state.hello.tasks.some((task) => task.name === view.task)) this.world.switchTask(view.task);
      else return this.giveUp(`The link's task ${view.task} is not in this project.`);
    }
    if (state.task === view.task && state.points && state.coordinates && this.undone.delete("page")) {
      const ids = classesOf(state).map(({ id }) => id);
      const hidden = new Set(view.hidden.map((id) => ids.indexOf(id)).filter((index) => index >= 0));
      const { coloring, density, threshold } = view;
      this.world.dispatch({ type: "view", coloring, density, threshold, hidden });
    }
    if (state.coordinates?.id === view.layout && this.undone.delete("scatter")) this.world.scatter(view.scatter);
    if (view.viewer && state.viewerReady && this.undone.delete("viewer")) this.world.viewer(view.viewer);
    if (!this.undone.size) this.wanted = null;
  };

  private giveUp(text: string): void {
    this.wanted = null;
    this.world.dispatch({ type: "problem", text });
  }
}
