// The evaluation's second page: each class, what it is taken for, and the labels behind each of these counts.

import { element } from "../element";
import { cellAt, f1Text, intervalText, rowTotals, shareText } from "../evaluation_figures";
import { answerTo, isAt, targetOf } from "../evaluation_store";
import type { ClassSpec } from "../protocol";
import type { ClassFigures, Estimate, Figures, JudgedLabel } from "../protocol_evaluation";
import { classesOf, type Target } from "../state";
import type { Sheet } from "./evaluation";
import { answerBadge, besides, classButtons, classMark, pictureFor, whose } from "./evaluation_label";
import { count, counted, percent } from "./format";

export function classesView(sheet: Sheet): HTMLElement[] {
  const { figures, task } = sheet.ready;
  if (!figures) return [];
  const classes = classesOf(sheet.state, task);
  return [
    scores(figures, classes),
    element("h3", {}, "What is taken for what"),
    element("p", {}, "Rows are the labels, columns what the head says. A click lists the places, the surest mistakes first."),
    element("div", { class: "matrix" }, confusion(sheet, figures, classes)),
  ];
}

function scores(figures: Figures, classes: readonly ClassSpec[]): HTMLElement {
  const head = ["Class", "Labels", "Cells", "F1", "Precision", "Recall"].map((name) => element("th", { scope: "col" }, name));
  const rows = figures.classes.map((scored, index) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, classMark(classes[index])),
      element("td", { title: untestedText(scored) }, count(scored.labels) + (scored.untested ? ` (+${scored.untested})` : "")),
      element("td", {}, count(scored.cells)),
      element("td", {}, ...estimated(scored.f1, f1Text)),
      element("td", {}, ...estimated(scored.precision, shareText)),
      element("td", {}, ...estimated(scored.recall, shareText)),
    ),
  );
  return element("table", { class: "scores" }, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows));
}

function untestedText(scored: ClassFigures): string {
  return scored.untested ? `${scored.untested} more could not be tested: the class has no labels on other cells` : "";
}

function estimated(estimate: Estimate | null, text: (value: number) => string): (HTMLElement | string)[] {
  if (!estimate) return ["–"];
  return [text(estimate.value), element("small", {}, intervalText(estimate, text))];
}

function confusion(sheet: Sheet, figures: Figures, classes: readonly ClassSpec[]): HTMLElement {
  const totals = rowTotals(figures.confusion, classes.length);
  const head = classes.map((spec) =>
    element("th", { scope: "col" }, element("span", { class: "upright" }, classMark(spec))),
  );
  const rows = classes.map((spec, given) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, classMark(spec)),
      ...classes.map((_, predicted) => square(sheet, figures, classes, given, predicted, totals[given])),
    ),
  );
  return element(
    "table",
    { class: "confusion" },
    element("thead", {}, element("tr", {}, element("td", { class: "corner" }, "label ↓ head says →"), ...head)),
    element("tbody", {}, ...rows),
  );
}

function square(
  sheet: Sheet,
  figures: Figures,
  classes: readonly ClassSpec[],
  given: number,
  predicted: number,
  total: number,
): HTMLElement {
  const cell = cellAt(figures.confusion, given, predicted);
  if (!cell) return element("td", {});
  const share = total ? cell.count / total : 0;
  const words = `${counted(cell.count, "label")} ${classes[given]?.name}, the head says ${classes[predicted]?.name}`;
  const button = element("button", { type: "button", "aria-label": words, title: words }, count(cell.count));
  button.style.setProperty("--share", share.toFixed(3));
  button.classList.toggle("right", given === predicted);
  button.classList.toggle("dark", share > 0.55);
  button.dataset["key"] = `cell ${given} ${predicted}`;
  button.addEventListener("click", () => sheet.flow.show({ kind: "cell", given, predicted }));
  return element("td", {}, button);
}

/** The labels in one cell of the confusion matrix. */
export function placesView(sheet: Sheet, given: number, predicted: number, target: Target | null): HTMLElement[] {
  const { ready, state, flow } = sheet;
  const classes = classesOf(state, ready.task);
  const cell = ready.figures && cellAt(ready.figures.confusion, given, predicted);
  const back = element("button", { type: "button", class: "plain", onclick: () => flow.back() }, "← Back to the classes");
  back.dataset["key"] = "back";
  const same = given === predicted;
  const title = element(
    "h3",
    {},
    classMark(classes[given]),
    same ? "and the head says so" : "for which the head says",
    same ? null : classMark(classes[predicted]),
  );
  if (!cell) return [back, title, element("p", {}, "There are no such labels any more.")];
  const capped = cell.places.length < cell.count;
  const said = capped ? `The surest ${count(cell.places.length)} of ${count(cell.count)}` : counted(cell.count, "label");
  const chosen = cell.places.find((place) => isAt(ready.labels[place.label], target)) ?? null;
  return [
    back,
    title,
    element("p", {}, `${said}. A click flies there; a class key labels it anew.`),
    element("ul", { class: "judged" }, ...cell.places.map((place) => judged(sheet, place, place === chosen, classes))),
  ];
}

function judged(sheet: Sheet, place: JudgedLabel, chosen: boolean, classes: readonly ClassSpec[]): HTMLElement {
  const { ready, evaluation, state, flow, actions } = sheet;
  const label = ready.labels[place.label];
  const answer = answerTo(evaluation, place.label);
  const button = element(
    "button",
    { type: "button", "aria-pressed": String(chosen), onclick: () => flow.fly(label) },
    element("span", { class: "sure" }, percent(place.confidence)),
    element("span", { class: "whose" }, whose(label)),
    answerBadge(answer, classes),
  );
  button.dataset["key"] = `judged ${label.uuid}`;
  const target = targetOf(label);
  if (!chosen || !target) return element("li", {}, button);
  const anew = classButtons(label, answer, target, classes, actions);
  return element("li", { class: "chosen" }, button, pictureFor(state, label), anew, besides(sheet, label, target));
}
