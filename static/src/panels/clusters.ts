// The clusters as a table over legend and card, so that the scatter stays and shows the one that is chosen.

import { byId, element, setText } from "../element";
import type { ClustersFlow } from "../clusters_flow";
import { chosenCluster, type Clusters } from "../clusters_store";
import type { Cluster } from "../protocol_explore";
import { keyName } from "../keys";
import { classesOf, keysOf, type State } from "../state";
import { BY_CLUSTER, depthAxisOf } from "../coloring";
import { wordColor } from "../colormap";
import { clusterSettings } from "./clusters_settings";
import { depthProfile } from "./clusters_depth";
import { exampleParts, type ExampleWorld } from "./clusters_examples";
import { classMark } from "./evaluation_label";
import { count, counted, percent } from "./format";
import { whenChanged } from "./panel";

const COLORED = 20; // as the server names them in the column
const STABLE = 0.75;
const SHAKY = 0.6; // by Hennig's rule of thumb, below it a cluster is not to be trusted
const DEPTH = "depth";
const HEADS: readonly (readonly [string, string])[] = [
  ["no.", "Number of the cluster, the largest first"],
  ["points", "How many points it has"],
  ["cells", "Of how many cells"],
  ["labels say", "The most frequent label in it"],
  ["purity", "The share of its labels that are that class"],
  ["stability", "How much of it is found again when the cells are drawn anew: below 60 % it is not to be trusted"],
  [DEPTH, "Where its points lie, from the least to the greatest of all; the line is the middle one"],
  ["apart", "How far from the nearest other cluster, in units of their spread: below 1 they overlap widely"],
];

export function clustersPanel(flow: ClustersFlow): (state: State) => void {
  const host = byId("clusters");
  const open = element("button", { type: "button", onclick: () => flow.toggle() }, "Clusters");
  byId("explore").append(open);
  const close = element("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: () => flow.toggle() }, "×");
  close.title = "Close (Esc)";
  const settings = clusterSettings(flow);
  const said = element("span", { role: "status" });
  const color = element("button", { type: "button", class: "pick", title: "Colour the points of the scatter by their cluster", onclick: () => flow.color() }, "Colour by cluster");
  const found = element("p", { class: "found" }, said, color);
  const bar = element("progress", { max: 1, "aria-label": "How far it is" });
  const body = element("div", { class: "cluster-list" });
  host.append(element("header", {}, element("h2", { id: "clusters-title" }, "Clusters"), settings.element, close), bar, found, body);
  let now: State | null = null;

  // progress alone builds nothing anew: what is being typed stays
  const build = whenChanged((..._shown: readonly unknown[]) => {
    const clusters = now?.clusters;
    if (!now || !clusters) return;
    const top = body.scrollTop;
    const focused = (document.activeElement as HTMLElement | null)?.dataset["key"];
    const world: ExampleWorld = { flow, state: now, clusters };
    body.replaceChildren(...(clusters.ready?.clusters.length ? [table(world, clusters.ready.clusters)] : [advice(clusters)]));
    body.scrollTop = top;
    if (focused) body.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  });

  return (state) => {
    const opened = state.clusters?.open === true && now?.clusters?.open !== true;
    now = state;
    const { clusters } = state;
    open.setAttribute("aria-expanded", String(clusters?.open === true));
    open.title = `Find groups of points that look alike (${keyName(keysOf(state)?.clusters ?? "period")})`;
    host.hidden = !clusters?.open;
    byId("side").classList.toggle("clusters", clusters?.open === true);
    if (!clusters?.open) return;
    settings.update(clusters);
    bar.hidden = clusters.request === null;
    bar.value = clusters.share;
    setText(said, foundText(clusters));
    const { ready, chosen, example, naming, task } = clusters;
    color.hidden = !ready?.clusters.length;
    color.setAttribute("aria-pressed", String(state.coloring === BY_CLUSTER));
    build(ready, chosen, example, naming, task, state.hello, state.coloring === BY_CLUSTER);
    if (opened) settings.focus();
  };
}

function foundText({ ready, request, doing, share }: Clusters): string {
  if (request) return doing ? `${doing[0].toUpperCase()}${doing.slice(1)}, ${percent(share)}` : "Starting";
  if (!ready) return "";
  const left = ready.unclustered ? `, ${counted(ready.unclustered, "point")} in none` : "";
  const capped = ready.clusters.length < ready.total ? `, the ${count(ready.clusters.length)} largest shown` : "";
  const again = ready.agreement === null ? "" : ` Drawn anew, the clusters agree by ${ready.agreement.toFixed(2)} (adjusted Rand index).`;
  return `${counted(ready.total, "cluster")}${capped}${left}.${again}${ready.note ? ` ${ready.note[0].toUpperCase()}${ready.note.slice(1)}.` : ""}`;
}

function advice({ ready, request }: Clusters): HTMLElement {
  const none = "No clusters were found: allow smaller ones, or use k-means.";
  return element("p", { class: "empty" }, ready && !request ? none : request ? "" : "Find groups of points that look alike, labelled or not; then look at one, and make it a class.");
}

function table(world: ExampleWorld, clusters: readonly Cluster[]): HTMLElement {
  const depth = `${DEPTH} (${depthAxisOf(world.state)})`;
  const heads = HEADS.map(([text, title]) => element("th", { scope: "col", title }, text === DEPTH ? depth : text));
  const chosen = chosenCluster(world.clusters);
  const rows = clusters.flatMap((cluster) => {
    const isChosen = cluster === chosen;
    const line = row(world, cluster, isChosen);
    if (!isChosen) return [line];
    return [line, element("tr", { class: "inside" }, element("td", { colspan: HEADS.length }, ...exampleParts(world, cluster)))];
  });
  return element("table", { class: "scores" }, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows));
}

function row({ flow, state, clusters }: ExampleWorld, cluster: Cluster, isChosen: boolean): HTMLElement {
  const spec = classesOf(state, clusters.task).find((one) => one.id === cluster.label);
  const choose = element("button", { type: "button", class: "choice", "aria-pressed": String(isChosen), title: "Select its points; with Shift add them" }, String(cluster.cluster + 1));
  choose.dataset["key"] = `cluster ${cluster.cluster}`;
  if (state.coloring === BY_CLUSTER && cluster.cluster < COLORED) choose.style.setProperty("--cluster", `rgb(${wordColor(cluster.cluster).join(" ")})`);
  const line = element(
    "tr",
    { class: isChosen ? "chosen" : false },
    element("td", {}, choose),
    element("td", {}, count(cluster.size)),
    element("td", {}, count(cluster.cells)),
    element("td", {}, spec ? classMark(spec) : element("small", {}, "no label")),
    element("td", {}, cluster.purity === null ? "–" : `${percent(cluster.purity)} of ${count(cluster.labelled)}`),
    element("td", { class: trust(cluster.stability) }, cluster.stability === null ? "–" : percent(cluster.stability)),
    element("td", {}, depthProfile(cluster, clusters.ready?.depth_um ?? [0, 0], depthAxisOf(state))),
    element("td", {}, cluster.separation === null ? "–" : `${cluster.separation.toFixed(1)} from ${(cluster.neighbour ?? 0) + 1}`),
  );
  line.addEventListener("click", (event) => flow.choose(cluster.cluster, event.shiftKey));
  return line;
}

function trust(stability: number | null): string | false {
  if (stability === null) return false;
  return stability >= STABLE ? "good" : stability < SHAKY ? "bad" : false;
}
