// What the keys do: one table of commands for keys pressed on the page and, where they are the page's, in the viewer.

import { commandOf, type Command, type KeyPress } from "./keys";
import { namesTarget } from "./evaluation_store";
import type { Actions } from "./panels/panel";
import { classesOf, keysOf, type State } from "./state";

export interface CommandWorld {
  readonly actions: Actions;
  state(): State;
  /** Give up what the pointer draws in the scatter; false if nothing was drawn. */
  cancelDrawing(): boolean;
}

/** Do what a key on the page says; false if it says nothing. */
export function keyOnPage(world: CommandWorld, press: KeyPress): boolean {
  const state = world.state();
  const command = commandOf(press, classesOf(state), keysOf(state));
  return command !== null && perform(world, command);
}

/**
 * Do what a key in the viewer says, if the page takes it: all of them while the queue runs or the evaluation names a place,
 * and what has nothing to do with the mouse. The others are Neuroglancer's: they label what the mouse is on.
 */
export function keyInViewer(world: CommandWorld, press: KeyPress): boolean {
  const state = world.state();
  const command = commandOf(press, classesOf(state), keysOf(state));
  if (!command) return false;
  const always = ["queue", "neighbours", "label-selection", "evaluation", "help"].includes(command.kind);
  const named = state.evaluation?.open ? namesTarget(state.evaluation, state.target) : state.queue !== null;
  return (always || named) && perform(world, command);
}

function perform({ actions, state, cancelDrawing }: CommandWorld, command: Command): boolean {
  const { queue, target, evaluation } = state();
  switch (command.kind) {
    case "undo":
    case "redo":
    case "help":
      actions[command.kind]();
      return true;
    case "escape":
      if (!cancelDrawing()) (evaluation?.open ? actions.leaveEvaluation : queue ? actions.toggleQueue : actions.clear)();
      return true;
    case "evaluation":
      actions.evaluation();
      return true;
    case "queue":
      actions.toggleQueue();
      return true;
    case "back":
    case "forward":
    case "skip":
      if (!queue || evaluation?.open) return false;
      actions[command.kind]();
      return true;
    case "label-selection":
      actions.propose(null);
      return true;
    case "accept":
      return false; // in the dialog of a proposal only
    case "neighbours":
      return aimedAt(actions, state(), () => target && actions.propose(target));
    case "label":
      return aimedAt(actions, state(), () => target && actions.label(target, command.class));
    case "mark":
      return aimedAt(actions, state(), () => target && actions.mark(target, command.mark));
    case "take-back":
      return aimedAt(actions, state(), () => target && actions.label(target, null));
  }
}

/** Act on the target, if there is one and the user can see which. */
function aimedAt(actions: Actions, { target, evaluation }: State, act: () => void): true {
  const hidden = evaluation?.open && !namesTarget(evaluation, target);
  if (target && !hidden) act();
  else {
    const text = hidden
      ? "The evaluation names no place to label now: choose one in it, or close it."
      : "Nothing is chosen to label: Alt + click a cell in the viewer, or click a point.";
    actions.dispatch({ type: "problem", text });
  }
  return true;
}
