// The legend in its editing mode: names, colours and keys to write over, classes to add, merge, retire and bring back.
// A field that is left sends its change; what the server refuses is written back as it was.

import { element, setText } from "../element";
import type { ClassChange, ClassSpec, TaskSpec } from "../protocol_classes";
import { taskOf, type State } from "../state";
import { counted } from "./format";
import { whenChanged, type Actions } from "./panel";

const LONGEST_NAME = 40;
const SUGGESTED = "class-colors";

type Line = { readonly kind: "retire"; readonly spec: ClassSpec } | { readonly kind: "merge"; readonly spec: ClassSpec; readonly into: ClassSpec };

export interface ClassEditor {
  readonly element: HTMLElement;
  update(state: State): void;
  /** What waits to be confirmed is given up; false if nothing does. */
  giveUp(): boolean;
}

/** `rest` takes the focus when what had it is there no more. */
export function classEditor(actions: Actions, rest: () => void): ClassEditor {
  const lines = element("ul", { class: "edited" });
  const adding = element("form", { class: "edited adding", "aria-label": "A new class" });
  const asked = element("div", { class: "asked", role: "alertdialog", "aria-label": "Confirm" });
  const alike = element("p", { class: "alike", role: "status" });
  const retired = element("details", { class: "retired" });
  const host = element("div", { class: "class-editor" }, lines, adding, asked, alike, retired);
  let now: State | null = null;
  let asking: Line | null = null;

  const change = (made: ClassChange): void => actions.changeClass(made);
  const labels = (spec: ClassSpec): number => (now ? labelsOf(now, spec) : 0);

  function ask(line: Line | null): void {
    asking = line;
    asked.hidden = line === null;
    if (!line) return asked.replaceChildren();
    const given = counted(labels(line.spec), "label");
    const text =
      line.kind === "merge"
        ? `Merge ${line.spec.name} (${given}) into ${line.into.name} (${counted(labels(line.into), "label")})? All will count as ${line.into.name}; undo takes it back.`
        : `Retire ${line.spec.name}? Its ${given} are kept, but will not train.`;
    const confirm = element("button", { type: "button", class: "accept" }, line.kind === "merge" ? "Merge" : "Retire");
    confirm.addEventListener("click", () => {
      const id = line.spec.id;
      change(line.kind === "merge" ? { type: "merge-class", class: id, into: line.into.id } : { type: "retire-class", class: id });
      ask(null);
      rest();
    });
    const cancel = element("button", { type: "button" }, "Cancel");
    cancel.addEventListener("click", () => {
      ask(null);
      rest();
    });
    asked.replaceChildren(element("p", {}, text), element("div", { class: "buttons" }, confirm, cancel));
    confirm.focus();
    asked.scrollIntoView({ block: "nearest" });
  }

  // written anew with other classes, and when an answer is there: what was refused is undone
  const build = whenChanged((task: TaskSpec | null, waiting: number) => {
    if (!task || waiting) return;
    const keep = writing(host, task);
    const palette = element("datalist", { id: SUGGESTED }, ...task.free_colors.map((value) => element("option", { value })));
    lines.replaceChildren(...task.classes.map((spec) => lineOf(spec, task, change, ask)), palette);
    adding.replaceChildren(...newClass(task, change, adding));
    ask(null);
    const pairs = task.alike.map(([one, other]) => `${task.classes[one].name} and ${task.classes[other].name}`);
    setText(alike, pairs.length ? `Hard to tell apart for colour-blind readers: ${pairs.join("; ")}.` : "");
    keep();
  });

  const listRetired = whenChanged((task: TaskSpec | null, counts: string) => {
    const given = counts.split(" ");
    retired.hidden = !task?.retired.length;
    retired.replaceChildren(
      element("summary", {}, `Retired (${task?.retired.length ?? 0})`),
      element("ul", {}, ...(task?.retired ?? []).map((spec, i) => outOfUse(spec, given[i], change))),
    );
  });

  return {
    element: host,
    update: (state) => {
      now = state;
      const task = taskOf(state);
      const focused = host.contains(document.activeElement);
      const waiting = Object.values(state.unsaved).filter((message) => message.type.endsWith("-class")).length;
      build(task, waiting);
      const given = state.labels[state.task]?.retired;
      listRetired(task, (task?.retired ?? []).map((spec) => given?.[spec.id] ?? "").join(" "));
      if (focused && !host.contains(document.activeElement)) rest();
    },
    giveUp: () => {
      if (asking === null) return false;
      ask(null);
      return true;
    },
  };
}

