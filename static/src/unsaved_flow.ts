// Answers on their way to the disk: kept before they are sent, forgotten when they are answered, given again when a
// server is there again, be it another run of the program, and carried to another browser as a file.

import { counted } from "./panels/format";
import type { ServerMessage } from "./protocol_messages";
import type { FlowWorld } from "./queue_flow";
import { fileName, offer } from "./saving";
import { whereabouts, type State, type StoredMessage, type Target } from "./state";
import { fileOf, isSameQuestion, readdressed, readFile, type Home, type Unsaved, type Where } from "./unsaved";

export class UnsavedFlow {
  /** Those that are given again, one after the other: the first of them is on its way. */
  private giving: StoredMessage[] = [];

  constructor(
    private readonly world: FlowWorld,
    private readonly unsaved: Unsaved,
  ) {}

  /** To be called before the answer is sent. */
  keep(message: StoredMessage): void {
    const state = this.world.state();
    const { hello } = state;
    if (!hello) return;
    const where = whereOf(state, message);
    this.unsaved.keep(hello, { order: this.unsaved.next(), table: hello.table_version, run: hello.run, where, message });
  }

  /** A message came; with `hello` all that is not saved is given again. */
  heard(message: ServerMessage): void {
    const { hello } = this.world.state();
    if (hello && (message.type === "saved" || message.type === "failed") && message.request !== null) {
      if (message.type === "saved" || !message.again) this.settle(hello, message.request, message.type === "saved");
      this.giveNextAfter(message.request);
    }
    if (message.type === "hello") this.giveAgain();
  }

  /** All that is not saved, as a file. */
  save(): void {
    const { hello } = this.world.state();
    if (!hello) return;
    const text = fileOf(hello, this.unsaved.of(hello));
    offer(new Blob([text], { type: "application/x-ndjson" }), `${fileName(this.world.state())}-not-saved.jsonl`);
  }

  /** Give the answers of such a file. */
  async read(file: Blob): Promise<void> {
    const { hello } = this.world.state();
    if (!hello) return;
    try {
      const kept = readFile(await file.text(), hello);
      for (const one of kept) this.unsaved.keep(hello, { ...one, order: this.unsaved.next() });
      this.giveAgain();
    } catch (error) {
      this.world.dispatch({ type: "problem", text: (error as Error).message });
    }
  }

  /** Give up those that cannot be given, or were given and could not be stored. */
  forget(): void {
    const { hello, stranded, held } = this.world.state();
    if (hello) this.drop(hello, [...stranded, ...held]);
  }

  private drop(home: Home, requests: readonly string[]): void {
    for (const request of requests) this.unsaved.drop(home, request);
    this.giving = this.giving.filter(({ request }) => !requests.includes(request));
    if (requests.length) this.world.dispatch({ type: "unsaved-forgotten", requests });
  }

  /** An answer is stored or refused for good. Once it counts, what was answered there before is not given after it. */
  private settle(home: Home, request: string, saved: boolean): void {
    const all = this.unsaved.of(home);
    const own = all.find((kept) => kept.message.request === request);
    this.unsaved.drop(home, request);
    const takesBack = own?.message.type === "label" && own.message.class === null;
    if (!own || !(saved || takesBack)) return;
    const before = all.filter((kept) => kept.order < own.order && isSameQuestion(kept, own));
    this.drop(home, before.map((kept) => kept.message.request));
  }

  private giveAgain(): void {
    const { hello, unsaved, held } = this.world.state();
    if (!hello) return;
    const messages: StoredMessage[] = [];
    const stranded: string[] = [];
    for (const kept of this.unsaved.of(hello)) {
      const message = readdressed(kept, hello);
      if (message) messages.push(message);
      else if (kept.message.type === "skip") this.unsaved.drop(hello, kept.message.request); // no answer: it may be asked anew
      else stranded.push(kept.message.request);
    }
    this.giving = hello.reads_only ? [] : messages;
    const waiting = hello.reads_only ? messages.map((message) => message.request) : [];
    const news = this.giving.filter(({ request }) => !(request in unsaved) && !held.includes(request)).length;
    const text = news ? `saving ${counted(news, "answer")} of before` : "";
    this.world.dispatch({ type: "unsaved-found", messages: this.giving, stranded, held: waiting, text });
    this.giveFirst();
  }

  /** The next one waits for the answer to the one before: what is embedded first would be done after it. */
  private giveNextAfter(request: string): void {
    const first = this.giving[0]?.request === request;
    this.giving = this.giving.filter((message) => message.request !== request);
    if (first) this.giveFirst();
  }

  private giveFirst(): void {
    if (this.giving.length) this.world.send(this.giving[0]);
  }
}

/** Where what the answer is about lies; null where it is about no place or the page does not know. */
function whereOf(state: State, message: StoredMessage): Where | null {
  const target = "target" in message ? message.target : null;
  if (!target) return null;
  if ("position_nm" in target) return target;
  const named: Target = "row" in target ? { kind: "row", row: target.row } : { kind: "place", place: target.place };
  const place = whereabouts(state, named);
  return place && { position_nm: place.position_nm, segment_id: place.segment_id };
}
