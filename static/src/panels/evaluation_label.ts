// How the evaluation panel shows a label: its class, its picture, who gave it, and the keys that would change it.

import { element } from "../element";
import { isAnothers, type Answer } from "../evaluation_store";
import type { ClassSpec } from "../protocol";
import type { LabelInfo } from "../protocol_evaluation";
import { pictureOf } from "../queue_flow";
import { classesOf, type State, type Target } from "../state";
import type { Sheet } from "./evaluation";
import type { Actions } from "./panel";

const ASKED: Readonly<Record<string, string>> = { queue: "in the queue", audit: "as audit", import: "imported", demo: "example" };

export function classMark(spec: ClassSpec | undefined): HTMLElement {
  const mark = element("span", { class: "class-mark" }, element("span", { class: "swatch" }), spec?.name ?? "no class");
  if (spec) mark.style.setProperty("--class", spec.color);
  return mark;
}

/** Who gave the label, how, and on which cell. */
export function whose(label: LabelInfo): string {
  const how = ASKED[label.provenance];
  return `by ${label.annotator || "nobody named"}${how ? `, ${how}` : ""} · cell ${label.segment_id}`;
}

export function pictureFor(state: State, label: LabelInfo): HTMLElement {
  if (label.row === null) return element("span", { class: "none" }, "No picture: no point of the scatter stands for this place.");
  const alt = "Central xy, xz and yz planes of the masked cutout";
  return element("img", { class: "strip", src: pictureOf(state, label.row), alt, loading: "lazy" });
}

/** That the label is somebody else's; and when another class is given, the question what is meant by it. */
export function besides(sheet: Sheet, label: LabelInfo, target: Target): HTMLElement | null {
  const { state, evaluation, flow, actions } = sheet;
  if (!isAnothers(state, label)) return null;
  const { asking } = evaluation;
  if (asking?.about !== label.uuid) {
    const hint = `${label.annotator} gave this label: if you give another class, you are asked how you mean it.`;
    return element("p", { class: "besides" }, hint);
  }
  const given = classesOf(state, evaluation.task)[asking.class]?.name ?? "?";
  const button = (key: string, text: string, title: string, act: () => void): HTMLElement => {
    const made = element("button", { type: "button", title, onclick: act }, text);
    made.dataset["key"] = key;
    return made;
  };
  const decide = button("decide", `Decide: it is ${given}`, "It holds for everybody, and trains", () => flow.decide());
  decide.classList.add("accept");
  const say = button("only say", `Only say ${given}`, "A disagreement until somebody decides", () => {
    flow.giveUp();
    actions.state(target, asking.class);
  });
  const text =
    `The label of ${label.annotator} stays in the log. Do you decide for everybody, or only state your own opinion? ` +
    "With that the two of you disagree, and the head learns from neither.";
  return element(
    "div",
    { class: "question", role: "alertdialog", "aria-label": "Another annotator's label" },
    element("p", {}, text),
    element("div", { class: "buttons" }, decide, say, button("cancel", "Cancel", "Say nothing (Esc)", () => flow.giveUp())),
  );
}

/** What was said of the label since, if anything. */
export function answerBadge(answer: Answer | null, classes: readonly ClassSpec[]): HTMLElement | null {
  if (!answer) return null;
  const { class: given } = answer;
  const spec = typeof given === "number" ? classes[given] : undefined;
  const text = given === "confirmed" ? "confirmed" : given === null ? "no class now" : `now ${spec?.name ?? "?"}`;
  const badge = element("span", { class: "badge" }, text);
  if (spec) badge.style.setProperty("--class", spec.color);
  return badge;
}

/** The classes with their keys; the one that the label has, or was given since, is pressed. */
export function classButtons(
  label: LabelInfo,
  answer: Answer | null,
  target: Target,
  classes: readonly ClassSpec[],
  actions: Actions,
): HTMLElement {
  const held = answer && answer.class !== "confirmed" ? answer.class : label.class;
  const buttons = classes.map((spec, index) => {
    const button = element(
      "button",
      { type: "button", class: "choice", "aria-pressed": String(held === index) },
      element("kbd", {}, spec.key),
      spec.name,
    );
    button.style.setProperty("--class", spec.color);
    button.dataset["key"] = `class ${index}`;
    button.addEventListener("click", () => actions.label(target, index));
    return button;
  });
  return element("div", { class: "choices", role: "group", "aria-label": "Label anew as" }, ...buttons);
}
