// Answers that are not saved yet, kept in the browser until the server says that they are: they outlive a reload, a
// closed tab and a program that died. One entry each, so that two tabs never overwrite each other's.

import type { Hello, XYZ } from "./protocol";
import type { ClientMessage } from "./protocol_messages";
import type { LabelTarget } from "./protocol_queue";
import type { StoredMessage } from "./state";

export interface Where {
  readonly position_nm: XYZ;
  readonly segment_id: string;
}

const STORED: ReadonlySet<string> = new Set(["label", "mark", "accept", "review", "adjudicate", "skip", "comment"]);

export function isStored(message: ClientMessage): message is StoredMessage {
  return STORED.has(message.type) || message.type.endsWith("-class");
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
const VERSION = 1;
const LONGEST_KEPT_MS = 90 * 24 * 3_600_000;

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

  /**
   * All of an annotator for a log, in the order in which they were given; whichever page they were given on. What was
   * given 90 days ago, whoever gave it, is forgotten.
   */
  of(home: Home): Kept[] {
    const found = new Map(this.here);
    try {
      const names = Array.from({ length: this.shelf?.length ?? 0 }, (_, i) => this.shelf?.key(i) ?? "");
      for (const name of names.filter((one) => one.startsWith(PREFIX))) {
        const kept = readKept(this.shelf?.getItem(name) ?? null);
        if (kept && kept.order < this.now() - LONGEST_KEPT_MS) this.shelf?.removeItem(name);
        else if (kept) found.set(name, kept);
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
  const sameTable = areSameRows(table, run, hello);
  const sameRun = run === hello.run;
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

/**
 * Whether rows that were told with a table and a run have the same numbers now. A table's version ends in "~" and a count
 * where the scatter shows a part of it or grows: then points keep their numbers, but within one run alone.
 */
export function areSameRows(table: string, run: string, now: Pick<Hello, "table_version" | "run">): boolean {
  const [stem, count] = table.split("~");
  const [stemNow, countNow] = now.table_version.split("~");
  return stem === stemNow && (run === now.run || (count === undefined && countNow === undefined));
}

/** Whether two answers are to the same question, so that the later one alone counts. */
export function isSameQuestion(one: Kept, other: Kept): boolean {
  const [a, b] = [one.message, other.message];
  if ((a.type !== "label" && a.type !== "mark") || (b.type !== "label" && b.type !== "mark") || a.task !== b.task) return false;
  if (one.where && other.where) return JSON.stringify(one.where) === JSON.stringify(other.where);
  return one.run === other.run && JSON.stringify(a.target) === JSON.stringify(b.target);
}

function isOf(target: LabelTarget, sameTable: boolean, sameRun: boolean): boolean {
  if ("row" in target) return sameTable;
  return "place" in target ? sameRun : true;
}

/** The browser's own, also where it is full; null where it keeps nothing for this page. */
export function shelf(): Shelf | null {
  try {
    localStorage.getItem(PREFIX);
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
    return whole && typeof kept.message.request === "string" && isStored(kept.message) ? kept : null;
  } catch {
    return null;
  }
}

/** Answers as a file: JSON lines, the first of which says what it is and whose they are. */
export function fileOf(home: Home, kept: readonly Kept[]): string {
  const head = { format: FORMAT, version: VERSION, log: home.log, annotator: home.annotator, answers: kept.length };
  return [head, ...kept].map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** The answers of such a file. Throws a sentence where it is none, not whole, or not for this log and annotator. */
export function readFile(text: string, home: Home): Kept[] {
  const [first, ...lines] = text.split("\n").filter((line) => line.trim());
  const head = headOf(first ?? "");
  if (head?.format !== FORMAT) throw new Error("That is no file of answers that a page could not save.");
  if (head.version !== VERSION) throw new Error("Those answers were saved by another version of segclr-viewer: read them with that one.");
  if (head.annotator !== home.annotator)
    throw new Error(`Those are answers of ${head.annotator || "nobody named"}: open that annotator's address to read them.`);
  if (head.log !== home.log) throw new Error("Those answers are for another label file: open its project to read them.");
  const kept = lines.map(readKept);
  if (kept.length !== head.answers || kept.includes(null)) throw new Error("That file is damaged or cut off: nothing was read.");
  return kept.filter((one) => one !== null);
}

function headOf(line: string): { format?: unknown; version?: unknown; log?: unknown; annotator?: string; answers?: number } | null {
  try {
    return JSON.parse(line) as ReturnType<typeof headOf>;
  } catch {
    return null;
  }
}
