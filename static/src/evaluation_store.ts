// The evaluation panel's part of the state: what the server has answered, and what of it is on screen.

import type { EvaluationReady, LabelInfo, Suspect } from "./protocol_evaluation";
import { leftPeople } from "./people_store";
import type { ClassSpec } from "./protocol_classes";
import { classesOf, type State, type StoredMessage, type Target } from "./state";

/** What is shown: the figures, the classes, the labels in one cell of the confusion matrix, or one likely error. */
export type View =
  | { readonly kind: "figures" }
  | { readonly kind: "classes" }
  | { readonly kind: "cell"; readonly given: number; readonly predicted: number }
  | { readonly kind: "suspect"; readonly at: number };

/** What the user has said of a label since: another class, no class (null), or that it stays. */
export interface Answer {
  readonly request: string;
  readonly class: number | null | "confirmed";
}

export interface Evaluation {
  readonly task: string;
  readonly open: boolean;
  /** The newest question, null once it is answered. */
  readonly request: string | null;
  readonly ready: EvaluationReady | null;
  readonly view: View;
  /** By uuid of the label's event. */
  readonly answers: Readonly<Record<string, Answer>>;
  /** Another class than another annotator's label (its uuid) has: the user is asked what is meant. */
  readonly asking: { readonly about: string; readonly class: number } | null;
}

export type EvaluationEvent =
  | { type: "evaluation-opened" }
  | { type: "evaluation-asked"; request: string }
  | { type: "evaluation-closed" }
  | { type: "evaluation-shown"; view: View }
  | { type: "evaluation-asks"; asking: Evaluation["asking"] };

export function evaluationReduce(state: State, event: EvaluationEvent): State {
  const evaluation: Evaluation = state.evaluation ?? {
    task: state.task,
    open: false,
    request: null,
    ready: null,
    view: { kind: "figures" },
    answers: {},
    asking: null,
  };
  switch (event.type) {
    case "evaluation-opened":
      return { ...leftPeople(state), evaluation: { ...evaluation, open: true } };
    case "evaluation-asked":
      return { ...state, evaluation: { ...evaluation, request: event.request } };
    case "evaluation-closed":
      return state.evaluation ? { ...state, evaluation: { ...evaluation, open: false, asking: null } } : state;
    case "evaluation-shown":
      return { ...state, evaluation: { ...evaluation, view: event.view, asking: null } };
    case "evaluation-asks":
      return { ...state, evaluation: { ...evaluation, asking: event.asking } };
  }
}

/** The server's answer; those to other pages are passed over. */
export function judged(state: State, ready: EvaluationReady): State {
  const { evaluation } = state;
  if (!evaluation || evaluation.request !== ready.request) return state;
  const view: View = evaluation.view.kind === "suspect" ? { kind: "suspect", at: 0 } : evaluation.view;
  return { ...state, evaluation: { ...evaluation, request: null, ready, view, answers: {}, asking: null } };
}

/** A request was refused: what it said does not hold. */
export function unanswered(evaluation: Evaluation | null, request: string): Evaluation | null {
  if (!evaluation) return null;
  const answers = Object.entries(evaluation.answers).filter(([, answer]) => answer.request !== request);
  return {
    ...evaluation,
    request: evaluation.request === request ? null : evaluation.request,
    answers: Object.fromEntries(answers),
  };
}

/** Something is on its way to be stored: if it is about a label that the panel tells of, the panel remembers it. */
export function answered(state: State, message: StoredMessage): State {
  const { evaluation } = state;
  const about = evaluation?.ready && message.task === evaluation.task ? labelOfMessage(evaluation.ready, message) : null;
  if (!evaluation || !about) return state;
  const classes = classesOf(state, evaluation.task);
  const given =
    message.type === "label" || message.type === "adjudicate"
      ? numberOf(classes, message.class)
      : message.type === "review"
        ? "confirmed"
        : null;
  const answer: Answer = { request: message.request, class: given };
  const next = { ...evaluation, asking: null, answers: { ...evaluation.answers, [about.uuid]: answer } };
  return { ...state, evaluation: { ...next, view: advanced(next, about) } };
}

