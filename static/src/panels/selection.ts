// The bar of the selection: how much is selected, what can be made of it, and the selections before and after it.

import { byId, element, setText } from "../element";
import { keyName } from "../keys";
import type { Growth } from "../protocol_selection";
import { keysOf, type Selected, type State } from "../state";
import { count, counted } from "./format";
import type { Actions } from "./panel";

const ZOOM = "zoom";
const MORE: readonly (readonly [Growth | typeof ZOOM, string])[] = [
  [ZOOM, "Show it as large as it can be"],
  ["invert", "Select all shown points that are not"],
  ["skeleton", "Select also the next points along the cells"],
  ["cells", "Select all points of these cells"],
  ["neighbours", "Select also the five points most like each"],
];

export function selectionPanel(actions: Actions): (state: State) => void {
  const host = byId("selection");
  const button = (text: string, title: string, onclick: () => void): HTMLButtonElement =>
    element("button", { type: "button", title, onclick }, text);

  const points = element("span", {});
  const cells = element("small", {});
  const text = element("span", { role: "status" }, points, cells);
  const step = (text: string, title: string, isBack: boolean): HTMLButtonElement =>
    element("button", { type: "button", title, "aria-label": title, onclick: () => actions.selectionStep(isBack) }, text);
  const back = step("↶", "The selection before", true);
  const forward = step("↷", "The selection after", false);
  const more = element("select", { "aria-label": "More to do with the selection", title: "Zoom to the selection, or make another one of it" });
  more.append(element("option", { value: "" }, "More"), ...MORE.map(([value, name]) => element("option", { value }, name)));
  more.addEventListener("change", () => {
    if (more.value === ZOOM) actions.zoomToSelection();
    else actions.grow(more.value as Growth);
    more.value = "";
  });
  const label = button("Label", "", () => actions.propose(null));
  const alike = button("Alike", "Show the points most like the mean of the selection", () => actions.similarToSelection());
  const compare = button("Compare", "", () => actions.compare());
  const clear = button("Clear", "Select nothing (Esc)", () => actions.clear());
  host.append(text, element("span", { class: "buttons" }, back, forward, more, alike, compare, label, clear));

  return (state) => {
    const { selected, selectionSteps } = state;
    const any = selected !== null && selected.origin !== "start";
    host.hidden = !any && !selectionSteps.back && !selectionSteps.forward;
    setText(points, any ? counted(selected.row_total, "point") : "nothing selected");
    setText(cells, any ? cappedText(selected) : "");
    text.title = any ? [selectedText(state), selected.note].filter(Boolean).join(": ") : "";
    back.disabled = !selectionSteps.back;
    forward.disabled = !selectionSteps.forward;
    for (const one of [more, alike, compare, label]) one.disabled = !selected?.row_total || selected.waiting;
    label.title = `Propose one class for what is selected (${keyName(keysOf(state)?.label_selection ?? "l")})`;
    compare.title = state.comparing?.first ? "Compare this selection with A" : "Keep this selection as A, to compare the next ones with it";
    clear.disabled = !any;
  };
}

/** That the viewer does not show all of the selection's cells. */
function cappedText({ segments, segment_total, waiting }: Selected): string {
  return waiting || segments.length === segment_total ? "" : `${count(segments.length)} of ${count(segment_total)} cells shown`;
}

/** All about the selection; the bar itself is short, so that one line of it covers little of the scatter. */
function selectedText(state: State): string {
  const { selected, hello } = state;
  if (!selected || !hello) return "";
  const rows = `${count(selected.row_total)} of ${counted(hello.rows, "point")}`;
  const shown = selected.segments.length;
  if (selected.waiting) return rows;
  const all = counted(selected.segment_total, "segment");
  return `${rows}, ${shown < selected.segment_total ? `${count(shown)} of ${all} shown` : all}`;
}
