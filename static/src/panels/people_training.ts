// The people's third page: which labels the head is fitted on, by whom, how given, and how reviewed.

import { element } from "../element";
import type { PeopleFlow, TrainList } from "../people_flow";
import type { TrainOption, Training } from "../protocol_annotators";
import { clock, count, counted } from "./format";

/** How labels come about, in the user's words. */
export const HOW: Readonly<Record<string, string>> = {
  key: "by key or click",
  queue: "in the queue",
  audit: "as audit",
  lasso: "by lasso",
  neighbour: "accepted as alike",
  import: "imported",
  demo: "example",
  adjudication: "decided",
};
const REVIEWED: Readonly<Record<string, string>> = {
  unreviewed: "not reviewed",
  agreed: "agreed with",
  disputed: "disagreed with",
};

export function trainingView(training: Training, waiting: boolean, flow: PeopleFlow): HTMLElement[] {
  const usual = element("button", { type: "button", class: "plain", onclick: () => flow.trainAsUsual() }, "As the project file says");
  usual.dataset["key"] = "as usual";
  usual.disabled = training.is_usual || waiting;
  const by = `Chosen by ${training.chosen_by || "nobody named"} at ${clock(training.chosen_at)}, for everybody; it holds after a restart too.`;
  const state = training.is_usual ? "This is what the project file says." : training.chosen_by || training.chosen_at ? by : "";
  return [
    element("p", { class: "trains" }, element("strong", {}, count(training.trained)), ` of ${counted(training.labelled, "labelled place")} train the head.`),
    element("p", { class: training.is_usual ? false : "note" }, waiting ? "Fitting the head anew." : state),
    ...group("Labels by", "annotators", training, (name) => name || "nobody named", flow),
    ...group("Labels given", "provenances", training, (name) => HOW[name] ?? name, flow),
    ...group("Labels that reviewers have", "reviews", training, (name) => REVIEWED[name] ?? name, flow),
    usual,
    element(
      "p",
      {},
      "What is left out stays in the log and is shown as before: it only does not train. Where those who are left in " +
        "disagree, nothing trains.",
    ),
  ];
}

function group(
  title: string,
  list: TrainList,
  training: Training,
  nameOf: (name: string) => string,
  flow: PeopleFlow,
): HTMLElement[] {
  const shown = training[list].filter((option) => option.labels > 0 || !option.trains || list === "reviews");
  const boxes = shown.map((option) => box(option, nameOf(option.name), `${list} ${option.name}`, () => flow.train(training, list, option.name)));
  const none = element("p", {}, "There are no labels yet.");
  return [element("h3", {}, title), boxes.length ? element("div", { class: "choices", role: "group", "aria-label": title }, ...boxes) : none];
}

function box(option: TrainOption, name: string, key: string, act: () => void): HTMLElement {
  const made = element(
    "button",
    { type: "button", class: "choice trains", role: "checkbox", "aria-checked": String(option.trains), onclick: act },
    element("span", { class: "tick", "aria-hidden": "true" }, option.trains ? "✓" : ""),
    name,
    element("small", {}, count(option.labels)),
  );
  made.title = option.trains ? "These train: a click leaves them out" : "These are left out: a click lets them train";
  made.dataset["key"] = key;
  return made;
}