function numberOf(classes: readonly ClassSpec[], id: string | null): number | null {
  return id === null ? null : classes.findIndex((spec) => spec.id === id);
}

function labelOfMessage(ready: EvaluationReady, message: StoredMessage): LabelInfo | null {
  if (message.type === "adjudicate") return ready.labels.find((label) => label.uuid === message.about) ?? null;
  if (message.type !== "label" && message.type !== "mark" && message.type !== "review") return null;
  const same = (label: LabelInfo): boolean => {
    if (message.type === "review") return label.uuid === message.about;
    if ("row" in message.target) return label.row === message.target.row;
    return "place" in message.target && label.place === message.target.place;
  };
  return ready.labels.find(same) ?? null;
}

/** After an answer to the likely error on screen comes the next one that has none; the last one stays. */
function advanced(evaluation: Evaluation, about: LabelInfo): View {
  const { view } = evaluation;
  if (view.kind !== "suspect" || labelAt(evaluation)?.uuid !== about.uuid) return view;
  const suspects = evaluation.ready?.suspects ?? [];
  const order = [...suspects.keys()].map((i) => (view.at + 1 + i) % suspects.length);
  const open = order.find((at) => !answerTo(evaluation, suspects[at].label));
  return { kind: "suspect", at: open ?? view.at };
}

export function suspectAt(evaluation: Evaluation | null): Suspect | null {
  if (evaluation?.view.kind !== "suspect") return null;
  return evaluation.ready?.suspects[evaluation.view.at] ?? null;
}

/** The label of the likely error on screen. */
export function labelAt(evaluation: Evaluation | null): LabelInfo | null {
  const suspect = suspectAt(evaluation);
  return suspect ? (evaluation?.ready?.labels[suspect.label] ?? null) : null;
}

/** What was said since of the label with this index. */
export function answerTo(evaluation: Evaluation, label: number): Answer | null {
  const uuid = evaluation.ready?.labels[label]?.uuid;
  return uuid === undefined ? null : (evaluation.answers[uuid] ?? null);
}

/** How many likely errors are still to be looked at. */
export function suspectsLeft(evaluation: Evaluation): number {
  return evaluation.ready?.suspects.filter((suspect) => !answerTo(evaluation, suspect.label)).length ?? 0;
}

/** What keys label when the panel names this label; null for a place that is no longer remembered. */
export function targetOf(label: LabelInfo): Target | null {
  if (label.row !== null) return { kind: "row", row: label.row };
  return label.place === null ? null : { kind: "place", place: label.place };
}

export function isAt(label: LabelInfo | null, target: Target | null): boolean {
  if (!label || !target) return false;
  return target.kind === "row" ? target.row === label.row : target.place === label.place;
}

/** The label on screen that the target is; null for what the open panel covers: that is not to be labelled unseen. */
export function labelNamed(evaluation: Evaluation | null, target: Target | null): LabelInfo | null {
  if (!evaluation?.open || !evaluation.ready) return null;
  const { view, ready } = evaluation;
  const suspect = labelAt(evaluation);
  if (view.kind === "suspect") return isAt(suspect, target) ? suspect : null;
  if (view.kind !== "cell") return null;
  const cell = ready.figures?.confusion.find((one) => one.given === view.given && one.predicted === view.predicted);
  const place = cell?.places.find((one) => isAt(ready.labels[one.label], target));
  return place ? ready.labels[place.label] : null;
}

export function namesTarget(evaluation: Evaluation | null, target: Target | null): boolean {
  return labelNamed(evaluation, target) !== null;
}

/** Whether another annotator gave the label with own eyes: a class of one's own stands beside it, not in its stead. */
export function isAnothers(state: State, label: LabelInfo): boolean {
  return label.annotator !== state.hello?.annotator && !["import", "demo"].includes(label.provenance);
}

/** Whether answers were given after the labels that the figures are of. */
export function isStale(state: State): boolean {
  const { evaluation, points, saved } = state;
  const ready = evaluation?.ready;
  if (!ready) return false;
  const newer = saved?.task === ready.task && saved.seq > ready.seq;
  return newer || (points?.task === ready.task && points.stamp !== ready.stamp);
}
