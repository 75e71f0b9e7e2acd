// How good the head is: a sheet over scatter, legend and card, so that the viewer shows the places that it speaks of.

import { byId, element, setText } from "../element";
import { csvOf, fileName } from "../evaluation_figures";
import { download, jsonOf, type EvaluationFlow } from "../evaluation_flow";
import { isStale, suspectsLeft, type Evaluation, type View } from "../evaluation_store";
import type { EvaluationReady } from "../protocol_evaluation";
import { classesOf, type State, type Target } from "../state";
import { classesView, placesView } from "./evaluation_classes";
import { overview } from "./evaluation_overview";
import { suspectView } from "./evaluation_suspects";
import { counted } from "./format";
import { whenChanged, type Actions } from "./panel";

/** What the views need besides the answer that they show. */
export interface Sheet {
  readonly state: State;
  readonly evaluation: Evaluation;
  readonly ready: EvaluationReady;
  readonly flow: EvaluationFlow;
  readonly actions: Actions;
}

export function evaluationPanel(actions: Actions, flow: EvaluationFlow): (state: State) => void {
  const host = byId("evaluation");
  let now: State | null = null;
  const ready = (): EvaluationReady | null => now?.evaluation?.ready ?? null;
  const button = (text: string, title: string, act: () => void): HTMLButtonElement =>
    element("button", { type: "button", title, onclick: act }, text);
  const again = button("Recompute", "Judge the head on the labels of now", () => flow.ask());
  const json = button("JSON", "Save all of this as a JSON file", () => {
    const answer = ready();
    if (answer) download(jsonOf(answer), fileName(answer, "json"), "application/json");
  });
  const csv = button("CSV", "Save the figures as a table", () => {
    const answer = ready();
    if (answer && now) download(csvOf(answer, classesOf(now, answer.task)), fileName(answer, "csv"), "text/csv");
  });
  const close = element("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: () => flow.close() }, "×");
  close.title = "Close (Esc)";
  const title = element("h2", { id: "evaluation-title" }, "How good is the head?");
  const state = element("p", { class: "state", role: "status" });
  const tabs = element("div", { class: "segmented", role: "group", "aria-label": "Parts of the evaluation" });
  const body = element("div", { class: "sheet-body" });
  host.append(element("header", {}, title, again, csv, json, close), tabs, state, body);

  const build = whenChanged((evaluation: Evaluation | null, target: Target | null, _labels: unknown) => {
    if (!evaluation?.open || !now) return;
    const answer = evaluation.ready;
    const shown = `${evaluation.view.kind} ${answer?.request ?? ""}`;
    const top = body.dataset["shown"] === shown ? body.scrollTop : 0;
    const focused = keptFocus(host, evaluation.view);
    const parts = answer ? content({ state: now, evaluation, ready: answer, flow, actions }, target) : [];
    tabs.replaceChildren(...(answer ? tabButtons(evaluation, flow) : []));
    body.replaceChildren(...parts);
    body.dataset["shown"] = shown;
    body.scrollTop = top;
    const asked = body.querySelector<HTMLElement>(".question .accept");
    if (asked) asked.focus();
    else if (focused) host.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]:enabled`)?.focus();
  });

  return (next) => {
    const opened = next.evaluation?.open === true && now?.evaluation?.open !== true;
    now = next;
    const { evaluation } = next;
    host.hidden = !evaluation?.open;
    if (!evaluation?.open) return;
    const stale = isStale(next);
    setText(state, stateText(evaluation, stale));
    state.classList.toggle("working", evaluation.request !== null);
    state.classList.toggle("stale", evaluation.request === null && stale);
    again.disabled = evaluation.request !== null || (!stale && evaluation.ready !== null);
    json.disabled = csv.disabled = !evaluation.ready;
    build(evaluation, next.target, next.labels);
    if (opened) (body.querySelector<HTMLElement>('[data-key="confirm"]:enabled') ?? tabs.querySelector("button"))?.focus();
  };
}

/** What has the focus again when the panel is built anew: on a likely error what Enter confirms, unless Tab chose otherwise. */
function keptFocus(host: HTMLElement, view: View): string | undefined {
  const active = document.activeElement as HTMLElement | null;
  const free = active === document.body || (host.contains(active) && active?.matches(":focus-visible") === false);
  return view.kind === "suspect" && free ? "confirm" : active?.dataset["key"];
}

function stateText(evaluation: Evaluation, stale: boolean): string {
  const { ready, request } = evaluation;
  if (request !== null) return "judging the head on cells that it has not seen";
  if (!ready) return "There is no evaluation: recompute it.";
  const given = `${counted(ready.given, "label")} on ${counted(ready.given_cells, "cell")}`;
  return stale ? `Of ${given}, and answers were given since: recompute.` : `Of ${given}.`;
}

function tabButtons(evaluation: Evaluation, flow: EvaluationFlow): HTMLElement[] {
  const kind = evaluation.view.kind;
  const left = suspectsLeft(evaluation);
  const tab = (text: string, view: View, shown: boolean): HTMLElement => {
    const made = element("button", { type: "button", "aria-pressed": String(shown), onclick: () => flow.show(view) }, text);
    made.dataset["key"] = `tab ${view.kind}`;
    return made;
  };
  return [
    tab("Figures", { kind: "figures" }, kind === "figures"),
    tab("Classes and mistakes", { kind: "classes" }, kind === "classes" || kind === "cell"),
    tab(`Likely label errors (${left})`, { kind: "suspect", at: 0 }, kind === "suspect"),
  ];
}

function content(sheet: Sheet, target: Target | null): HTMLElement[] {
  const { view } = sheet.evaluation;
  const { note } = sheet.ready;
  const said = note ? [element("p", { class: "note" }, `${note[0].toUpperCase()}${note.slice(1)}.`)] : [];
  switch (view.kind) {
    case "figures":
      return [...said, ...overview(sheet.ready)];
    case "classes":
      return [...said, ...classesView(sheet)];
    case "cell":
      return placesView(sheet, view.given, view.predicted, target);
    case "suspect":
      return [...said, ...suspectView(sheet, view.at)];
  }
}
