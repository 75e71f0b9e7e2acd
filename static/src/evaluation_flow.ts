// The evaluation panel at work: questions to the server, flights to the labels that it names, and what is kept.

import type { Effect } from "./effects";
import { answerTo, isAnothers, labelAt, labelNamed, suspectAt, targetOf, type View } from "./evaluation_store";
import type { ViewerBridge } from "./neuroglancer";
import type { EvaluationReady, LabelInfo } from "./protocol_evaluation";
import type { FlowWorld } from "./queue_flow";
import { newRequest } from "./request";
import { classIdOf, type Target } from "./state";

export class EvaluationFlow {
  private readonly page = newRequest();

  constructor(
    private readonly world: FlowWorld,
    private readonly bridge: ViewerBridge,
  ) {}

  /** Open the panel as it was left, or close it. */
  toggle(): void {
    const { evaluation } = this.world.state();
    if (evaluation?.open) return this.close();
    this.world.dispatch({ type: "evaluation-opened" });
    if (!evaluation?.ready && !evaluation?.request) this.ask();
  }

  close(): void {
    this.world.dispatch({ type: "evaluation-closed" });
  }

  /** From the labels of one cell back to the classes, and from there out of the panel. */
  back(): void {
    if (this.world.state().evaluation?.asking) this.giveUp();
    else if (this.world.state().evaluation?.view.kind === "cell") this.show({ kind: "classes" });
    else this.close();
  }

  ask(): void {
    const request = newRequest();
    const { task } = this.world.state();
    if (!this.world.send({ type: "evaluate", request, page: this.page, task })) return;
    this.world.dispatch({ type: "evaluation-asked", request });
  }

  show(view: View): void {
    this.world.dispatch({ type: "evaluation-shown", view });
  }

  /** Fly to a label; keys label it from now on. */
  fly(label: LabelInfo): void {
    const target = targetOf(label);
    if (target) this.world.dispatch({ type: "target", target });
    this.look(label);
  }

  /** Fly to a label that is only looked at. */
  look(label: LabelInfo): void {
    const { hello } = this.world.state();
    if (hello) this.bridge.camera.flyTo(label.position_nm, hello.resolution_nm);
  }

  /** Another class for another annotator's label on screen can mean two things: ask which. False if it is none. */
  asks(target: Target, classIndex: number | null): boolean {
    const state = this.world.state();
    const label = labelNamed(state.evaluation, target);
    if (!label || classIndex === null || classIndex === label.class || !isAnothers(state, label)) return false;
    this.world.dispatch({ type: "evaluation-asks", asking: { about: label.uuid, class: classIndex } });
    return true;
  }

  /** The class asked about settles what the label's place is; the label stays in the log. */
  decide(): void {
    const state = this.world.state();
    const { evaluation } = state;
    if (!evaluation?.asking) return;
    const { about } = evaluation.asking;
    const given = classIdOf(state, evaluation.asking.class, evaluation.task);
    const request = newRequest();
    const message = { type: "adjudicate", request, task: evaluation.task, about, kind: "label", class: given } as const;
    if (this.world.send(message)) this.world.dispatch({ type: "sent-to-store", message });
  }

  /** No answer to the question. */
  giveUp(): void {
    this.world.dispatch({ type: "evaluation-asks", asking: null });
  }

  /** Confirm the likely error on screen; false if there is none, or something was said of it already. */
  confirmShown(): boolean {
    const { evaluation } = this.world.state();
    const suspect = evaluation?.open && !evaluation.asking ? suspectAt(evaluation) : null;
    const label = labelAt(evaluation);
    if (!evaluation || !suspect || !label || answerTo(evaluation, suspect.label)) return false;
    this.confirm(label);
    return true;
  }

  /** The label has been looked at again, and stays. */
  confirm(label: LabelInfo): void {
    const { evaluation } = this.world.state();
    if (!evaluation) return;
    const request = newRequest();
    const message = { type: "review", request, task: evaluation.task, about: label.uuid, verdict: "agree" } as const;
    if (this.world.send(message)) this.world.dispatch({ type: "sent-to-store", message });
  }

  /** Each likely error is flown to as it comes on screen. */
  readonly follow: Effect = (state, before) => {
    const { evaluation } = state;
    if (!evaluation?.open) return;
    if (!evaluation.ready && !evaluation.request && before?.evaluation?.ready) this.ask(); // the classes are others now
    const label = labelAt(evaluation);
    const was = before?.evaluation?.open ? labelAt(before.evaluation) : null;
    if (label && label !== was) this.fly(label);
  };
}

/** Hand a text to the browser as a file to keep. */
export function download(text: string, name: string, kind: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: kind }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** The whole answer as JSON, to be read by other programs. */
export function jsonOf(ready: EvaluationReady): string {
  return `${JSON.stringify(ready, null, 2)}\n`;
}
