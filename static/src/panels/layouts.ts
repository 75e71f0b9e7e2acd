// The scatter's layout: what it is, other kept ones, and a form to fit another. The page can be used meanwhile.

import { byId, element, setText } from "../element";
import type { LayoutsFlow } from "../layouts_flow";
import type { Fitting, KeptLayout, LayoutParameters, Layouts } from "../protocol_layouts";
import type { TaskSpec } from "../protocol";
import type { State } from "../state";
import { count, counted, dayAndTime, percent } from "./format";
import { keptLayouts } from "./layouts_kept";
import { whenChanged } from "./panel";

const METHODS: Readonly<Record<string, string>> = { pca: "PCA", umap: "UMAP" };

export function layoutsPanel(flow: LayoutsFlow): (state: State) => void {
  const host = byId("layouts");
  const opener = element("button", { type: "button", "aria-haspopup": "true", title: "What the layout is: choose or fit another one", onclick: () => flow.toggle() });
  const running = byId("fitting");
  const said = element("span", {});
  running.append(said, element("button", { type: "button", onclick: () => flow.stop() }, "Cancel"));
  byId("scatter-note").before(opener);

  const close = element("button", { type: "button", class: "quiet", "aria-label": "Close", title: "Close (Esc)", onclick: () => shut() }, "×");
  const choice = element("select", { "aria-label": "Layout that is shown to everybody" });
  choice.addEventListener("change", () => flow.show(choice.value));
  const form = fitForm(flow);
  const others = keptLayouts(flow, keptText);
  host.append(element("header", {}, element("h2", { id: "layouts-title" }, "Layout"), close), element("label", {}, "Shown", choice), others.element, form.element);
  const shut = (): void => {
    flow.close();
    opener.focus();
  };
  host.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (!others.cancel()) shut();
    event.preventDefault();
  });
  const offer = whenChanged((layouts: Layouts | null) => {
    const kept = layouts?.kept ?? [];
    const unknown = layouts && layouts.shown && !kept.some(({ stamp }) => stamp === layouts.shown) ? [[layouts.shown, "UMAP, not kept"] as const] : [];
    const offered = [["", "PCA: principal components"] as const, ...unknown, ...kept.map((each) => [each.stamp, keptText(each)] as const)];
    choice.replaceChildren(...offered.map(([value, text]) => element("option", { value, title: text }, text)));
    choice.value = layouts?.shown ?? "";
  });
  let open = false;

  return (state) => {
    setText(opener, layoutText(state));
    opener.hidden = opener.textContent === "";
    opener.setAttribute("aria-expanded", String(state.layoutsOpen));
    const { fitting } = state;
    running.hidden = fitting === null;
    if (fitting) setText(said, `Fitting ${percent(fitting.share)}`);
    if (fitting) running.title = doingText(fitting, state.hello?.annotator);
    if (fitting) running.style.setProperty("--share", `${100 * fitting.share}%`);
    host.hidden = !state.layoutsOpen;
    offer(state.layouts);
    others.update(state);
    form.update(state, state.layoutsOpen && !open);
    if (state.layoutsOpen && !open) choice.focus();
    open = state.layoutsOpen;
  };
}

function doingText({ by, text, share }: Fitting, me = ""): string {
  return `A UMAP is being fitted${by && by !== me ? ` for ${by}` : ""}: ${text}, ${percent(share)}`;
}

function layoutText({ layout, coordinates }: State): string {
  if (!layout || !coordinates) return "";
  return `${METHODS[layout.method] ?? layout.method} of ${counted(layout.rows, "point")}`;
}

/** "22:05 · 30 neighbours, 0.25, cosine, means within 3.5 µm": what is not as usual is named. */
export function keptText({ parameters, radius_um, labels_of, fitted_at }: KeptLayout): string {
  const { neighbours, min_distance, metric, sample_rows, seed } = parameters;
  const parts = [`${neighbours} neighbours`, `distance ${min_distance}`];
  if (metric !== "euclidean") parts.push(metric);
  if (radius_um > 0) parts.push(`means within ${radius_um} µm`);
  if (labels_of) parts.push(`by the labels of ${labels_of}`);
  if (sample_rows !== 100_000) parts.push(`${count(sample_rows)} sampled`);
  if (seed !== 0) parts.push(`seed ${seed}`);
  return `UMAP: ${parts.join(", ")} · ${dayAndTime(fitted_at)}`;
}

