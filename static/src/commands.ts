// What the keys do: one table of commands for keys pressed on the page and, where they are the page's, in the viewer.

import { commandOf, type Command, type KeyPress } from "./keys";
import { coversTarget } from "./clusters_store";
import { isChosen } from "./listing_store";
import { isChosenAlike } from "./similar_store";
import { namesTarget } from "./evaluation_store";
import type { Actions } from "./panels/panel";
import { conflictShown } from "./people_store";
import { classesOf, keysOf, type State } from "./state";

export interface CommandWorld {
  readonly actions: Actions;
  state(): State;
  /** Give up what the pointer draws in the scatter; false if nothing was drawn. */
  cancelDrawing(): boolean;
}

/** Do what a key on the page says; false if it says nothing. `onButton`: something that Enter presses has the focus. */
export function keyOnPage(world: CommandWorld, press: KeyPress, onButton = false): boolean {
  const state = world.state();
  const command = commandOf(press, classesOf(state), keysOf(state));
  if (command?.kind === "accept" && onButton) return false; // it presses the button
  return command !== null && perform(world, command);
}

/**
 * Do what a key in the viewer says, if the page takes it: all of them while the queue runs or the evaluation or the list
 * names a place, and what has nothing to do with the mouse. The others are Neuroglancer's: they label what the mouse is on.
 */
export function keyInViewer(world: CommandWorld, press: KeyPress): boolean {
  const state = world.state();
  const command = commandOf(press, classesOf(state), keysOf(state));
  if (!command) return false;
  if (conflictShown(state.people)) return perform(world, command);
  const always = ["queue", "neighbours", "label-selection", "evaluation", "people", "places", "comment", "similar", "follow", "pin", "tool", "find", "views", "help"].includes(command.kind);
  const listed = state.listing?.open === true && (command.kind === "step" || command.kind === "review" || isChosen(state));
  const alike = isChosenAlike(state) || (state.similar?.open === true && command.kind === "step");
  const named = state.evaluation?.open ? namesTarget(state.evaluation, state.target) : listed || alike || state.queue !== null;
  return (always || named) && perform(world, command);
}

function perform({ actions, state, cancelDrawing }: CommandWorld, command: Command): boolean {
  const { queue, target, evaluation, people, listing, similar } = state();
  if (people?.open && command.kind !== "people") return withPeople(actions, state(), command);
  switch (command.kind) {
    case "undo":
    case "redo":
    case "help":
      actions[command.kind]();
      return true;
    case "escape":
      if (!cancelDrawing()) leave(actions, state());
      return true;
    case "evaluation":
    case "people":
      actions[command.kind]();
      return true;
    case "places":
      actions.places();
      return true;
    case "comment":
    case "similar":
    case "clusters":
    case "follow":
    case "pin":
    case "find":
    case "views":
      actions[command.kind]();
      return true;
    case "tool":
      actions.nextTool();
      return true;
    case "review":
      actions.review(command.verdict);
      return true;
    case "step":
      if ((!listing?.open && !similar?.open) || evaluation?.open) return false;
      if (similar?.open) actions.stepAlike(command.by);
      else actions.step(command.by);
      return true;
    case "queue":
      actions.toggleQueue();
      return true;
    case "others":
      if (!queue) return false;
      actions.dispatch({ type: "others-toggled" });
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
      return actions.confirmShown(); // elsewhere a button has the focus where there is something to accept
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

/** The open panel covers what keys label elsewhere: there they decide the conflict on screen, and go to others. */
function withPeople(actions: Actions, state: State, command: Command): boolean {
  const shown = conflictShown(state.people);
  switch (command.kind) {
    case "escape":
      actions.people();
      return true;
    case "undo":
    case "redo":
    case "help":
    case "evaluation":
      actions[command.kind]();
      return true;
    case "queue":
      actions.people();
      actions.toggleQueue();
      return true;
    case "places":
      actions.people();
      actions.places();
      return true;
    case "back":
    case "forward":
      actions.turnConflict(command.kind === "back" ? -1 : 1);
      return true;
    case "label":
    case "mark":
      if (!shown) break;
      actions.decide(command.kind === "label" ? { kind: "label", class: command.class } : { kind: command.mark });
      return true;
    case "accept":
      return false;
    case "take-back":
      if (!shown) break;
      actions.dispatch({ type: "problem", text: "A decision is taken back by undo (Ctrl+Z)." });
      return true;
  }
  actions.dispatch({ type: "problem", text: "This panel names no place to label: choose a conflict, or close it (Esc)." });
  return true;
}

/** One step back out of what is open. */
function leave(actions: Actions, { evaluation, listing, similar, clusters, queue, layoutsOpen, viewsOpen, comparing }: State): void {
  if (layoutsOpen) actions.dispatch({ type: "layouts-turned", open: false });
  else if (viewsOpen) actions.views();
  else if (evaluation?.open) actions.leaveEvaluation();
  else if (similar?.open) actions.similar();
  else if (listing?.open) actions.places();
  else if (comparing?.open) actions.closeComparison();
  else if (clusters?.open) actions.clusters();
  else if (queue) actions.toggleQueue();
  else actions.clear();
}

/** Act on the target, if there is one and the user can see which. */
function aimedAt(actions: Actions, state: State, act: () => void): true {
  const { target, evaluation } = state;
  const hidden = evaluation?.open && !namesTarget(evaluation, target);
  const covered = coversTarget(state);
  if (target && !hidden && !covered) act();
  else {
    const text = hidden
      ? "The evaluation names no place to label now: choose one in it, or close it."
      : covered
        ? "The clusters cover what the keys label: choose a picture in them, or close them (Esc)."
        : "Nothing is chosen to label: Alt + click a cell in the viewer, or click a point.";
    actions.dispatch({ type: "problem", text });
  }
  return true;
}
