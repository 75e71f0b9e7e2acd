// The points as the page knows them: which belong to which segment. Points keep their numbers; of a large table, or one
// that grows, more come after them, so that those of a segment need not lie together.

export class Table {
  private constructor(
    readonly version: string,
    /** Of every group, ascending. */
    private readonly ids: BigUint64Array,
    /** Of every group its segment's place in the server's list. */
    private readonly places: Uint32Array,
    /** Of every point. */
    private readonly groups: Uint32Array,
    /** Points by group, and where each group begins. */
    private readonly order: Uint32Array,
    private readonly first: Uint32Array,
  ) {}

  /** From the columns of every point's segment id, and of that segment's place in the server's list. */
  static from(version: string, segments: BigUint64Array, cells: Uint32Array): Table {
    const seen = new Map<number, bigint>();
    for (let row = 0; row < cells.length; row++) {
      if (row === 0 || cells[row] !== cells[row - 1]) seen.set(cells[row], segments[row]);
    }
    const sorted = [...seen].sort(([, a], [, b]) => (a < b ? -1 : Number(a > b)));
    const groupOf = new Map(sorted.map(([cell], group) => [cell, group]));
    const groups = cells.map((cell) => groupOf.get(cell) ?? 0);
    const first = new Uint32Array(sorted.length + 1);
    for (const group of groups) first[group + 1] += 1;
    for (let group = 0; group < sorted.length; group++) first[group + 1] += first[group];
    const next = first.slice();
    const order = new Uint32Array(cells.length);
    groups.forEach((group, row) => {
      order[next[group]++] = row;
    });
    const ids = BigUint64Array.from(sorted, ([, id]) => id);
    return new Table(version, ids, Uint32Array.from(sorted, ([cell]) => cell), groups, order, first);
  }

  /** Whether the server has more than these points, or may get them. */
  get isPart(): boolean {
    return this.version.includes("~");
  }

  get rows(): number {
    return this.groups.length;
  }

  get segments(): number {
    return this.ids.length;
  }

  /** Number of a segment's group; -1 where no point is of it. */
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

  indexOfRow(row: number): number {
    return this.groups[row];
  }

  idOfRow(row: number): string {
    return String(this.ids[this.indexOfRow(row)]);
  }

  /** The place of a group's segment in the server's list. */
  placeOf(index: number): number {
    return this.places[index];
  }

  /** The points of a group, ascending. */
  rowsOf(index: number): Uint32Array {
    return this.order.subarray(this.first[index], this.first[index + 1]);
  }
}
