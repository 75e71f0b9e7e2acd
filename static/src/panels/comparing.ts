// Two selections side by side in a table over legend and card: what they are made of, and what differs more than by chance.

import type { ClustersFlow } from "../clusters_flow";
import type { CompareFlow } from "../compare_flow";
import type { Comparing } from "../compare_store";
import { axisTitle, depthAxisOf, shortNumber } from "../coloring";
import { byId, element, setText } from "../element";
import type { Axis, ClassSpec } from "../protocol";
import type { Comparison, Difference } from "../protocol_comparing";
import { classesOf, type State } from "../state";
import { classMark } from "./evaluation_label";
import { count, counted, percent } from "./format";
import { whenChanged } from "./panel";

const CHANCE = 0.05;
const GROUPS: readonly (readonly [Difference["kind"], string, string])[] = [
  ["labelled", "Labelled", "Share of the labelled points of a cell, averaged over cells"],
  ["column", "Position, and columns of the table", "Averaged over cells"],
  ["predicted", "Predicted", "Share of the points of a cell, averaged over cells. Not tested: both are drawn on a map of what the predictions follow from"],
];

export function comparingPanel(flow: CompareFlow, clusters: ClustersFlow): (state: State) => void {
  const host = byId("comparing");
  const said = element("p", { class: "found", role: "status" });
  const again = element("button", { type: "button", title: "Select the first selection again", onclick: () => flow.showFirst() }, "Select A");
  const anew = element("button", { type: "button", title: "Take the present selection as A", onclick: () => flow.begin() }, "Take this as A");
  const list = element("button", { type: "button", title: "Show the clusters again, to select one of them as B", onclick: () => clusters.toggle() }, "Clusters");
  const close = element("button", { type: "button", class: "quiet", "aria-label": "Close", title: "Close (Esc); A is kept", onclick: () => flow.close() }, "×");
  const body = element("div", { class: "compared" });
  host.append(element("header", {}, element("h2", { id: "comparing-title" }, "A and B"), list, again, anew, close), said, body);
  const build = whenChanged((ready: Comparison | null, classes: readonly ClassSpec[], depth: Axis) => {
    body.replaceChildren(...(ready ? [table(ready, classes, depth), element("p", {}, wordsOf(ready))] : []));
  });
  return (state) => {
    const { comparing, selected } = state;
    host.hidden = !comparing?.open;
    byId("side").classList.toggle("comparing", comparing?.open === true);
    if (!comparing?.open) return;
    setText(said, saidText(comparing, selected?.request === comparing.made));
    anew.disabled = !selected?.row_total || selected.waiting || selected.origin === "start" || selected.request === comparing.made;
    list.hidden = !state.clusters?.ready?.clusters.length;
    again.disabled = comparing.first === null;
    host.setAttribute("aria-busy", String(comparing.request !== null));
    build(comparing.ready, classesOf(state, comparing.task), depthAxisOf(state));
  };
}

function saidText({ first, ready, request }: Comparing, isFirst: boolean): string {
  if (!first) return "Keeping the selection";
  const a = `A is ${counted(first.rows, "point")} of ${counted(first.cells, "cell")}.`;
  if (request) return `${a} Comparing`;
  if (isFirst || !ready) return `${a} Now select other points, anywhere: they are B.`;
  const shared = ready.shared_rows ? ` ${counted(ready.shared_rows, "point")} in both count in neither.` : "";
  const cells = ready.shared_cells ? ` ${counted(ready.shared_cells, "cell")} have points in both.` : "";
  return `${a}${shared}${cells}`;
}

function table(ready: Comparison, classes: readonly ClassSpec[], depth: Axis): HTMLElement {
  const heads = [["", ""], ["A", "The first selection"], ["B", "The present selection"], ["p", "Two-sided, of as large a difference by chance, corrected for all that was tested"]];
  const lines = [
    plain("points", count(ready.rows[0]), count(ready.rows[1])),
    plain("cells", count(ready.cells[0]), count(ready.cells[1])),
    ...GROUPS.flatMap(([kind, title, what]) => group(linesOf(ready, kind, classes, depth), title, what)),
  ];
  return element(
    "table",
    { class: "scores" },
    element("thead", {}, element("tr", {}, ...heads.map(([text, title]) => element("th", { scope: "col", title }, text)))),
    element("tbody", {}, ...lines),
  );
}

function group(lines: readonly HTMLElement[], title: string, what: string): readonly HTMLElement[] {
  return lines.length ? [element("tr", { class: "group", title: what }, element("th", { colspan: 4, scope: "colgroup" }, title)), ...lines] : [];
}

function linesOf(ready: Comparison, kind: Difference["kind"], classes: readonly ClassSpec[], depth: Axis): HTMLElement[] {
  const told = ready.differences.filter((each) => each.kind === kind && (each.first || each.second));
  return told.map((each) => line(each, classes, depth));
}

function line(each: Difference, classes: readonly ClassSpec[], depth: Axis): HTMLElement {
  const spec = classes.find(({ id }) => id === each.name);
  const isShare = each.kind !== "column" || each.name === "confidence";
  const value = (number: number | null): string => (number === null ? "–" : isShare ? percent(number) : shortNumber(number));
  const name = spec ? classMark(spec) : element("span", {}, each.unit ? `${axisTitle(each.name, depth)}, ${each.unit}` : each.name);
  const differs = each.corrected !== null && each.corrected < CHANCE;
  const p = element("td", { class: differs ? "differs" : false, title: each.p === null ? "not tested" : `${probability(each.p)} before correction` }, each.corrected === null ? "–" : probability(each.corrected));
  return element("tr", {}, element("td", {}, name), cell(value(each.first), each.first, spec), cell(value(each.second), each.second, spec), p);
}

/** A share has a bar of its length below the number. */
function cell(text: string, share: number | null, spec: ClassSpec | undefined): HTMLElement {
  const made = element("td", { class: spec ? "share" : false }, text);
  if (spec && share !== null) {
    made.style.setProperty("--share", `${100 * share}%`);
    made.style.setProperty("--class", spec.color);
  }
  return made;
}

function plain(name: string, a: string, b: string): HTMLElement {
  return element("tr", {}, element("td", {}, name), element("td", {}, a), element("td", {}, b), element("td", {}));
}

export function probability(p: number): string {
  return p < 0.001 ? "< 0.001" : p.toFixed(p < 0.1 ? 3 : 2);
}

function wordsOf({ distance, spread, tests, exchanges }: Comparison): string {
  const apart = distance === null || spread === null ? "" : `Their means are ${distance.toFixed(3)} apart in the embedding (cosine); cells lie ${spread.toFixed(3)} from their own mean. `;
  const tested = tests ? `p: cells exchanged between A and B ${count(exchanges)} times, corrected for ${counted(tests, "test")} (Benjamini and Hochberg). ` : "There are too few cells to test anything. ";
  return `${apart}${tested}A cell counts once, however many points it has.`;
}
