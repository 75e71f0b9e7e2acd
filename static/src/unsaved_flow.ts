// Answers on their way to the disk: kept before they are sent, forgotten when they are answered, given again when a
// server is there again, be it another run of the program, and carried to another browser as a file.

import { counted } from "./panels/format";
import type { ClientMessage, ServerMessage } from "./protocol";
import type { FlowWorld } from "./queue_flow";
import { fileName, offer } from "./saving";
import { whereabouts, type State, type StoredMessage, type Target } from "./state";
import { fileOf, readdressed, readFile, type Unsaved, type Where } from "./unsaved";

const STORED: ReadonlySet<string> = new Set(["label", "mark", "accept", "review", "adjudicate", "skip", "comment"]);

export function isStored(message: ClientMessage): message is StoredMessage {
  return STORED.has(message.type) || message.type.endsWith("-class");
}

export class UnsavedFlow {
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
    this.unsaved.keep(hello, { order: this.unsaved.next(), table: hello.table_version, run: hello.viewer_url, where, message });
  }

  /** A message came; with `hello` all that is not saved is given again. */
  heard(message: ServerMessage): void {
    const { hello } = this.world.state();
    if (hello && (message.type === "saved" || message.type === "failed") && message.request !== null)
      this.unsaved.drop(hello, message.request);
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
      for (const one of kept) this.unsaved.keep(hello, one);
      this.giveAgain();
    } catch (error) {
      this.world.dispatch({ type: "problem", text: (error as Error).message });
    }
  }

  /** Give up those that cannot be given. */
  forget(): void {
    const { hello, stranded } = this.world.state();
    if (!hello) return;
    for (const request of stranded) this.unsaved.drop(hello, request);
    this.world.dispatch({ type: "unsaved-forgotten" });
  }

  private giveAgain(): void {
    const { hello, unsaved } = this.world.state();
    if (!hello) return;
    const messages: StoredMessage[] = [];
    const stranded: string[] = [];
    for (const kept of this.unsaved.of(hello)) {
      const message = readdressed(kept, hello);
      if (message) messages.push(message);
      else if (kept.message.type === "skip") this.unsaved.drop(hello, kept.message.request); // no answer: it may be asked anew
      else stranded.push(kept.message.request);
    }
    const news = messages.filter((message) => !(message.request in unsaved)).length;
    this.world.dispatch({ type: "unsaved-found", messages, stranded, text: news ? `saving ${counted(news, "answer")} of before` : "" });
    for (const message of messages) this.world.send(message);
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
