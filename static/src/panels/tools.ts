// The scatter's visible tools, the count of what is selected, and what the layout is.

import { byId, element, setText } from "../element";
import type { Scatter } from "../scatter/scatter";
import { keyName } from "../keys";
import { keysOf, type State } from "../state";
import { count, counted } from "./format";
import type { Actions } from "./panel";

const METHODS: Readonly<Record<string, string>> = { pca: "PCA", umap: "UMAP" };

export function toolsPanel(scatter: Scatter | null, actions: Actions): (state: State) => void {
  const tool = (name: State["tool"], text: string, title: string): HTMLButtonElement =>
    element("button", { type: "button", title, onclick: () => actions.dispatch({ type: "tool", tool: name }) }, text);
  const lasso = tool("lasso", "Lasso", "Draw round points to select them; Shift adds, Alt takes away");
  const pan = tool("pan", "Pan", "Move the picture; also Space + drag, or the middle button");
  const fit = element(
    "button",
    { type: "button", title: "Show all points (Home)", onclick: () => scatter?.fit() },
    "Fit",
  );
  const clear = element(
    "button",
    { type: "button", title: "Select nothing (Esc)", onclick: () => actions.clear() },
    "Clear",
  );
  const label = element("button", { type: "button", onclick: () => actions.propose(null) }, "Label these");
  const host = byId("tools");
  if (scatter) host.append(element("div", { class: "segmented" }, lasso, pan), fit, clear, label);

  return (state) => {
    const { selected } = state;
    lasso.setAttribute("aria-pressed", String(state.tool === "lasso"));
    pan.setAttribute("aria-pressed", String(state.tool === "pan"));
    clear.hidden = !selected || selected.origin === "start";
    label.hidden = clear.hidden || selected?.row_total === 0;
    label.title = `Propose one class for what is selected (${keyName(keysOf(state)?.label_selection ?? "l")})`;
    setText(byId("selected"), selectedText(state));
    setText(byId("scatter-note"), scatter ? layoutText(state) : "");
    const empty = emptyText(state, scatter !== null);
    setText(byId("scatter-empty"), empty);
    byId("scatter-empty").hidden = empty === "";
  };
}

function selectedText(state: State): string {
  const { selected, hello } = state;
  if (!selected || !hello || selected.origin === "start") return "";
  const rows = `${count(selected.row_total)} of ${counted(hello.rows, "point")} selected`;
  if (selected.waiting) return rows;
  return [rows, selected.note || counted(selected.segment_total, "segment")].join(", ");
}

function layoutText(state: State): string {
  const { layout, points, prediction, coordinates } = state;
  if (!layout || !coordinates) return "";
  const method = `${METHODS[layout.method] ?? layout.method} of ${counted(layout.rows, "embedding")}`;
  const stale = points && prediction && prediction.stamp !== points.stamp ? "repainting" : "";
  return [method, layout.note, points?.note ?? "", stale].filter(Boolean).join(" · ");
}

function emptyText(state: State, drawn: boolean): string {
  if (!drawn)
    return "This browser has no WebGL2: the scatter cannot be drawn. Clicking and labelling in the viewer still work.";
  if (!state.hello) return state.connection === "ended" ? "" : "Connecting";
  if (state.hello.rows === 0)
    return "This project has no embeddings yet: Alt + click cells in the viewer to embed places.";
  return state.coordinates ? "" : "Loading the layout";
}
