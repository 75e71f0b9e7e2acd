// How clusters are to be found: a method and its one number, and where.

import { element, setText } from "../element";
import type { ClustersFlow } from "../clusters_flow";
import type { Clusters } from "../clusters_store";

const METHODS = [
  ["k-means", "k-means", "Divide all points among so many round groups"],
  ["hdbscan", "HDBSCAN", "Find dense groups of any form; points between them are in none"],
] as const;

export interface SettingsPart {
  readonly element: HTMLElement;
  update(clusters: Clusters): void;
  focus(): void;
}

export function clusterSettings(flow: ClustersFlow): SettingsPart {
  const methods = METHODS.map(([method, text, title]) => {
    const button = element("button", { type: "button", title, onclick: () => flow.set({ method }) }, text);
    return { method, button };
  });
  const number = element("input", { type: "text", inputmode: "numeric", size: 3 });
  const unit = element("span");
  const fine = element("button", { type: "button", class: "pick", title: "Many small groups instead of the few that last longest" }, "fine");
  const on = element("select", { "aria-label": "Find them among", title: "Among embeddings, or among the points of the picture above" }, element("option", { value: "embedding" }, "in the embedding"), element("option", { value: "layout" }, "in the layout"));
  const find = element("button", { type: "button", class: "accept" });
  let now: Clusters | null = null;

  const take = (): void => {
    const value = Number(number.value);
    const least = now?.settings.method === "k-means" ? 1 : 2;
    const most = now?.settings.method === "k-means" ? 1000 : 1_000_000;
    const fits = Number.isInteger(value) && value >= least && value <= most;
    number.setCustomValidity(fits ? "" : `A whole number from ${least} to ${most}`);
    if (number.reportValidity()) flow.set(now?.settings.method === "k-means" ? { clusters: value } : { least_size: value });
  };
  number.addEventListener("change", take);
  number.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    if (event.key === "Enter") take();
    find.focus();
    if (event.key === "Enter" && number.validity.valid) flow.find();
  });
  on.addEventListener("change", () => flow.set({ on: on.value === "layout" ? "layout" : "embedding" }));
  fine.addEventListener("click", () => flow.set({ fine: !(now?.settings.fine ?? false) }));
  find.addEventListener("click", () => (now?.request ? flow.stop() : flow.find()));

  return {
    element: element(
      "div",
      { class: "settings" },
      element("div", { class: "segmented", role: "group", "aria-label": "Method" }, ...methods.map(({ button }) => button)),
      element("label", {}, number, unit),
      fine,
      on,
      find,
    ),
    update: (clusters) => {
      now = clusters;
      const { settings, request } = clusters;
      const means = settings.method === "k-means";
      for (const { method, button } of methods) button.setAttribute("aria-pressed", String(method === settings.method));
      if (document.activeElement !== number) number.value = String(means ? settings.clusters : settings.least_size);
      setText(unit, means ? "groups" : "points or more");
      fine.hidden = means;
      fine.setAttribute("aria-pressed", String(settings.fine));
      on.value = settings.on;
      setText(find, request ? "Stop" : "Find");
    },
    focus: () => find.focus(),
  };
}
