// Clusters at work: found by the server, selected one by one, looked at, and proposed as a class, a new one where it has to be.

import { BY_CLASS, BY_CLUSTER } from "./coloring";
import type { Effect } from "./effects";
import type { ViewerBridge } from "./neuroglancer";
import type { ClusterSettings } from "./protocol_explore";
import type { FlowWorld } from "./queue_flow";
import { newRequest } from "./request";
import { classesOf, taskOf, whereabouts, type State, type StoredMessage } from "./state";

export class ClustersFlow {
  constructor(
    private readonly world: FlowWorld,
    private readonly bridge: Pick<ViewerBridge, "camera">,
  ) {}

  toggle(): void {
    this.world.dispatch({ type: this.world.state().clusters?.open ? "clusters-closed" : "clusters-opened" });
  }

  set(change: Partial<ClusterSettings>): void {
    this.world.dispatch({ type: "clusters-set", change });
  }

  /** Find clusters by the settings as they are. */
  find(): void {
    const { clusters } = this.world.state();
    if (!clusters) return;
    const request = newRequest();
    if (this.world.send({ type: "cluster", request, task: clusters.task, ...clusters.settings })) {
      this.world.dispatch({ type: "clusters-asked", request });
    }
  }

  stop(): void {
    if (this.world.send({ type: "stop-clusters", request: newRequest() })) this.world.dispatch({ type: "clusters-asked", request: null });
  }

  /** Select a cluster's rows; `add` them to the selection instead. */
  choose(cluster: number, add = false): string | null {
    const run = this.world.state().clusters?.ready?.run;
    const request = newRequest();
    const mode = add ? "add" : "replace";
    if (run === undefined || !this.world.send({ type: "select-cluster", request, run, cluster, mode })) return null;
    this.world.dispatch({ type: "cluster-chosen", cluster });
    this.world.dispatch({ type: "selection-asked", request });
    return request;
  }

  /** Colour the scatter by cluster, or by class again. */
  color(): void {
    const name = this.world.state().coloring === BY_CLUSTER ? BY_CLASS : BY_CLUSTER;
    this.world.dispatch({ type: "coloring", name });
  }

  /** Look at an example; keys label it. */
  look(row: number): void {
    this.world.dispatch({ type: "cluster-example", row });
    const state = this.world.state();
    const place = whereabouts(state, { kind: "row", row });
    if (place && state.hello) this.bridge.camera.flyTo(place.position_nm, state.hello.resolution_nm);
  }

  /** Propose the chosen cluster as the class of that name. Nothing is labelled before the proposal is accepted. */
  propose(name: string): void {
    const { clusters } = this.world.state();
    const wanted = name.trim();
    if (clusters?.chosen == null || !wanted) return;
    const selecting = this.choose(clusters.chosen);
    if (selecting !== null) this.world.dispatch({ type: "cluster-naming", naming: { name: wanted, selecting, adding: null } });
  }

  /** What is to be proposed is taken a step further when the step before has been answered. */
  readonly follow: Effect = (state, before) => {
    const naming = state.clusters?.naming;
    if (!naming || state === before) return;
    const isSelected = state.selected?.request === naming.selecting && !state.selected.waiting;
    if (!isSelected) return;
    const index = classesOf(state).findIndex((spec) => spec.name.toLowerCase() === naming.name.toLowerCase());
    if (index >= 0) this.ask(index, state);
    else if (naming.adding === null) this.add(naming.name, state);
  };

  private ask(index: number, state: State): void {
    const request = newRequest();
    this.world.dispatch({ type: "cluster-naming", naming: null });
    if (this.world.send({ type: "propose", request, task: state.task, row: null, rows: [] })) {
      this.world.dispatch({ type: "proposal-asked", request, class: index });
    }
  }

  private add(name: string, state: State): void {
    const task = taskOf(state);
    const naming = state.clusters?.naming;
    if (!task || !naming) return;
    const color = task.free_colors[0] ?? "#999999";
    const message: StoredMessage = { type: "add-class", request: newRequest(), task: task.name, name, color, key: task.free_key };
    if (!this.world.send(message)) return;
    this.world.dispatch({ type: "cluster-naming", naming: { ...naming, adding: message.request } });
    this.world.dispatch({ type: "sent-to-store", message });
  }
}
