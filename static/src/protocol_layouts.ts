// The messages about layouts of the scatter, as in segclr_viewer/wire/layouts.py.

export interface LayoutParameters {
  readonly neighbours: number;
  readonly min_distance: number;
  readonly metric: "euclidean" | "cosine";
  readonly sample_rows: number;
  readonly supervised: boolean;
  readonly seed: number;
}

export interface KeptLayout {
  readonly stamp: string;
  readonly parameters: LayoutParameters;
  /** Of means within it; 0 for the embeddings themselves. */
  readonly radius_um: number;
  /** The task whose labels have guided it; empty for none. */
  readonly labels_of: string;
  readonly fitted_at: string;
}

export interface Layouts {
  readonly type: "layouts";
  /** The stamp of the layout that is shown, empty for principal components. */
  readonly shown: string;
  readonly kept: readonly KeptLayout[];
  readonly usual: LayoutParameters;
}

/** The fit under way, if one is `running`; `by` is empty for the app itself. */
export interface Fitting {
  readonly type: "fitting";
  readonly running: boolean;
  readonly by: string;
  readonly text: string;
  readonly share: number;
}

export type LayoutsMessage =
  | { type: "fit"; request: string; task: string; means_of: string | null; parameters: LayoutParameters }
  | { type: "stop-fit"; request: string }
  | { type: "show-layout"; request: string; stamp: string }
  | { type: "drop-layout"; request: string; stamp: string };

export const LAYOUTS_FIELDS: readonly (keyof Layouts)[] = ["shown", "kept", "usual"];
export const FITTING_FIELDS: readonly (keyof Fitting)[] = ["running", "by", "text", "share"];
