// The labelling queue at work: keys become messages, the next place is shown at once and those after it are fetched.

import type { Effect } from "./effects";
import type { ViewerBridge } from "./neuroglancer";
import type { Points } from "./protocol";
import type { ClientMessage } from "./protocol_messages";
import type { Mark, QueueItem } from "./protocol_queue";
import { fixed, itemOf, type Queue } from "./queue";
import { rememberedQueue, rememberQueue, type TabShelf } from "./queue_memory";
import { newRequest } from "./request";
import { addressOf, classesOf, classIdOf, taskOf, type State, type StoredMessage, type Target } from "./state";
import type { Event } from "./store";
import { Stopwatch } from "./stopwatch";
import { closenessFor, partsOf, reachOf } from "./surfaces";

const ASKED_AT_ONCE = 20;
const FEWEST_AHEAD = 6;
const FETCHED_AHEAD = 3;
const HELD_MOST = 20_000;

export interface FlowWorld {
  state(): State;
  dispatch(event: Event): void;
  /** False when there is no connection. */
  send(message: ClientMessage): boolean;
}

/** Where the picture of a row is. */
export function pictureOf(state: State, row: number): string {
  return `pictures/${state.hello?.table_version ?? ""}/${row}.png`;
}

export class QueueFlow {
  /** What the server tells this page's requests from those of other pages by. */
  private readonly page = newRequest();
  private readonly watch: Stopwatch;
  private readonly fetched = new Map<number, HTMLImageElement>();
  private pressed: number | null = null;

  constructor(
    private readonly world: FlowWorld,
    private readonly bridge: ViewerBridge,
    private readonly shelf: TabShelf | null,
  ) {
    this.watch = new Stopwatch({
      now: () => performance.now(),
      picture: (url) => decoded(url),
      viewerReady: () => bridge.loaded,
      drawn: () => bridge.drawn(),
      pause: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
    });
  }

  /** Start the queue of the active task, or leave it. */
  toggle(): void {
    if (this.world.state().queue) return this.leave();
    this.world.dispatch({ type: "queue-started" });
  }

  leave(): void {
    this.world.dispatch({ type: "queue-left" });
  }

  /** Give the target a class, or take its label back; after an answer to the queue's item the next one is shown. */
  label(target: Target, classIndex: number | null): void {
    const [task, provenance] = [this.world.state().task, this.provenance(target)];
    const address = addressOf(target);
    const given = classIndex === null ? null : classIdOf(this.world.state(), classIndex);
    this.store(
      { type: "label", request: newRequest(), task, class: given, target: address, provenance },
      target,
      classIndex !== null,
    );
  }

  mark(target: Target, kind: Mark): void {
    const [task, provenance] = [this.world.state().task, this.provenance(target)];
    const address = addressOf(target);
    this.store({ type: "mark", request: newRequest(), task, kind, target: address, provenance }, target, true);
  }

  /** Go on without an answer to the queue's item; it comes again when nothing else is left. */
  skip(): void {
    const { queue, task } = this.world.state();
    const item = itemOf(this.world.state());
    if (!queue || !item) return;
    const target: Target = { kind: "row", row: item.row };
    const provenance = item.strategy === "audit" ? "audit" : "queue";
    this.store({ type: "skip", request: newRequest(), task, row: item.row, provenance }, target, true);
  }

  back(): void {
    const { queue } = this.world.state();
    if (queue) this.move(this.onItem() ? queue.at - 1 : queue.at);
  }

  forward(): void {
    const { queue } = this.world.state();
    if (queue) this.move(this.onItem() ? Math.max(queue.at, Math.min(queue.at + 1, queue.seen - 1)) : queue.at);
  }

  /** Ask for what is to come, show what there is, and fetch what follows. */
  readonly follow: Effect = (state, before) => {
    const { queue } = state;
    if (!queue && isReady(state) && before && !isReady(before)) return this.resume();
    if (queue !== before?.queue && before) rememberQueue(this.shelf, state);
    if (!queue !== !before?.queue) this.enter(queue !== null);
    if (!queue) return;
    if (this.wants(state, before, queue)) this.ask(state, queue);
    const item = itemOf(state);
    if (!item) return;
    const other = item.row !== (before && itemOf(before))?.row;
    if (other) this.show(state, item);
    else if (state.prediction !== before?.prediction && !this.watch.running) this.expect(state);
    if (other || queue.items !== before?.queue?.items) this.fetchAhead(state, queue);
  };

  /** After a reload the queue goes on where it was. */
  private resume(): void {
    const items = rememberedQueue(this.shelf, this.world.state());
    if (items) this.world.dispatch({ type: "queue-started", items });
  }

  private enter(running: boolean): void {
    this.bridge.guessAhead(!running);
    this.bridge.camera.forget();
    if (running) return;
    this.watch.stop();
    this.bridge.arrive();
    this.bridge.arrived();
  }

