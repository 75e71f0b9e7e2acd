// The evaluation's third page: one likely label error after the other, with the evidence for and against it.

import { element } from "../element";
import { answerTo, targetOf } from "../evaluation_store";
import type { LabelInfo } from "../protocol_evaluation";
import { classesOf } from "../state";
import type { Sheet } from "./evaluation";
import { answerBadge, besides, classButtons, classMark, pictureFor, whose } from "./evaluation_label";
import { count } from "./format";

const NONE = "No label looks wrong. A label is listed where a head that has not seen its cell contradicts it.";

export function suspectView(sheet: Sheet, at: number): HTMLElement[] {
  const { ready, state, flow, evaluation, actions } = sheet;
  const suspect = ready.suspects[at];
  if (!suspect) return [element("p", {}, ready.note ? "" : NONE)];
  const classes = classesOf(state, ready.task);
  const label = ready.labels[suspect.label];
  const answer = answerTo(evaluation, suspect.label);
  const address = targetOf(label);
  const confirm = element(
    "button",
    { type: "button", class: "accept", onclick: () => flow.confirm(label), disabled: answer !== null },
    "The label is right",
  );
  confirm.title = "Confirm it: it is not listed again";
  confirm.dataset["key"] = "confirm";
  const back = element("button", { type: "button", onclick: () => flow.fly(label) }, "Fly back to it");
  back.dataset["key"] = "fly back";
  return [
    pager(sheet, at),
    element(
      "p",
      { class: "verdict" },
      "Labelled ",
      classMark(classes[label.class]),
      ` ${whose(label)}`,
      answerBadge(answer, classes),
    ),
    element("p", { class: "why" }, `${suspect.reason[0].toUpperCase()}${suspect.reason.slice(1)}.`),
    pictureFor(state, label),
    ...(address ? [classButtons(label, answer, address, classes, actions)] : []),
    ...(address ? [besides(sheet, label, address)] : []).filter((hint) => hint !== null),
    element("div", { class: "buttons" }, confirm, back),
    element("h3", {}, "The nearest labels on other cells"),
    element(
      "ul",
      { class: "evidence" },
      ...suspect.evidence.map((near) => example(sheet, ready.labels[near.label], near.distance)),
    ),
  ];
}

function pager(sheet: Sheet, at: number): HTMLElement {
  const { ready, flow } = sheet;
  const shown = ready.suspects.length;
  const step = (text: string, name: string, to: number): HTMLElement => {
    const show = (): void => flow.show({ kind: "suspect", at: to });
    const made = element("button", { type: "button", "aria-label": name, title: name, onclick: show }, text);
    made.dataset["key"] = name;
    made.disabled = to < 0 || to >= shown;
    return made;
  };
  const capped = ready.suspects_total > shown ? `, the likeliest of ${count(ready.suspects_total)}` : "";
  return element(
    "div",
    { class: "pager" },
    step("←", "The one before", at - 1),
    element("span", {}, `${count(at + 1)} of ${count(shown)}${capped}`),
    step("→", "The next one", at + 1),
  );
}

function example(sheet: Sheet, label: LabelInfo, distance: number): HTMLElement {
  const { state, ready, flow } = sheet;
  const classes = classesOf(state, ready.task);
  const button = element(
    "button",
    { type: "button", title: `Look there; keys still label the place above. ${whose(label)}` },
    pictureFor(state, label),
    element("span", { class: "line" }, classMark(classes[label.class]), element("small", {}, `${distance.toFixed(2)} sd away`)),
    element("small", { class: "whose" }, whose(label)),
  );
  button.dataset["key"] = `example ${label.uuid}`;
  button.addEventListener("click", () => flow.look(label));
  return element("li", {}, button);
}
