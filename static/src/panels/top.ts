// The line at the top: project, task switch, undo, redo, help.

import { byId, element, setText } from "../element";
import type { Hello } from "../protocol";
import { keyName } from "../keys";
import { keysOf, type State } from "../state";
import { counted } from "./format";
import { whenChanged, type Actions } from "./panel";

export function topPanel(actions: Actions): (state: State) => void {
  const tasks = byId("tasks");
  const undo = element("button", { type: "button", onclick: () => actions.undo() }, "Undo");
  const redo = element("button", { type: "button", onclick: () => actions.redo() }, "Redo");
  const help = element(
    "button",
    { type: "button", class: "round", "aria-label": "Keys and mouse", onclick: () => actions.help() },
    "?",
  );
  help.title = "Keys and mouse (?)";
  const people = element("button", { type: "button", class: "people", onclick: () => actions.people() });
  byId("steps").append(people, undo, redo, help);
  let buttons: HTMLButtonElement[] = [];

  const build = whenChanged((hello: Hello | null) => {
    if (!hello) return;
    setText(byId("project"), hello.project);
    document.title = `${hello.project} - segclr-viewer`;
    setText(byId("as"), hello.annotator ? `as ${hello.annotator}` : "");
    byId("as").title = `Labels given here are ${hello.annotator || "nobody"}'s`;
    byId("generated").hidden = !hello.generated;
    buttons = hello.tasks.map((task) => {
      const button = element("button", { type: "button", onclick: () => actions.switchTask(task.name) }, task.name);
      button.dataset["task"] = task.name;
      button.title =
        task.unit === "node"
          ? "One class for every place of a cell"
          : `One class for every cell, from embeddings averaged over ${task.radius_um} µm`;
      return button;
    });
    tasks.replaceChildren(...buttons);
  });

  return (state) => {
    build(state.hello);
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset["task"] === state.wantedTask));
      button.classList.toggle("busy", state.wantedTask !== state.task && button.dataset["task"] === state.wantedTask);
    }
    const conflicts = state.labels[state.task]?.conflicts ?? 0;
    setText(people, conflicts ? `People · ${counted(conflicts, "conflict")}` : "People");
    people.classList.toggle("differ", conflicts > 0);
    people.setAttribute("aria-expanded", String(state.people?.open === true));
    people.title = `You are ${state.hello?.annotator || "nobody named"}: who labels, where you disagree, what trains (${keyName(keysOf(state)?.people ?? "w")})`;
    const { steps } = state;
    undo.disabled = !steps?.can_undo;
    redo.disabled = !steps?.can_redo;
    undo.title = steps?.can_undo ? `Undo ${steps.undo_text} (Ctrl+Z)` : "Nothing to undo";
    redo.title = steps?.can_redo ? `Redo ${steps.redo_text} (Ctrl+Shift+Z)` : "Nothing to redo";
  };
}
