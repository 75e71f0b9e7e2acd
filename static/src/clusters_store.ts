// Clusters: how they are to be found, what was found, which one is chosen, and the one that becomes a class. A part of the
// reducer in store.ts.

import { aimed } from "./aiming";
import type { Cluster, ClusterSettings, ClustersReady, Exploring } from "./protocol_explore";
import type { State } from "./state";

/** A cluster that is to be proposed as a class, by its name: first it is selected, then there must be such a class. */
export interface Naming {
  readonly name: string;
  /** The request that selects it, and the one that adds the class. */
  readonly selecting: string;
  readonly adding: string | null;
}

export interface Clusters {
  readonly task: string;
  readonly open: boolean;
  readonly settings: ClusterSettings;
  /** Not yet answered, what is being done for it, and the share that is done. */
  readonly request: string | null;
  readonly doing: string;
  readonly share: number;
  readonly ready: ClustersReady | null;
  readonly chosen: number | null;
  /** The example that keys label. */
  readonly example: number | null;
  readonly naming: Naming | null;
}

export type ClustersEvent =
  | { type: "clusters-opened" }
  | { type: "clusters-closed" }
  | { type: "clusters-set"; change: Partial<ClusterSettings> }
  | { type: "clusters-asked"; request: string | null }
  | { type: "cluster-chosen"; cluster: number | null }
  | { type: "cluster-example"; row: number }
  | { type: "cluster-naming"; naming: Naming | null };

const USUAL: ClusterSettings = { on: "embedding", method: "k-means", clusters: 12, least_size: 50, fine: false };

function fresh(task: string): Clusters {
  return { task, open: false, settings: USUAL, request: null, doing: "", share: 0, ready: null, chosen: null, example: null, naming: null };
}

export function clustersReduce(state: State, event: ClustersEvent): State {
  const clusters = state.clusters?.task === state.task ? state.clusters : { ...fresh(state.task), settings: state.clusters?.settings ?? USUAL };
  const changed = (change: Partial<Clusters>): State => ({ ...state, clusters: { ...clusters, ...change } });
  switch (event.type) {
    case "clusters-opened": {
      const evaluation = state.evaluation && { ...state.evaluation, open: false };
      return { ...changed({ open: true }), evaluation, comparing: state.comparing && { ...state.comparing, open: false } };
    }
    case "clusters-closed":
      return changed({ open: false, naming: null });
    case "clusters-set":
      return changed({ settings: { ...clusters.settings, ...event.change } });
    case "clusters-asked":
      return changed({ request: event.request, doing: "", share: 0 });
    case "cluster-chosen":
      return changed({ chosen: event.cluster, example: null });
    case "cluster-example":
      return aimed(changed({ example: event.row }), { kind: "row", row: event.row });
    case "cluster-naming":
      return changed({ naming: event.naming });
  }
}

/** What was found for this page's newest request; what other pages have asked is passed over. */
export function clustersCame(state: State, ready: ClustersReady): State {
  const { clusters } = state;
  if (!clusters || clusters.request !== ready.request) return state;
  return { ...state, clusters: { ...clusters, ready, request: null, doing: "", chosen: null, example: null, naming: null } };
}

export function clustersDoing(clusters: Clusters | null, news: Exploring): Clusters | null {
  return clusters?.request === news.request ? { ...clusters, doing: news.text, share: news.share ?? 0 } : clusters;
}

/** A request was refused: nothing waits for it any more. */
export function clustersRefused(clusters: Clusters | null, request: string): Clusters | null {
  if (!clusters) return null;
  const { naming } = clusters;
  const named = naming?.selecting === request || naming?.adding === request;
  const next = named ? { ...clusters, naming: null } : clusters;
  return next.request === request ? { ...next, request: null, doing: "" } : next;
}

export function chosenCluster(clusters: Clusters | null): Cluster | null {
  return clusters?.ready?.clusters.find((one) => one.cluster === clusters.chosen) ?? null;
}

/** Whether the open panel covers what keys would label: all but the example that is chosen in it. */
export function coversTarget({ clusters, target, similar }: State): boolean {
  if (!clusters?.open || similar?.open) return false;
  return !(target?.kind === "row" && target.row === clusters.example);
}
