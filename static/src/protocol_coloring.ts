// The messages of colourings that the server makes a column for, as in segclr_viewer/wire/coloring.py.

export interface ColoringInfo {
  readonly name: string;
  readonly title: string;
  /** What makes its values others. */
  readonly follows: "predictions" | "table";
  /** Another one when its values are others though table and predictions are the same. */
  readonly version: string;
}

export interface Colorings {
  readonly type: "colorings";
  readonly known: readonly ColoringInfo[];
}

/** Where a column to colour by is: a byte for each row; see `Tint` for what it means. */
export interface Colored {
  readonly type: "colored";
  readonly request: string;
  readonly task: string;
  readonly name: string;
  readonly stamp: string;
  readonly url: string;
  readonly rows: number;
  /** null for words, and where no row has a number. */
  readonly low: number | null;
  readonly high: number | null;
  /** Whether some rows lie outside the scale. */
  readonly below: boolean;
  readonly above: boolean;
  readonly names: readonly string[];
  readonly missing: number;
  readonly note: string;
}

export type ColoringMessage = { type: "color"; request: string; task: string; name: string };

export const COLORINGS_FIELDS: readonly (keyof Colorings)[] = ["known"];
export const COLORED_FIELDS: readonly (keyof Colored)[] = [
  "request",
  "task",
  "name",
  "stamp",
  "url",
  "rows",
  "low",
  "high",
  "below",
  "above",
  "names",
  "missing",
  "note",
];
