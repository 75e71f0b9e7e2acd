// What a panel is: something built once, then told each new state.

import type { Filter } from "../listing_store";
import type { XYZ } from "../protocol";
import type { Verdict as Review } from "../protocol_listing";
import type { ClassChange } from "../protocol_classes";
import type { Mark } from "../protocol_queue";
import type { Growth } from "../protocol_selection";
import type { Saved } from "../saving";
import type { Target } from "../state";
import type { Event } from "../store";
import type { Verdict } from "../people_store";

export interface Actions {
  /** Change the page's own state. */
  dispatch(event: Event): void;
  /** Label the target with a class of the active task, or take its label back (null). */
  label(target: Target, classIndex: number | null): void;
  /** Label the target without being asked what is meant by another class than another annotator's. */
  state(target: Target, classIndex: number): void;
  /** Answer something else than a class. */
  mark(target: Target, kind: Mark): void;
  /** Start or leave the labelling queue, and go through it. */
  toggleQueue(): void;
  skip(): void;
  back(): void;
  forward(): void;
  /** Propose to label what is like the target, or (null) what is selected. */
  propose(target: Target | null): void;
  /** Label what the proposal under review holds. */
  accept(): void;
  /** Carry answers that are not saved away as a file, give those of such a file, or give up those that cannot be given. */
  saveUnsaved(): void;
  readUnsaved(file: Blob): void;
  forgetUnsaved(): void;
  /** Try again to fetch what could not be fetched of a published release. */
  refetch(): void;
  undo(): void;
  redo(): void;
  switchTask(name: string): void;
  /** Change the classes of the active task. */
  changeClass(change: ClassChange): void;
  clear(): void;
  /** Select what follows from the selection; go through earlier selections. */
  grow(how: Growth): void;
  selectionStep(back: boolean): void;
  /** Select what lies in the viewer's field, or add it; the scatter follows the viewer no more. */
  selectHere(add: boolean): void;
  /** Run the encoder at the target's position. */
  embed(target: Target): void;
  /** Show how good the head is, or hide it; and one step back out of it. */
  evaluation(): void;
  leaveEvaluation(): void;
  /** Confirm the likely label error on screen; false if there is none. */
  confirmShown(): boolean;
  /** Show who labels, or hide it; decide what a conflict on screen is; go to another one. */
  people(): void;
  decide(answer: Verdict): void;
  turnConflict(by: -1 | 1): void;
  /** Show the labelled places as a list, with another filter than before, or hide it; and go through it. */
  places(filter?: Filter): void;
  step(by: 1 | -1): void;
  /** Begin to write a comment on what the keys label; store what was written (null: leave it). */
  comment(): void;
  commented(text: string | null): void;
  /** Agree or disagree with the label there. */
  review(verdict: Review): void;
  fly(position_nm: XYZ): void;
  /** Show what is like the target, or close it; and go through it. */
  similar(): void;
  similarToSelection(): void;
  stepAlike(by: 1 | -1): void;
  /** Take the selection as the first of two to compare; and close the comparison. */
  compare(): void;
  closeComparison(): void;
  /** Select the points of the cell with this id and show them; false if there is none. */
  findCell(text: string): boolean;
  find(): void;
  nextTool(): void;
  save(kind: Saved): void;
  /** Make a link to what is on screen; show the saved views, or hide them. */
  link(): void;
  views(): void;
  /** Show the points in other colours beside, or no more. */
  beside(): void;
  /** Show the selected points as large as they can be. */
  zoomToSelection(): void;
  /** Find and show clusters, or close them. */
  clusters(): void;
  /** Let the scatter follow the viewer, or no more. */
  follow(): void;
  /** Keep the card of the point under the pointer, or of the target; or take it away. */
  pin(): void;
  help(): void;
}

/** Run `update` only when one of the values that it shows has changed. */
export function whenChanged<T extends readonly unknown[]>(update: (...values: T) => void): (...values: T) => void {
  let last: T | null = null;
  return (...values) => {
    if (last && values.every((value, i) => value === last?.[i])) return;
    last = values;
    update(...values);
  };
}