/** Remembers what is being written, to go on with it in the fields that follow. */
function writing(host: HTMLElement, task: TaskSpec): () => void {
  const { activeElement } = document;
  const focused = host.contains(activeElement) ? (activeElement as HTMLElement).dataset["field"] : undefined;
  const fields = [...host.querySelectorAll<HTMLInputElement>("input[type=text]")].filter((field) => field.value !== field.defaultValue);
  const open = fields.filter((field) => field === activeElement || field.dataset["field"] === "new name");
  const written = open.filter((field) => !task.classes.some((spec) => spec.name === field.value.trim()));
  const texts = written.map((field) => [field.dataset["field"] ?? "", field.value] as const);
  const find = (name: string): HTMLInputElement | null => host.querySelector(`[data-field="${CSS.escape(name)}"]`);
  return () => {
    for (const [name, text] of texts) {
      const field = find(name);
      if (field) field.value = text;
    }
    if (focused) find(focused)?.focus();
  };
}

/** How many labels that train a class has. */
function labelsOf(state: State, spec: ClassSpec): number {
  const labels = state.labels[state.task];
  const index = taskOf(state)?.classes.findIndex((one) => one.id === spec.id);
  return [...(labels?.classes ?? []), ...(labels?.place_classes ?? [])].filter((given) => given === index).length;
}

function lineOf(spec: ClassSpec, task: TaskSpec, change: (made: ClassChange) => void, ask: (line: Line) => void): HTMLElement {
  const color = colorField(spec.color, `Colour of ${spec.name}`, `${spec.id} color`);
  const key = keyField(spec.key, `Key of ${spec.name}`, `${spec.id} key`);
  const name = nameField(spec.name, `Name of ${spec.name}`, `${spec.id} name`);
  const told = (field: HTMLInputElement, was: string, made: (value: string) => ClassChange): void => {
    field.addEventListener("change", () => {
      const value = field.value.trim();
      if (value && value !== was) change(made(value));
      else field.value = was;
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") field.blur();
    });
  };
  told(color, spec.color, (value) => ({ type: "recolour-class", class: spec.id, color: value }));
  told(key, spec.key, (value) => ({ type: "rekey-class", class: spec.id, key: value.toLowerCase() }));
  told(name, spec.name, (value) => ({ type: "rename-class", class: spec.id, name: value }));
  const others = task.classes.filter((other) => other !== spec);
  const more = element(
    "select",
    { class: "more", "aria-label": `Merge or retire ${spec.name}`, title: "Merge or retire", "data-field": `${spec.id} more` },
    element("option", { value: "" }, "···"),
    element("optgroup", { label: "Merge into" }, ...others.map((other) => element("option", { value: other.id }, other.name))),
    element("option", { value: "retire" }, "Retire"),
  );
  more.addEventListener("change", () => {
    const into = others.find((other) => other.id === more.value);
    if (more.value === "retire") ask({ kind: "retire", spec });
    else if (into) ask({ kind: "merge", spec, into });
    more.value = "";
  });
  const line = element("li", {}, color, key, name, more);
  line.dataset["class"] = spec.name;
  return line;
}

function newClass(task: TaskSpec, change: (made: ClassChange) => void, form: HTMLFormElement): HTMLElement[] {
  const color = colorField(task.free_colors[0] ?? "#b8b8b8", "Colour of the new class", "new color");
  const key = keyField(task.free_key, "Key of the new class", "new key");
  const name = nameField("", "Name of the new class", "new name");
  name.placeholder = "new class";
  form.onsubmit = (event) => {
    event.preventDefault();
    const made = name.value.trim();
    if (made) change({ type: "add-class", name: made, color: color.value, key: key.value.trim().toLowerCase() });
    else name.focus();
  };
  return [color, key, name, element("button", { type: "submit" }, "Add")];
}

function outOfUse(spec: ClassSpec, labels: string, change: (made: ClassChange) => void): HTMLElement {
  const swatch = element("span", { class: "swatch" });
  swatch.style.setProperty("--class", spec.color);
  const back = element("button", { type: "button", onclick: () => change({ type: "bring-back-class", class: spec.id }) }, "Bring back");
  back.setAttribute("aria-label", `Bring back ${spec.name}`);
  const given = element("span", { class: "number" }, labels === "" ? "" : counted(Number(labels), "label"));
  return element("li", {}, swatch, element("span", { class: "name" }, spec.name), given, back);
}

function colorField(value: string, label: string, field: string): HTMLInputElement {
  return element("input", { type: "color", value, list: SUGGESTED, "aria-label": label, title: label, "data-field": field });
}

function keyField(value: string, label: string, field: string): HTMLInputElement {
  const made = element("input", { type: "text", class: "key", value, maxlength: 1, "aria-label": label, title: label, "data-field": field });
  made.addEventListener("focus", () => made.select());
  return made;
}

function nameField(value: string, label: string, field: string): HTMLInputElement {
  return element("input", { type: "text", class: "name", value, maxlength: LONGEST_NAME, "aria-label": label, "data-field": field });
}
