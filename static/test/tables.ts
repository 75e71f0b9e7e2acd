// Tables whose points are grouped by segment, in the order of the server's list.

import { Table } from "../src/table";

export function tableOf(version: string, segments: BigUint64Array): Table {
  let cell = -1;
  const cells = Uint32Array.from(segments, (id, row) => (row > 0 && id === segments[row - 1] ? cell : ++cell));
  return Table.from(version, segments, cells);
}
