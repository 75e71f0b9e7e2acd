// Making a view of what is on screen, as a link or under a name, and showing what a view says, part by part as soon as each
// can be shown.

import { choicesOf } from "./coloring";
import type { ClientMessage } from "./protocol_messages";
import type { KeptView } from "./protocol_views";
import { newRequest } from "./request";
import type { Camera } from "./scatter/camera";
import { classesOf, type State } from "./state";
import type { Event } from "./store";
import { hashOf, pointAt, textOf, viewFrom, viewIn, viewOf, type View, type ViewerPose } from "./view";

export interface ViewWorld {
  state(): State;
  dispatch(event: Event): void;
  /** False when there is no connection. */
  send(message: ClientMessage): boolean;
  switchTask(name: string): void;
  /** The scatter's camera: read, or set. */
  scatter(camera?: Camera): Camera;
  /** The viewer's: read, or set; null where it cannot be read. */
  viewer(pose?: ViewerPose): ViewerPose | null;
  /** The address after the "#": read, or set. */
  hash(value?: string): string;
  copy(): Promise<void>;
}

type Part = "task" | "page" | "scatter" | "layout" | "viewer" | "selection" | "cells" | "target";

export class ViewFlow {
  private wanted: View | null = null;
  private undone = new Set<Part>();
  /** What becomes of the view when the server has kept its selection. */
  private capturing: { readonly request: string; readonly then: (view: View) => void } | null = null;

  constructor(private readonly world: ViewWorld) {}

  /** Follow the link that the page was opened with, or that was put into its address. */
  open(): void {
    this.begin(() => viewIn(this.world.hash()));
  }

  /** Show a view that was kept. */
  show(kept: KeptView): void {
    this.begin(() => viewFrom(kept.view));
  }

  /** Put the view into the address, and the address into the clipboard. */
  link(): void {
    this.capture((view) => {
      this.world.hash(hashOf(view));
      void this.world.copy().then(
        () => this.say("the link is in the clipboard; it opens where you are signed in"),
        () => this.say("the link is in the address line; it opens where you are signed in"),
      );
    });
  }

  /** Have the view kept under a name. */
  save(name: string): void {
    const trimmed = name.trim();
    if (!trimmed) return;
    this.capture((view) => void this.world.send({ type: "save-view", request: newRequest(), name: trimmed, view: textOf(view) }));
  }

  drop(name: string): void {
    this.world.send({ type: "drop-view", request: newRequest(), name });
  }

  toggle(): void {
    this.world.dispatch({ type: "views-turned", open: !this.world.state().viewsOpen });
  }

  readonly follow = (state: State): void => {
    const { kept } = state;
    if (this.capturing && kept?.request === this.capturing.request) {
      const { then } = this.capturing;
      this.capturing = null;
      then(this.view(kept.selection));
    }
    if (this.wanted) this.restore(this.wanted, state);
  };

  private capture(then: (view: View) => void): void {
    const { selected } = this.world.state();
    if (selected?.waiting) return this.problem("The selection is still being found: try again in a moment.");
    if (!selected || selected.origin === "start") return then(this.view(null));
    const request = newRequest();
    this.capturing = { request, then };
    if (!this.world.send({ type: "keep-selection", request })) this.capturing = null;
  }

  private view(selection: string | null): View {
    const { world } = this;
    return viewOf(world.state(), { scatter: world.scatter(), viewer: world.viewer() }, selection);
  }

  private begin(read: () => View | null): void {
    try {
      this.wanted = read();
    } catch (error) {
      this.problem((error as Error).message);
    }
    if (!this.wanted) return;
    const { viewer, selection, target } = this.wanted;
    this.undone = new Set<Part>(["task", "page", "scatter", "layout", selection === null ? "cells" : "selection"]);
    if (viewer) this.undone.add("viewer");
    if (target !== null) this.undone.add("target");
    this.follow(this.world.state());
  }

  private restore(view: View, state: State): void {
    const { world, undone } = this;
    if (!state.hello) return;
    if (undone.delete("task") && view.task !== state.task) {
      if (state.hello.tasks.some((task) => task.name === view.task)) world.switchTask(view.task);
      else return this.giveUp(`The view's task ${view.task} is not in this project.`);
    }
    const shows = state.task === view.task && state.points !== null && state.coordinates !== null;
    if (shows && undone.delete("page")) this.page(view, state);
    if (state.coordinates?.id === view.layout && undone.delete("scatter")) {
      undone.delete("layout");
      world.scatter(view.scatter);
    }
    if (shows && !state.fitting && state.layouts && state.coordinates?.id === state.layout?.id && undone.delete("layout")) this.outdated(view, state);
    if (view.viewer && state.viewerReady && undone.delete("viewer")) world.viewer(view.viewer);
    if (shows && state.rows && state.viewerReady) this.selection(view);
    if (!undone.size) this.wanted = null;
  }

  private page(view: View, state: State): void {
    const ids = classesOf(state).map(({ id }) => id);
    const hidden = new Set(view.hidden.map((id) => ids.indexOf(id)).filter((index) => index >= 0));
    const { coloring, density, ramp, threshold } = view;
    const choices = new Set(choicesOf(state).map(({ name }) => name));
    const known = choices.has(coloring);
    const beside = view.beside !== null && choices.has(view.beside) ? view.beside : null;
    this.world.dispatch({ type: "view", coloring: known ? coloring : state.coloring, beside, density, ramp, threshold, hidden });
    if (known) return;
    const again = coloring === "cluster" ? "find clusters again" : "choose others";
    this.problem(`The view's colours, by ${coloring.replace(/^extra:/, "")}, are not there any more: ${again}.`);
  }

  /** The camera of another layout would show something else: it is left as it is, and comes when that layout does. */
  private outdated({ stamp }: View, { layouts }: State): void {
    const other = stamp === "" ? "the principal components" : "another UMAP";
    const isKept = stamp === "" || layouts?.kept.some((each) => each.stamp === stamp);
    if (!isKept) this.undone.delete("scatter");
    this.problem(
      isKept
        ? `This view is of another layout, ${other}: choose that one below the scatter, and it will be framed as it was.`
        : `This view is of a layout that is not kept any more: all of it but the scatter's frame is shown.`,
    );
  }

  private selection(view: View): void {
    const { world, undone } = this;
    if (undone.delete("target") && view.target !== null) {
      const { rows } = world.state();
      const row = rows ? pointAt(view.target, rows) : -1;
      if (row >= 0) world.dispatch({ type: "target", target: { kind: "row", row } });
    }
    if (view.selection !== null && undone.delete("selection")) {
      const request = newRequest();
      if (world.send({ type: "bring-selection", request, selection: view.selection })) world.dispatch({ type: "selection-asked", request });
    }
    if (!undone.has("cells")) return;
    const { selected, selecting } = world.state();
    if (!selected || selected.origin === "start") {
      undone.delete("cells");
      world.dispatch({ type: "cells-shown", cells: view.cells });
    } else if (!selecting.length) {
      const request = newRequest();
      if (world.send({ type: "clear", request })) world.dispatch({ type: "selection-asked", request });
      else undone.delete("cells");
    }
  }

  private giveUp(text: string): void {
    this.wanted = null;
    this.problem(text);
  }

  private problem(text: string): void {
    this.world.dispatch({ type: "problem", text });
  }

  private say(text: string): void {
    this.world.dispatch({ type: "received", message: { type: "status", text } });
  }
}
