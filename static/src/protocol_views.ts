// The messages of views with a name and of kept selections, as in segclr_viewer/wire/views.py.

/** `view` is this page's own text, as view.ts writes and reads it. */
export interface KeptView {
  readonly name: string;
  readonly by: string;
  readonly at: string;
  readonly view: string;
}

export interface Views {
  readonly type: "views";
  readonly views: readonly KeptView[];
}

/** The selection is kept under this name, null where nothing was selected. */
export interface SelectionKept {
  readonly type: "kept-selection";
  readonly request: string;
  readonly selection: string | null;
  readonly rows: number;
  readonly cells: number;
}

export type ViewsMessage =
  | { type: "keep-selection"; request: string }
  | { type: "bring-selection"; request: string; selection: string }
  | { type: "save-view"; request: string; name: string; view: string }
  | { type: "drop-view"; request: string; name: string };

export const VIEWS_FIELDS: readonly (keyof Views)[] = ["views"];
export const SELECTION_KEPT_FIELDS: readonly (keyof SelectionKept)[] = ["request", "selection", "rows", "cells"];
