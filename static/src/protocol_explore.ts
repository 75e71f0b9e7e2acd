// The messages of exploring by the embedding; rules as in protocol.ts.

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

export type ExploreMessage = {
  type: "similar";
  request: string;
  page: string;
  task: string;
  scope: Scope;
  row: number | null;
  classes: string[];
  segment: string | null;
  once: boolean;
  count: number;
};

export const EXPLORING_FIELDS: readonly (keyof Exploring)[] = ["request", "text", "share"];
export const SIMILAR_FIELDS: readonly (keyof SimilarReady)[] = ["request", "task", "scope", "row", "rows", "distances", "rows_asked", "among", "note"];