  private store(message: StoredMessage, target: Target, answers: boolean): void {
    const { queue } = this.world.state();
    const goesOn = queue !== null && answers && this.isItem(target);
    this.pressed = performance.now();
    if (!this.world.send(message)) return;
    this.world.dispatch({ type: "sent-to-store", message });
    if (goesOn) this.world.dispatch({ type: "queue-moved", to: queue.at + 1 });
  }

  private move(to: number): void {
    this.pressed = performance.now();
    this.world.dispatch({ type: "queue-moved", to });
  }

  private isItem(target: Target): boolean {
    return target.kind === "row" && target.row === itemOf(this.world.state())?.row;
  }

  private onItem(): boolean {
    const { target, queue } = this.world.state();
    return target === null ? queue?.at === queue?.items.length : this.isItem(target);
  }

  private provenance(target: Target): "key" | "queue" | "audit" {
    const item = itemOf(this.world.state());
    if (!item || !this.isItem(target)) return "key";
    return item.strategy === "audit" ? "audit" : "queue";
  }

  /** At the start, with new predictions, after a lost connection, and when few are left. */
  private wants(state: State, before: State | null, queue: Queue): boolean {
    if (state.connection !== "open") return false;
    const started = before?.queue?.task !== queue.task || (queue.items.length === 0 && !queue.request && !queue.dry);
    const renewed = predicted(state.points, queue) !== predicted(before?.points ?? null, queue);
    const welcomed = state.hello !== before?.hello;
    const few = !queue.request && !queue.dry && queue.items.length - queue.at < FEWEST_AHEAD;
    return started || renewed || welcomed || few;
  }

  private ask(state: State, queue: Queue): void {
    const request = newRequest();
    const held = queue.items.slice(0, fixed(queue)).map((item) => item.row);
    const sent = this.world.send({
      type: "queue",
      request,
      page: this.page,
      task: queue.task,
      count: ASKED_AT_ONCE,
      held: held.slice(-HELD_MOST),
      renew: queue.items.slice(queue.at, queue.at + 2).map((item) => item.row),
      near_nm: itemOf(state)?.position_nm ?? null,
    });
    if (sent) this.world.dispatch({ type: "queue-asked", request });
  }

  /** Show a place; once it is there, what was put off for it is done, and the one after it is fetched. */
  private show(state: State, item: QueueItem): void {
    const { bridge } = this;
    bridge.arrive();
    this.look(state, item);
    const pressed = this.pressed ?? performance.now();
    const counts = this.pressed !== null;
    this.pressed = null;
    void this.watch.time(pressed, pictureOf(state, item.row)).then(({ milliseconds, overtaken }) => {
      if (overtaken) return;
      if (milliseconds !== null && counts) this.world.dispatch({ type: "next-ready", milliseconds });
      bridge.arrived();
      this.expect(this.world.state());
    });
  }

  /** Bring the viewer to the place, close enough for what is asked, unless the user has chosen how close. */
  private look(state: State, item: QueueItem): void {
    const { hello, rows } = state;
    if (!hello) return;
    const reach_nm = rows ? reachOf(item.segment_id, rows, item.position_nm) : 0;
    this.bridge.camera.suggest(closenessFor(taskOf(state)?.unit ?? "node", reach_nm), hello.resolution_nm);
    this.bridge.camera.jumpTo(item.position_nm, hello.resolution_nm);
  }

  /** Let the viewer fetch the next place, with the surface of its cell. */
  private expect(state: State): void {
    const { hello, queue, rows, prediction } = state;
    const next = queue?.items[queue.at + 1];
    if (!hello || !next || !rows || !prediction) return;
    const classes = classesOf(state, prediction.task);
    const parts = partsOf([next.segment_id], rows, prediction, classes, state.hidden);
    this.bridge.expect(next.position_nm, hello.resolution_nm, parts);
  }

  private fetchAhead(state: State, queue: Queue): void {
    const rows = queue.items.slice(queue.at + 1, queue.at + 1 + FETCHED_AHEAD).map((item) => item.row);
    if (rows.every((row) => this.fetched.has(row))) return;
    for (const row of rows) {
      if (this.fetched.has(row)) continue;
      const image = new Image();
      image.src = pictureOf(state, row);
      this.fetched.set(row, image);
      if (this.fetched.size > 2 * FETCHED_AHEAD + 1) this.fetched.delete(this.fetched.keys().next().value as number);
    }
    this.world.send({ type: "ahead", request: newRequest(), rows });
  }
}

/** Whether a place can be shown with all that belongs to it. */
function isReady({ points, rows, viewerReady }: State): boolean {
  return points !== null && rows !== null && viewerReady;
}

function predicted(points: Points | null, queue: Queue): string {
  return points?.task === queue.task ? points.stamp : "";
}

function decoded(url: string): Promise<void> {
  const image = new Image();
  image.src = url;
  return image.decode();
}
