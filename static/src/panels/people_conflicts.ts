// The people's second page: places on which the annotators disagree, one on screen with its answers, and those settled.

import { element } from "../element";
import { keyName } from "../keys";
import type { PeopleFlow } from "../people_flow";
import { beside, conflictShown, decisionOn, keyOf, listed, type PeopleSheet } from "../people_store";
import type { Conflict, Conflicts, Statement } from "../protocol_annotators";
import type { ClassSpec } from "../protocol";
import { pictureOf } from "../queue_flow";
import { classesOf, keysOf, type State } from "../state";
import { classMark } from "./evaluation_label";
import { clock, count, counted } from "./format";
import { HOW } from "./people_training";

export function conflictsView(state: State, people: PeopleSheet, conflicts: Conflicts, flow: PeopleFlow): HTMLElement[] {
  const shown = conflictShown(people);
  const hidden = conflicts.hidden
    ? `You are kept from ${counted(conflicts.hidden, "more conflict")}: asked blind, and not answered by you yet.`
    : "";
  const none = "The annotators agree wherever more than one of them has labelled, or one of them has decided.";
  return [
    ...(shown ? oneConflict(state, people, shown, flow) : [element("p", {}, none)]),
    ...(hidden ? [element("p", { class: "note" }, hidden)] : []),
    ...list(state, "Open", conflicts.conflicts, conflicts.total, shown, flow),
    ...list(state, "Settled", conflicts.settled, conflicts.settled_total, shown, flow),
  ];
}

function oneConflict(state: State, people: PeopleSheet, conflict: Conflict, flow: PeopleFlow): HTMLElement[] {
  const classes = classesOf(state, people.task);
  const decision = decisionOn(conflict);
  const waiting = keyOf(conflict) in people.deciding;
  const said = conflict.statements.filter((statement) => statement.provenance !== "adjudication" || statement === decision);
  const title = decision ? `${decision.annotator} decided; another decision would hold instead.` : "What is it? Your answer decides, for everybody.";
  const picture = conflict.row === null ? null : element("img", { class: "strip", src: pictureOf(state, conflict.row), alt: "Central xy, xz and yz planes of the masked cutout" });
  return [
    pager(people, conflict, flow),
    ...(picture ? [picture] : []),
    element("ul", { class: "said" }, ...said.map((statement) => line(statement, classes))),
    element("p", { class: "why" }, waiting ? "Storing the decision." : title),
    verdicts(state, decision, classes, flow),
    element("p", {}, "What each of them said stays in the log. Keys decide here, in the viewer too; undo takes a decision back."),
  ];
}

function pager(people: PeopleSheet, conflict: Conflict, flow: PeopleFlow): HTMLElement {
  const step = (text: string, name: string, by: -1 | 1): HTMLElement => {
    const made = element("button", { type: "button", "aria-label": name, title: name, onclick: () => flow.turn(by) }, text);
    made.dataset["key"] = name;
    made.disabled = beside(people, by) === null;
    return made;
  };
  const all = listed(people);
  const at = all.findIndex((other) => keyOf(other) === keyOf(conflict));
  const open = people.conflicts?.conflicts.length ?? 0;
  const where = at < open ? `conflict ${count(at + 1)} of ${count(open)}` : `settled ${count(at - open + 1)} of ${count(all.length - open)}`;
  const fly = element("button", { type: "button", onclick: () => flow.choose(conflict) }, "Fly back to it");
  fly.dataset["key"] = "fly back";
  return element(
    "div",
    { class: "pager" },
    step("←", "The one before", -1),
    element("span", {}, where),
    step("→", "The next one", 1),
    element("small", {}, `cell ${conflict.segment_id}`),
    fly,
  );
}

function line(statement: Statement, classes: readonly ClassSpec[]): HTMLElement {
  const decided = statement.provenance === "adjudication";
  const how = decided ? "" : (HOW[statement.provenance] ?? statement.provenance);
  return element(
    "li",
    { class: decided ? "decision" : false },
    element("strong", {}, statement.annotator || "nobody named"),
    decided ? "decided " : "said ",
    answer(statement, classes),
    element("small", {}, [how, clock(statement.at)].filter(Boolean).join(" · ")),
  );
}

function answer(statement: Statement, classes: readonly ClassSpec[]): HTMLElement {
  const spec = statement.class === null ? undefined : classes[statement.class];
  return spec ? classMark(spec) : element("span", { class: "class-mark" }, statement.class_name);
}

function verdicts(state: State, decision: Statement | null, classes: readonly ClassSpec[], flow: PeopleFlow): HTMLElement {
  const keys = keysOf(state);
  const button = (key: string, name: string, pressed: boolean, act: () => void): HTMLElement => {
    const made = element("button", { type: "button", class: "choice", "aria-pressed": String(pressed), onclick: act }, element("kbd", {}, keyName(key)), name);
    made.dataset["key"] = `decide ${name}`;
    return made;
  };
  const given = classes.map((spec, index) => {
    const made = button(spec.key, spec.name, decision?.class === index, () => flow.decide({ kind: "label", class: index }));
    made.style.setProperty("--class", spec.color);
    return made;
  });
  const marks = (["unsure", "bad_segmentation"] as const).map((kind) =>
    button(keys?.[kind] ?? "", kind.replace("_", " "), decision?.kind === kind, () => flow.decide({ kind })),
  );
  return element("div", { class: "choices", role: "group", "aria-label": "Decide" }, ...given, ...marks);
}

function list(
  state: State,
  title: string,
  conflicts: readonly Conflict[],
  total: number,
  shown: Conflict | null,
  flow: PeopleFlow,
): HTMLElement[] {
  if (!conflicts.length) return [];
  const classes = classesOf(state);
  const capped = conflicts.length < total ? `, ${count(conflicts.length)} of them shown` : "";
  const rows = conflicts.map((conflict) => {
    const decision = decisionOn(conflict);
    const said = conflict.statements.filter((statement) => statement.provenance !== "adjudication");
    const parts = said.flatMap((statement) => [answer(statement, classes), element("small", {}, statement.annotator)]);
    const pressed = String(shown !== null && keyOf(shown) === keyOf(conflict));
    const button = element(
      "button",
      { type: "button", "aria-pressed": pressed, onclick: () => flow.choose(conflict) },
      ...(decision ? [element("span", { class: "decided" }, answer(decision, classes), element("small", {}, `by ${decision.annotator}`))] : []),
      element("span", { class: "opinions" }, ...parts),
      element("small", { class: "id" }, conflict.segment_id),
    );
    button.dataset["key"] = `conflict ${keyOf(conflict)}`;
    return element("li", {}, button);
  });
  return [element("h3", {}, `${title} (${count(total)}${capped})`), element("ul", { class: "conflicts" }, ...rows)];
}
