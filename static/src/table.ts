// The embedding table as the page knows it: which rows belong to which segment. Rows are grouped by segment, in the
// order of the server's segment list, so a segment's place in that list is the number of its group.

export class Table {
  /** First row of every segment, and the number of rows at the end. */
  private readonly firstRow: Uint32Array;

  private constructor(
    readonly version: string,
    readonly rows: number,
    private readonly ids: BigUint64Array,
    firstRow: Uint32Array,
  ) {
    this.firstRow = firstRow;
  }

  /** From the column of every row's segment id. */
  static from(version: string, segmentOfRow: BigUint64Array): Table {
    const firsts: number[] = [];
    for (let row = 0; row < segmentOfRow.length; row++) {
      if (row === 0 || segmentOfRow[row] !== segmentOfRow[row - 1]) firsts.push(row);
    }
    const ids = BigUint64Array.from(firsts, (row) => segmentOfRow[row]);
    return new Table(version, segmentOfRow.length, ids, Uint32Array.from([...firsts, segmentOfRow.length]));
  }

  /** Place of a segment in the sorted list of segments; -1 where the table does not have it. */
  indexOf(id: string): number {
    const wanted = BigInt(id);
    let low = 0;
    let high = this.ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ids[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return this.ids[low] === wanted ? low : -1;
  }

  get segments(): number {
    return this.ids.length;
  }

  indexOfRow(row: number): number {
    let low = 0;
    let high = this.ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.firstRow[middle + 1] <= row) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  idOfRow(row: number): string {
    return String(this.ids[this.indexOfRow(row)]);
  }

  /** First row and the row after the last of the segment at `index`. */
  rowsOf(index: number): readonly [number, number] {
    return [this.firstRow[index], this.firstRow[index + 1]];
  }
}
