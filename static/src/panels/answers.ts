// The answers that one may give of the target, each with its key, and the answer that was given.

import { element } from "../element";
import { keyName } from "../keys";
import type { ClassSpec } from "../protocol";
import type { Keys, Mark } from "../protocol_queue";
import { nameOf, type Guess, type Target } from "../state";
import { percent } from "./format";
import type { Actions } from "./panel";

const FEW = 6; // classes whose lines are not set close
const MARKED: Readonly<Record<Mark, string>> = { unsure: "unsure", bad_segmentation: "bad segmentation" };

export function answerGiven(
  target: Target,
  spec: ClassSpec | null | undefined,
  mark: Mark | null,
  actions: Actions,
): HTMLElement[] {
  if (spec === null && mark === null) return [];
  const badge = element("span", { class: "badge" }, spec ? `labelled ${spec.name}` : mark ? MARKED[mark] : "labelled");
  if (spec) badge.style.setProperty("--class", spec.color);
  const back = element("button", { type: "button", class: "quiet", "aria-label": "Take the answer back" }, "×");
  back.title = "Take the answer back";
  back.addEventListener("click", () => actions.label(target, null));
  return [badge, back];
}

/** Answers that are no class, and the others like this. */
export function otherAnswers(target: Target, mark: Mark | null, queue: boolean, keys: Keys, actions: Actions): HTMLElement {
  const button = (key: string, text: string, title: string, act: () => void, pressed: boolean | null): HTMLElement => {
    const made = element("button", { type: "button", title, onclick: act }, element("kbd", {}, keyName(key)), text);
    if (pressed !== null) made.setAttribute("aria-pressed", String(pressed));
    return made;
  };
  const buttons = [
    button(keys.unsure, "unsure", "Nobody could tell", () => actions.mark(target, "unsure"), mark === "unsure"),
    button(
      keys.bad_segmentation,
      "bad seg.",
      "The segmentation is wrong here",
      () => actions.mark(target, "bad_segmentation"),
      mark === "bad_segmentation",
    ),
  ];
  if (queue) {
    buttons.push(button(keys.skip, "skip", "Go on without an answer: the place comes again when nothing else is left", () => actions.skip(), null));
  } else {
    buttons.push(
      button(keys.neighbours, "alike", "Propose to label the places most like this", () => actions.propose(target), null),
    );
  }
  return element("div", { class: "others", role: "group", "aria-label": "Other answers" }, ...buttons);
}

/** One button for each class, with the model's probability behind it where it is known. */
export function answers(
  target: Target,
  classes: readonly ClassSpec[],
  probabilities: readonly number[] | null,
  guess: Guess | null,
  given: number | null,
  actions: Actions,
): HTMLElement {
  const rows = classes.map((spec, index) => {
    const probability = probabilities ? probabilities[index] : guess?.class === index ? guess.confidence : null;
    const bar = element("span", { class: "bar" });
    bar.style.setProperty("--class", spec.color);
    bar.style.setProperty("--share", String(probability ?? 0));
    const button = element(
      "button",
      { type: "button", class: "answer", "aria-pressed": String(given === index) },
      element("span", { class: "unseen" }, `Label ${nameOf(target)} as `),
      element("kbd", {}, spec.key),
      element("span", { class: "name" }, spec.name),
      bar,
      element("span", { class: "number" }, probability === null ? "" : percent(probability)),
    );
    button.dataset["class"] = spec.name;
    button.classList.toggle("best", guess?.class === index);
    button.addEventListener("click", () => actions.label(target, index));
    return element("li", {}, button);
  });
  const dense = classes.length > FEW ? "answers dense" : "answers";
  return element("ul", { class: dense, "aria-label": "Probabilities; a click labels" }, ...rows);
}
