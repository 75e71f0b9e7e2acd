// The kept layouts that are not shown, to be deleted: each is asked about first, in its own line.

import { element, setText } from "../element";
import type { LayoutsFlow } from "../layouts_flow";
import type { KeptLayout, Layouts } from "../protocol_layouts";
import type { KeptView } from "../protocol_views";
import type { State } from "../state";
import { viewFrom } from "../view";
import { counted } from "./format";
import { whenChanged } from "./panel";

export interface KeptLayouts {
  readonly element: HTMLElement;
  update(state: State): void;
  /** Ask no more whether to delete one; false if nothing was asked. */
  cancel(): boolean;
}

export function keptLayouts(flow: LayoutsFlow, nameOf: (kept: KeptLayout) => string): KeptLayouts {
  const summary = element("summary", {});
  const list = element("ul", {});
  const host = element("details", { class: "kept" }, summary, list);
  let asked: string | null = null;
  let now: State | null = null;

  const build = whenChanged((layouts: Layouts | null, views: readonly KeptView[], question: string | null) => {
    const others = layouts?.kept.filter(({ stamp }) => stamp !== layouts.shown) ?? [];
    const held = list.contains(document.activeElement);
    host.hidden = !others.length;
    setText(summary, `${counted(others.length, "other layout")} kept`);
    list.replaceChildren(...others.map((kept) => (kept.stamp === question ? sure(kept, viewsOf(views, kept.stamp)) : line(kept))));
    if (held) (list.querySelector<HTMLElement>(".keep") ?? summary).focus();
  });
  const show = (question: string | null): void => {
    asked = question;
    if (now) build(now.layouts, now.views, asked);
  };

  function line(kept: KeptLayout): HTMLElement {
    const name = nameOf(kept);
    const ask = element("button", { type: "button", class: "quiet", title: "Delete it", "aria-label": `Delete the layout ${name}`, onclick: () => show(kept.stamp) }, "×");
    return element("li", {}, element("span", { title: name }, name), ask);
  }

  function sure(kept: KeptLayout, views: number): HTMLElement {
    const lost = views ? ` ${counted(views, "saved view")} of it will be shown without the scatter's frame.` : "";
    const text = element("p", {}, `Delete ${nameOf(kept)} for everybody? To have it again, fit it with the same settings.${lost}`);
    const yes = element("button", { type: "button", onclick: () => flow.drop(kept.stamp) }, "Delete");
    const no = element("button", { type: "button", class: "keep", onclick: () => show(null) }, "Keep");
    return element("li", { class: "question" }, text, element("span", { class: "buttons" }, yes, no));
  }

  return {
    element: host,
    update: (state) => {
      now = state;
      if (!state.layouts?.kept.some(({ stamp }) => stamp === asked)) asked = null;
      build(state.layouts, state.views, asked);
    },
    cancel: () => {
      const was = asked !== null;
      if (was) show(null);
      return was;
    },
  };
}

/** How many saved views are of a layout. */
export function viewsOf(views: readonly KeptView[], stamp: string): number {
  return views.filter(({ view }) => stampOf(view) === stamp).length;
}

function stampOf(text: string): string | null {
  try {
    return viewFrom(text).stamp;
  } catch {
    return null;
  }
}
