// The messages of comparing two selections, as in segclr_viewer/wire/comparing.py.

/** A mean over the cells of either selection; of a class (its id) the share of each cell's points. */
export interface Difference {
  readonly kind: "predicted" | "labelled" | "column";
  readonly name: string;
  readonly unit: string;
  readonly first: number | null;
  readonly second: number | null;
  /** null where it was not tested. */
  readonly p: number | null;
  readonly corrected: number | null;
}

/** How two selections differ; rows that both have count in neither. */
export interface Comparison {
  readonly type: "comparison";
  readonly request: string;
  readonly task: string;
  readonly rows: readonly [number, number];
  readonly cells: readonly [number, number];
  readonly shared_rows: number;
  readonly shared_cells: number;
  readonly distance: number | null;
  readonly spread: number | null;
  readonly differences: readonly Difference[];
  readonly tests: number;
  readonly exchanges: number;
}

export type ComparingMessage = { type: "compare"; request: string; page: string; task: string; first: string };

export const COMPARISON_FIELDS: readonly (keyof Comparison)[] = ["request", "task", "rows", "cells", "shared_rows", "shared_cells", "distance", "spread", "differences", "tests", "exchanges"];
