// Which cell an id that was typed means.

import type { State } from "./state";

const LARGEST = 2n ** 64n - 1n;

export type Found =
  | { readonly id: string; readonly rows: readonly [number, number]; readonly middle: number }
  /** One sentence for the user. */
  | { readonly problem: string };

/** The rows of the cell that a text names, from the first to the one after the last, and the one halfway. */
export function findCell(text: string, { rows }: State): Found {
  const digits = text.trim().replace(/^0+(?=\d)/, "");
  if (!/^\d{1,20}$/.test(digits) || BigInt(digits) > LARGEST) {
    return { problem: `"${text.trim()}" is no cell id: type its digits alone.` };
  }
  if (!rows) return { problem: "The cells are still under way: try again in a moment." };
  const index = rows.table.indexOf(digits);
  if (index < 0) return { problem: `No point is of the cell ${digits}: the table of embeddings does not have it.` };
  const [first, end] = rows.table.rowsOf(index);
  return { id: digits, rows: [first, end], middle: first + ((end - first) >> 1) };
}
