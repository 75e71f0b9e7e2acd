// Answers that are not saved yet, kept in the browser until the server says that they are: they outlive a reload, a
// closed tab and a program that died. One entry each, so that two tabs never overwrite each other's.

import type { Hello, XYZ } from "./protocol";
import type { LabelTarget } from "./protocol_queue";
import type { StoredMessage } from "./state";

export interface Where {
  readonly position_nm: XYZ;
  readonly segment_id: string;
}

/** An answer, with the table that its rows and the run that its places are of, and where it was given. */
export interface Kept {
  readonly order: number;
  readonly table: string;
  readonly run: string;
  readonly where: Where | null;
  readonly message: StoredMessage;
}

/** What localStorage offers. */
export type Shelf = Pick<Storage, "length" | "key" | "getItem" | "setItem" | "removeItem">;

export type Home = Pick<Hello, "log" | "annotator">;

const PREFIX = "segclr unsaved";
const FORMAT = "segclr-viewer answers that are not saved";

export class Unsaved {
  /** Where the browser keeps nothing, they last as long as the page. */
  private readonly here = new Map<string, Kept>();
  private last = 0;

  /** Whether they outlive the page. */
  get lasts(): boolean {
    return this.shelf !== null && this.here.size === 0;
  }

  constructor(
    private readonly shelf: Shelf | null,
    private readonly now: () => number,
  ) {}

  /** The place of a new answer after all others of this browser. */
  next(): number {
    this.last = Math.max(this.last + 1, this.now());
    return this.last;
  }

  keep(home: Home, kept: Kept): void {
    const name = nameOf(home, kept.message.request);
    try {
      if (!this.shelf) throw new Error("there is no shelf");
      this.shelf.setItem(name, JSON.stringify(kept));
    } catch {
      this.here.set(name, kept); // full, or switched off
    }
  }

  drop(home: Home, request: string): void {
    const name = nameOf(home, request);
    this.here.delete(name);
    try {
      this.shelf?.removeItem(name);
    } catch {
      // switched off: it was never there
    }
  }

  /** All of an annotator for a log, in the order in which they were given; whichever page they were given on. */
  of(home: Home): Kept[] {
    const found = new Map(this.here);
    try {
      for (let i = 0; this.shelf && i < this.shelf.length; i++) {
        const name = this.shelf.key(i) ?? "";
        const kept = name.startsWith(PREFIX) ? readKept(this.shelf.getItem(name)) : null;
        if (kept) found.set(name, kept);
      }
    } catch {
      // switched off
    }
    const mine = nameOf(home, "");
    return [...found].filter(([name]) => name.startsWith(mine)).map(([, kept]) => kept).sort((a, b) => a.order - b.order);
  }
}

/**
 * The message as a server understands it that has another table or was started anew: rows and places have other numbers
 * there, so the answer names where it was given. Null where that is not known.
 */
export function readdressed({ table, run, where, message }: Kept, hello: Hello): StoredMessage | null {
  const sameTable = table === hello.table_version;
  const sameRun = run === hello.viewer_url;
  switch (message.type) {
    case "label":
    case "mark":
      return isOf(message.target, sameTable, sameRun) ? message : where && { ...message, target: where };
    case "comment":
      if (message.target === null || isOf(message.target, sameTable, sameRun)) return message;
      return where && { ...message, target: where };
    case "accept":
    case "skip":
      return sameTable ? message : null;
    default:
      return message;
  }
}

function isOf(target: LabelTarget, sameTable: boolean, sameRun: boolean): boolean {
  if ("row" in target) return sameTable;
  return "place" in target ? sameRun : true;
}

/** The browser's own; null where it keeps nothing for this page. */
export function shelf(): Shelf | null {
  try {
    localStorage.setItem(PREFIX, "");
    localStorage.removeItem(PREFIX);
    return localStorage;
  } catch {
    return null;
  }
}

function nameOf({ log, annotator }: Home, request: string): string {
  return `${PREFIX}/${log}/${encodeURIComponent(annotator)}/${request}`;
}

/** What an entry says; null where it is damaged. */
function readKept(text: string | null): Kept | null {
  try {
    const kept = JSON.parse(text ?? "") as Kept;
    const whole = typeof kept.order === "number" && typeof kept.table === "string" && typeof kept.run === "string";
    return whole && typeof kept.message.request === "string" && typeof kept.message.type === "string" ? kept : null;
  } catch {
    return null;
  }
}

/** Answers as a file: JSON lines, the first of which says what it is and whose they are. */
export function fileOf(home: Home, kept: readonly Kept[]): string {
  const head = { format: FORMAT, version: 1, log: home.log, annotator: home.annotator, answers: kept.length };
  return [head, ...kept].map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** The answers of such a file. Throws a sentence where it is none, not whole, or not for this log and annotator. */
export function readFile(text: string, home: Home): Kept[] {
  const [first, ...lines] = text.split("\n").filter((line) => line.trim());
  const head = headOf(first ?? "");
  if (head?.format !== FORMAT) throw new Error("That is no file of answers that a page could not save.");
  if (head.annotator !== home.annotator)
    throw new Error(`Those are answers of ${head.annotator || "nobody named"}: open that annotator's address to read them.`);
  if (head.log !== home.log) throw new Error("Those answers are for another label file: open its project to read them.");
  const kept = lines.map(readKept);
  if (kept.length !== head.answers || kept.includes(null)) throw new Error("That file is damaged or cut off: nothing was read.");
  return kept.filter((one) => one !== null);
}

function headOf(line: string): { format?: unknown; log?: unknown; annotator?: string; answers?: number } | null {
  try {
    return JSON.parse(line) as ReturnType<typeof headOf>;
  } catch {
    return null;
  }
}
