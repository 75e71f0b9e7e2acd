// What a new segmentation made of older labels: one sentence when the project opens, with a way to each kind of place.

import { byId, element } from "../element";
import { NO_FILTER } from "../listing_store";
import type { Attached, PlaceState } from "../protocol_listing";
import type { State } from "../state";
import { count } from "./format";
import { whenChanged, type Actions } from "./panel";

const SHOWN: readonly (readonly ["conflict" | "lost" | "moved", string])[] = [
  ["conflict", "conflicts"],
  ["lost", "without a segment"],
  ["moved", "on another segment"],
];

export function attachedNotice(actions: Actions): (state: State) => void {
  const host = byId("toasts");
  let notice: HTMLElement | null = null;
  const build = whenChanged((attached: Attached | null) => {
    notice?.remove();
    notice = attached && noticeOf(attached, actions);
    if (notice) host.append(notice);
  });
  return (state) => build(state.attached);
}

function noticeOf(attached: Attached, actions: Actions): HTMLElement {
  const read = (): void => actions.dispatch({ type: "attached-read" });
  const show = (state: PlaceState): void => {
    read();
    actions.places({ ...NO_FILTER, states: [state] });
  };
  const buttons = SHOWN.filter(([state]) => attached[state]).map(([state, name]) =>
    element("button", { type: "button", onclick: () => show(state) }, `Show ${count(attached[state])} ${name}`),
  );
  const text = `${attached.text[0].toUpperCase()}${attached.text.slice(1)}.`;
  const close = element("button", { type: "button", class: "quiet", "aria-label": "Dismiss", onclick: read }, "×");
  const said = element("div", {}, element("span", {}, text), element("div", { class: "buttons" }, ...buttons));
  return element("div", { class: "toast notice" }, said, close);
}
