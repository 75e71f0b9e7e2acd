// The messages of exploring by the embedding; rules as in protocol.ts.

import type { Ball, SelectMode } from "./protocol_selection";

/** What is asked about: a row, the mean of its cell, the mean of the selection. */
export type Scope = "point" | "cell" | "selection";

/** What is being done for a request; `share`, 0 to 1, where it is known. */
export interface Exploring {
  readonly type: "exploring";
  readonly request: string;
  readonly text: string;
  readonly share: number | null;
}

/** The rows that are most alike, the nearest first. */
export interface SimilarReady {
  readonly type: "similar";
  readonly request: string;
  readonly task: string;
  readonly scope: Scope;
  readonly row: number | null;
  readonly rows: readonly number[];
  readonly distances: readonly number[];
  /** How many rows' mean was asked about, and how many could answer. */
  readonly rows_asked: number;
  readonly among: number;
  readonly note: string;
}

/** The share of a class (its id) in a cluster and in its nearest neighbour, 0 to 1. */
export interface ClassShare {
  readonly class: string;
  readonly here: number;
  readonly there: number;
}

export interface Cluster {
  readonly cluster: number;
  readonly size: number;
  readonly cells: number;
  readonly labelled: number;
  /** The most frequent label, a class's id, and the share of the labels that it has. */
  readonly label: string | null;
  readonly purity: number | null;
  /** How much of it is found again when the cells are drawn anew, 0 to 1. */
  readonly stability: number | null;
  readonly typical: readonly number[];
  readonly marginal: readonly number[];
  readonly neighbour: number | null;
  /** From the neighbour, in units of the spread. */
  readonly separation: number | null;
  readonly differences: readonly ClassShare[];
  /** Rows in equal steps of z, and the quartiles. */
  readonly depths: readonly number[];
  readonly depth_um: readonly [number, number, number];
}

/** By size, at most 200 of `total`; `run` names them when one is to be selected. */
export interface ClustersReady {
  readonly type: "clusters";
  readonly request: string;
  readonly task: string;
  readonly run: string;
  readonly clusters: readonly Cluster[];
  readonly total: number;
  readonly unclustered: number;
  readonly rows: number;
  readonly agreement: number | null;
  /** The ends of the steps that rows are counted in by depth. */
  readonly depth_um: readonly [number, number];
  readonly note: string;
}

/** How clusters are found; `clusters` is of k-means, `least_size` and `fine` are of HDBSCAN. */
export interface ClusterSettings {
  readonly on: "embedding" | "layout";
  readonly method: "hdbscan" | "k-means";
  readonly clusters: number;
  readonly least_size: number;
  readonly fine: boolean;
}

export type ExploreMessage =
  | SimilarMessage
  | ({ type: "cluster"; request: string; task: string } & ClusterSettings)
  | { type: "stop-clusters"; request: string }
  | { type: "select-cluster"; request: string; run: string; cluster: number; mode: SelectMode };

export type SimilarMessage = {
  type: "similar";
  request: string;
  page: string;
  task: string;
  scope: Scope;
  row: number | null;
  classes: string[];
  segment: string | null;
  within: Ball | null;
  once: boolean;
  count: number;
};

export const EXPLORING_FIELDS: readonly (keyof Exploring)[] = ["request", "text", "share"];
export const CLUSTERS_FIELDS: readonly (keyof ClustersReady)[] = ["request", "task", "run", "clusters", "total", "unclustered", "rows", "agreement", "depth_um", "note"];
export const SIMILAR_FIELDS: readonly (keyof SimilarReady)[] = ["request", "task", "scope", "row", "rows", "distances", "rows_asked", "among", "note"];
