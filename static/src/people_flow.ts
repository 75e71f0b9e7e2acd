// The people's panel at work: questions to the server, flights to conflicts, decisions, and what is to train.

import type { Effect } from "./effects";
import type { ViewerBridge } from "./neuroglancer";
import { beside, conflictShown, keyOf, type PeopleView, type Verdict } from "./people_store";
import type { Conflict, TrainChoice, Training } from "./protocol_annotators";
import type { FlowWorld } from "./queue_flow";
import { newRequest } from "./request";
import { classIdOf, type State } from "./state";

export type TrainList = "annotators" | "provenances" | "reviews";

export class PeopleFlow {
  constructor(
    private readonly world: FlowWorld,
    private readonly bridge: ViewerBridge,
  ) {}

  toggle(): void {
    this.world.dispatch({ type: this.world.state().people?.open ? "people-closed" : "people-opened" });
  }

  show(view: PeopleView): void {
    this.world.dispatch({ type: "people-shown", view });
  }

  /** Have a conflict on screen, and fly there again if it is already. */
  choose(conflict: Conflict): void {
    const again = keyOf(conflict) === this.shownKey();
    this.world.dispatch({ type: "conflict-shown", key: keyOf(conflict) });
    if (again) this.fly(conflict);
  }

  turn(by: -1 | 1): void {
    const { people } = this.world.state();
    const next = people && beside(people, by);
    if (next) this.choose(next);
  }

  /** Settle the conflict on screen; what each annotator said stays in the log. */
  decide(verdict: Verdict): void {
    const { people } = this.world.state();
    const about = conflictShown(people)?.statements[0].uuid;
    if (!people || about === undefined) return;
    const request = newRequest();
    const given = verdict.kind === "label" ? classIdOf(this.world.state(), verdict.class, people.task) : null;
    const message = { type: "adjudicate", request, task: people.task, about, kind: verdict.kind, class: given } as const;
    if (this.world.send(message)) this.world.dispatch({ type: "sent-to-store", message });
  }

  /** Let the labels of one kind train, or leave them out. */
  train(training: Training, list: TrainList, name: string): void {
    const trains = (of: TrainList): readonly string[] | null => {
      const wanted = training[of].filter((option) => option.trains !== (of === list && option.name === name));
      return wanted.length === training[of].length ? null : wanted.map((option) => option.name);
    };
    this.ask({ annotators: trains("annotators"), provenances: trains("provenances"), reviews: trains("reviews") });
  }

  /** Train on what the project file says. */
  trainAsUsual(): void {
    this.ask(null);
  }

  /** The open panel follows every change of the labels and of what trains; each conflict is flown to as it comes. */
  readonly follow: Effect = (state, before) => {
    const { people } = state;
    if (!people?.open || state.connection !== "open") return;
    const opened = before?.people?.open !== true || before.people.task !== people.task || state.hello !== before.hello;
    const changed = (name: "labels" | "points"): boolean => state[name] !== before?.[name];
    if (opened) this.world.send({ type: "agreement", request: newRequest(), task: people.task });
    if (opened || changed("labels") || changed("points")) {
      this.world.send({ type: "people", request: newRequest(), task: people.task });
      this.world.send({ type: "conflicts", request: newRequest(), task: people.task });
    }
    const conflict = conflictShown(people);
    const was = before && conflictShown(before.people);
    if (conflict && (!was || keyOf(was) !== keyOf(conflict))) this.fly(conflict);
  };

  private ask(choice: TrainChoice | null): void {
    const { people } = this.world.state();
    const request = newRequest();
    if (!people || !this.world.send({ type: "train_on", request, task: people.task, choice })) return;
    this.world.dispatch({ type: "train-asked", request });
  }

  private fly(conflict: Conflict): void {
    const state: State = this.world.state();
    if (conflict.row !== null) this.world.dispatch({ type: "target", target: { kind: "row", row: conflict.row } });
    if (state.hello) this.bridge.camera.flyTo(conflict.position_nm, state.hello.resolution_nm);
  }

  private shownKey(): string | null {
    const conflict = conflictShown(this.world.state().people);
    return conflict && keyOf(conflict);
  }
}
