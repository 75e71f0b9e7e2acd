// The columns of the table and of predictions: raw little-endian numbers without a header, fetched once per address.

import { Table } from "./table";

async function bytesOf(url: string, expected: number, orMore = false): Promise<ArrayBuffer> {
  const response = await fetch(new URL(url, location.href), { credentials: "same-origin" });
  if (!response.ok) throw new Error(`The server answered ${response.status} for ${url}: reload the page.`);
  const bytes = await response.arrayBuffer();
  if (orMore ? bytes.byteLength < expected : bytes.byteLength !== expected) {
    throw new Error(`${url} holds ${bytes.byteLength} bytes where ${expected} were announced: reload the page.`);
  }
  return bytes;
}

export interface Coordinates {
  readonly id: string;
  readonly x: Float32Array;
  readonly y: Float32Array;
}

export async function fetchCoordinates(id: string, url: string, rows: number): Promise<Coordinates> {
  const bytes = await bytesOf(url, rows * 8);
  return { id, x: new Float32Array(bytes, 0, rows), y: new Float32Array(bytes, rows * 4, rows) };
}

export interface Prediction {
  readonly stamp: string;
  /** Where it came from: of a large table more is predicted by and by, under the same stamp. */
  readonly url: string;
  readonly task: string;
  /** Class of every row; 255 is none. */
  readonly classes: Uint8Array;
  /** 0 to 255. */
  readonly confidences: Uint8Array;
}

export async function fetchPrediction(stamp: string, task: string, url: string, rows: number): Promise<Prediction> {
  const bytes = await bytesOf(url, rows * 2);
  return { stamp, url, task, classes: new Uint8Array(bytes, 0, rows), confidences: new Uint8Array(bytes, rows, rows) };
}

/** One byte for each row. */
export async function fetchBytes(url: string, rows: number): Promise<Uint8Array> {
  return new Uint8Array(await bytesOf(url, rows));
}

/** One bit for each row, as `scatter/bits.ts` has them; there may be more rows since. */
export async function fetchMask(url: string, rows: number): Promise<Uint32Array> {
  return new Uint32Array(await bytesOf(url, 4 * Math.ceil(rows / 32), true));
}

export interface Rows {
  readonly table: Table;
  /** x, y, z of every row, nm. */
  readonly positions_nm: Float32Array;
}

export async function fetchRows(version: string, rows: number): Promise<Rows> {
  const [segments, cells, positions] = await Promise.all([
    bytesOf(`columns/${version}/segments.bin`, rows * 8),
    bytesOf(`columns/${version}/cells.bin`, rows * 4),
    bytesOf(`columns/${version}/positions.bin`, rows * 12),
  ]);
  const table = Table.from(version, new BigUint64Array(segments), new Uint32Array(cells));
  return { table, positions_nm: new Float32Array(positions) };
}
