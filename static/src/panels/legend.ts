// The classes of the task: colour, key, counts, visibility; and the threshold below which uncertain places fade.

import { byId, element, setText } from "../element";
import type { ClassSpec, TaskSpec } from "../protocol";
import { TYPED_IN } from "../focus";
import { taskOf, type State } from "../state";
import { classEditor } from "./class_editor";
import { count, percent } from "./format";
import { whenChanged, type Actions } from "./panel";

interface Line {
  readonly toggle: HTMLButtonElement;
  readonly predicted: HTMLElement;
  readonly labelled: HTMLElement;
}

export function legendPanel(actions: Actions): (state: State) => void {
  const host = byId("legend");
  const title = element("h2", {}, "Classes");
  const edit = element("button", { type: "button", class: "edit", "aria-pressed": "false", onclick: () => turn(!editing) }, "Edit");
  const editor = classEditor(actions, () => edit.focus());
  edit.title = "Add, rename, recolour, merge or retire classes";
  const list = element("ul", { class: "classes" });
  const shown = element("output", { for: "threshold" });
  const slider = element("input", { id: "threshold", type: "range", min: 0, max: 100, step: 1, value: 0 });
  slider.addEventListener("input", () => actions.dispatch({ type: "threshold", value: Number(slider.value) / 100 }));
  const head = element(
    "div",
    { class: "heads", "aria-hidden": "true" },
    element("span", { title: "What the model believes" }, "predicted"),
    element("span", { title: "Labels given" }, "labelled"),
  );
  const threshold = element("label", { class: "threshold", for: "threshold" }, "Fade below", slider, shown);
  threshold.title = "Places whose confidence is lower turn grey, in the scatter and in the viewer";
  host.append(element("header", {}, title, edit, head), list, editor.element, threshold);
  let lines: Line[] = [];
  let editing = false;

  function turn(on: boolean): void {
    editing = on;
    edit.setAttribute("aria-pressed", String(on));
    setText(edit, on ? "Done" : "Edit");
    list.hidden = head.hidden = threshold.hidden = on;
    editor.element.hidden = !on;
    host.classList.toggle("editing", on);
  }
  turn(false);
  host.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !editing || event.defaultPrevented) return;
    event.preventDefault(); // what is written comes first, then what is asked, then the mode
    const { target } = event;
    if (target instanceof HTMLInputElement && target.matches(TYPED_IN)) target.value = target.defaultValue;
    else if (!editor.giveUp()) turn(false);
    edit.focus(); // what had the keys took letters that are commands here
  });

  const build = whenChanged((task: TaskSpec | null) => {
    title.title = task
      ? task.unit === "node"
        ? "Of places: one class for each point"
        : "Of cells: one class for each"
      : "";
    lines = task?.classes.map((spec, index) => line(spec, index, actions)) ?? [];
    list.replaceChildren(...lines.map((made) => made.toggle.parentElement as HTMLElement));
  });

  return (state) => {
    build(taskOf(state));
    editor.update(state);
    const points = state.points?.task === state.task ? state.points : null;
    lines.forEach((made, index) => {
      setText(made.predicted, points ? count(points.predicted[index] ?? 0) : "–");
      setText(made.labelled, points ? count(points.labelled[index] ?? 0) : "–");
      made.toggle.setAttribute("aria-pressed", String(!state.hidden.has(index)));
    });
    setText(shown, percent(state.threshold));
    slider.value = String(Math.round(100 * state.threshold));
    shown.classList.toggle("off", state.threshold === 0);
  };
}

function line(spec: ClassSpec, index: number, actions: Actions): Line {
  const predicted = element("span", { class: "number predicted" });
  const labelled = element("span", { class: "number labelled" });
  const swatch = element("span", { class: "swatch" });
  swatch.style.setProperty("--class", spec.color);
  const toggle = element(
    "button",
    { type: "button", class: "class", onclick: () => actions.dispatch({ type: "class-toggled", class: index }) },
    swatch,
    element("kbd", {}, spec.key),
    element("span", { class: "name" }, spec.name),
    predicted,
    labelled,
  );
  toggle.title = `Click: show or hide ${spec.name}. Double click: show it alone.`;
  toggle.dataset["class"] = spec.name;
  toggle.addEventListener("dblclick", () => actions.dispatch({ type: "class-alone", class: index }));
  element("li", {}, toggle);
  return { toggle, predicted, labelled };
}
