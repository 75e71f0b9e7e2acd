// Which cell an id that was typed means.

import type { State } from "./state";

const LARGEST = 2n ** 64n - 1n;

export type Found =
  | { readonly id: string; readonly rows: Uint32Array }
  /** One sentence for the user. */
  | { readonly problem: string };

/** The rows of the cell that a text names; none where the page has no point of it, but the server may have. */
export function findCell(text: string, { rows }: State): Found {
  const digits = text.trim().replace(/^0+(?=\d)/, "");
  if (!/^\d{1,20}$/.test(digits) || BigInt(digits) > LARGEST) {
    return { problem: `"${text.trim()}" is no cell id: type its digits alone.` };
  }
  if (!rows) return { problem: "The cells are still under way: try again in a moment." };
  const index = rows.table.indexOf(digits);
  if (index >= 0) return { id: digits, rows: rows.table.rowsOf(index) };
  if (rows.table.isPart) return { id: digits, rows: new Uint32Array(0) };
  return { problem: `No point is of the cell ${digits}: the table of embeddings does not have it.` };
}
