// What is inside the chosen cluster: its most typical and its most marginal points, what sets it apart, and its name.

import { element } from "../element";
import { depthAxisOf } from "../coloring";
import type { ClustersFlow } from "../clusters_flow";
import type { Clusters } from "../clusters_store";
import type { Cluster } from "../protocol_explore";
import { pictureOf } from "../queue_flow";
import { classesOf, guessOf, type State } from "../state";
import { depthText } from "./clusters_depth";
import { count, percent } from "./format";

const LONGEST_NAME = 60;

export interface ExampleWorld {
  readonly flow: ClustersFlow;
  readonly state: State;
  readonly clusters: Clusters;
}

export function exampleParts(world: ExampleWorld, cluster: Cluster): HTMLElement[] {
  return [
    naming(world, cluster),
    ...examples(world, "Most typical", cluster.typical),
    ...examples(world, cluster.neighbour === null ? "Farthest from its mean" : "Most marginal", cluster.marginal),
    ...difference(world, cluster),
  ];
}

function examples({ flow, state, clusters }: ExampleWorld, title: string, rows: readonly number[]): HTMLElement[] {
  if (!rows.length) return [];
  const classes = classesOf(state, clusters.task);
  const pictures = rows.map((row) => {
    const guess = guessOf(state, { kind: "row", row });
    const spec = guess ? classes[guess.class] : undefined;
    const pressed = String(clusters.example === row);
    const button = element(
      "button",
      { type: "button", "aria-pressed": pressed, title: "Look at it; keys label it then" },
      element("img", { class: "strip", src: pictureOf(state, row), loading: "lazy", alt: "Central xy, xz and yz planes of the masked cutout" }),
      element("span", {}, spec ? `${spec.name} ${percent(guess?.confidence ?? 0)}` : "no class yet"),
    );
    button.style.setProperty("--class", spec?.color ?? "var(--muted)");
    button.dataset["key"] = `example ${row}`;
    button.addEventListener("click", () => flow.look(row));
    return button;
  });
  return [element("h3", {}, title), element("div", { class: "examples" }, ...pictures)];
}

function difference({ state, clusters }: ExampleWorld, cluster: Cluster): HTMLElement[] {
  const classes = classesOf(state, clusters.task);
  const parts = cluster.differences.flatMap((share) => {
    const name = classes.find((spec) => spec.id === share.class)?.name;
    return name === undefined || share.here === share.there ? [] : [`${name} ${percent(share.here)} here, ${percent(share.there)} there`];
  });
  const other = clusters.ready?.clusters.find((each) => each.cluster === cluster.neighbour);
  const axis = depthAxisOf(state);
  const beside = other ? `; cluster ${other.cluster + 1} beside it at ${depthText(other, axis)}` : "";
  const lines = [element("p", {}, `It lies at ${depthText(cluster, axis)}${beside}.`)];
  if (!parts.length || cluster.neighbour === null) return lines;
  return [element("p", {}, `Beside cluster ${cluster.neighbour + 1}, as predicted: ${parts.join("; ")}.`), ...lines];
}

function naming({ flow, state, clusters }: ExampleWorld, cluster: Cluster): HTMLElement {
  const classes = classesOf(state, clusters.task);
  const known = element("datalist", { id: "cluster-classes" }, ...classes.map((spec) => element("option", { value: spec.name })));
  const name = element("input", { type: "text", list: "cluster-classes", maxlength: LONGEST_NAME, placeholder: "a class, or a new name", "aria-label": "Name of the cluster" });
  name.value = clusters.naming?.name ?? classes.find((spec) => spec.id === cluster.label)?.name ?? "";
  name.dataset["key"] = "cluster name";
  const propose = element("button", { type: "button", disabled: clusters.naming !== null }, `Propose its ${count(cluster.size)} points as this class`);
  propose.addEventListener("click", () => flow.propose(name.value));
  name.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    if (event.key === "Enter") flow.propose(name.value);
    else name.blur();
  });
  return element("div", { class: "naming" }, name, known, propose);
}