function fitForm(flow: LayoutsFlow): { element: HTMLFormElement; update(state: State, opened: boolean): void } {
  const number = (name: string, title: string, limits: Record<string, number>): [HTMLInputElement, HTMLElement] => {
    const input = element("input", { type: "number", required: true, ...limits });
    return [input, element("label", { title }, name, input)];
  };
  const [neighbours, neighboursLine] = number("Neighbours", "That a point is tied to: few show detail, many the whole", { min: 2, max: 200, step: 1 });
  const [distance, distanceLine] = number("Min. distance", "How densely points may lie", { min: 0, max: 1, step: 0.01 });
  const [sample, sampleLine] = number("Sample", "At most so many points are fitted; all others are placed among them", { min: 3, max: 200_000, step: 1 });
  const [seed, seedLine] = number("Seed", "The same seed gives the same picture", { min: 0, max: 4_294_967_295, step: 1 });
  const metric = element("select", {}, element("option", { value: "euclidean" }, "euclidean"), element("option", { value: "cosine" }, "cosine"));
  const source = element("select", {});
  const guided = element("input", { type: "checkbox" });
  const guide = element("span", {});
  const fit = element("button", { type: "submit", class: "primary" }, "Fit a UMAP");
  const hint = element("small", {});
  const form = element(
    "form",
    {},
    neighboursLine,
    distanceLine,
    element("label", { title: "What is near in the embedding" }, "Metric", metric),
    sampleLine,
    element("label", { class: "wide", title: "What is laid out" }, "Of", source),
    element("label", { class: "wide check", title: "Points of the same label are drawn together" }, guided, guide),
    seedLine,
    fit,
    hint,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    flow.fit(source.value || null, {
      neighbours: neighbours.valueAsNumber,
      min_distance: distance.valueAsNumber,
      metric: metric.value === "cosine" ? "cosine" : "euclidean",
      sample_rows: sample.valueAsNumber,
      supervised: guided.checked,
      seed: seed.valueAsNumber,
    });
  });
  const offer = whenChanged((tasks: readonly TaskSpec[]) => {
    const chosen = source.value;
    const averaged = tasks.filter(({ radius_um }) => radius_um > 0);
    const options = averaged.map(({ name, radius_um }) => element("option", { value: name }, `means within ${radius_um} µm, as for ${name}`));
    source.replaceChildren(element("option", { value: "" }, "single embeddings"), ...options);
    source.value = averaged.some(({ name }) => name === chosen) ? chosen : "";
  });
  const fill = (parameters: LayoutParameters, kept: KeptLayout | undefined, tasks: readonly TaskSpec[]): void => {
    neighbours.valueAsNumber = parameters.neighbours;
    distance.valueAsNumber = parameters.min_distance;
    metric.value = parameters.metric;
    sample.valueAsNumber = parameters.sample_rows;
    guided.checked = parameters.supervised;
    seed.valueAsNumber = parameters.seed;
    source.value = (kept?.radius_um && tasks.find(({ radius_um }) => radius_um === kept.radius_um)?.name) || "";
  };
  return {
    element: form,
    update: ({ hello, layouts, fitting, task }, opened) => {
      const tasks = hello?.tasks ?? [];
      offer(tasks);
      setText(guide, `guided by the labels of ${task}`);
      fit.disabled = fitting !== null;
      setText(hint, fitting ? doingText(fitting, hello?.annotator) : "Everybody sees the new layout when it is done.");
      const kept = layouts?.kept.find(({ stamp }) => stamp === layouts.shown);
      if (opened && layouts) fill(kept?.parameters ?? layouts.usual, kept, tasks);
    },
  };
}
