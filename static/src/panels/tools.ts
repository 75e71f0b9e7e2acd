// The scatter's visible tools, and what is to be said of its points.

import { byId, element, setText } from "../element";
import { keyName } from "../keys";
import { SAVED, type Saved } from "../saving";
import type { Tool } from "../scatter/gesture";
import type { Scatter } from "../scatter/scatter";
import { keysOf, type State } from "../state";
import type { Actions } from "./panel";

const KEYS = "Shift adds, Alt takes away, both keep what is in both";
const LINK = "link";
export const TOOLS: readonly (readonly [Tool, string, string])[] = [
  ["lasso", "Lasso", `Draw round points to select them; ${KEYS}`],
  ["rectangle", "Box", `Draw a box over points to select them; ${KEYS}`],
  ["brush", "Brush", `Paint over points to select them; ${KEYS}`],
  ["pan", "Pan", "Move the picture; also Space + drag, or the middle button"],
];

export function toolsPanel(scatter: Scatter | null, actions: Actions): (state: State) => void {
  const buttons = TOOLS.map(([tool, text, title]) => {
    const choose = (): void => actions.dispatch({ type: "tool", tool });
    return { tool, button: element("button", { type: "button", title, onclick: choose }, text) };
  });
  const fit = element(
    "button",
    { type: "button", title: "Show all points (Home)", onclick: () => scatter?.fit() },
    "Fit",
  );
  const saving = element("select", { "aria-label": "Save the figure or the selection", title: "Save the figure, or the selection as a table" });
  saving.append(element("option", { value: "" }, "Save"), ...[...SAVED, [LINK, "Link to this view"] as const].map(([value, text]) => element("option", { value }, text)));
  saving.addEventListener("change", () => {
    const kind = saving.value as Saved | typeof LINK;
    saving.value = "";
    if (kind === LINK) actions.link();
    else actions.save(kind);
  });
  const toggle = (): void => actions.dispatch({ type: "density", on: density.getAttribute("aria-pressed") !== "true" });
  const density = element("button", { type: "button", title: "Show how many points lie where", onclick: toggle }, "Density");
  density.hidden = !scatter?.hasDensity;
  const tools = element("div", { class: "segmented" }, ...buttons.map(({ button }) => button));
  if (scatter) byId("tools").append(tools, fit, density, saving);

  return (state) => {
    density.setAttribute("aria-pressed", String(state.density));
    for (const { tool, button } of buttons) button.setAttribute("aria-pressed", String(state.tool === tool));
    setText(byId("scatter-note"), scatter ? noteText(state) : "");
    const empty = emptyText(state, scatter !== null);
    setText(byId("scatter-empty"), empty);
    byId("scatter-empty").hidden = empty === "";
  };
}

function noteText(state: State): string {
  const { layout, points, prediction, coordinates } = state;
  if (!layout || !coordinates) return "";
  const stale = points && prediction && prediction.stamp !== points.stamp ? "repainting" : "";
  return [layout.note, points?.note ?? "", stale].filter(Boolean).join(" · ");
}

function emptyText(state: State, drawn: boolean): string {
  if (!drawn)
    return `This browser has no WebGL2, which the scatter and Neuroglancer draw with. Labelling still works: press ${keyName(keysOf(state)?.queue ?? "q")} to be asked about places, with pictures of them.`;
  if (!state.hello) return state.connection === "ended" ? "" : "Connecting";
  if (state.hello.rows === 0)
    return "This project has no embeddings yet: Alt + click cells in the viewer to embed places.";
  return state.coordinates ? "" : "Loading the layout";
}
