// How the evaluation panel shows a label: its class, its picture, who gave it, and the keys that would change it.

import { element } from "../element";
import type { Answer } from "../evaluation_store";
import type { ClassSpec } from "../protocol";
import type { LabelInfo } from "../protocol_evaluation";
import { pictureOf } from "../queue_flow";
import type { State, Target } from "../state";
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

/** What a class given now would do beside the label of somebody else; nothing where it simply takes its place. */
export function besides(state: State, label: LabelInfo): HTMLElement | null {
  const own = label.annotator === state.hello?.annotator || ["import", "demo"].includes(label.provenance);
  if (own) return null;
  const text = `The label of ${label.annotator} stays: another class of yours is a disagreement, and the head learns from neither.`;
  return element("p", { class: "besides" }, text);
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
