// The saved views: shown with a click, saved under a name; what a view is of that is not shown now is said beside it.

import { byId, element, setText } from "../element";
import { keyName } from "../keys";
import type { LayoutsFlow } from "../layouts_flow";
import type { KeptView } from "../protocol_views";
import { keysOf, type State } from "../state";
import { viewFrom, type View } from "../view";
import type { ViewFlow } from "../view_flow";
import { dayAndTime } from "./format";
import { whenChanged } from "./panel";

const LONGEST_NAME = 80;

export function viewsPanel(flow: ViewFlow, layouts: LayoutsFlow): (state: State) => void {
  const host = byId("views");
  const opener = element("button", { type: "button", "aria-haspopup": "true", onclick: () => flow.toggle() }, "Views");
  byId("explore").append(opener);
  const close = element("button", { type: "button", class: "quiet", "aria-label": "Close", title: "Close (Esc)", onclick: () => shut() }, "×");
  const list = element("ul", {});
  const none = element("p", { class: "empty" }, "No view is saved yet. A view brings back task, colours, hidden classes, selection, and both cameras.");
  const name = element("input", { type: "text", maxlength: LONGEST_NAME, placeholder: "Name of this view", "aria-label": "Name of this view", autocomplete: "off", spellcheck: "false" });
  const save = element("button", { type: "submit" }, "Save");
  const form = element("form", {}, name, save);
  const link = element("button", { type: "button", title: "Copy an address that shows this; it holds no token", onclick: () => flow.link() }, "Copy link");
  host.append(element("header", {}, element("h2", { id: "views-title" }, "Views"), link, close), list, none, form);
  const shut = (): void => {
    flow.toggle();
    opener.focus();
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    flow.save(name.value);
    name.value = "";
  });
  host.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    if (event.target === name && name.value) name.value = "";
    else shut();
  });
  let now: State | null = null;
  const replaces = (): void => {
    const same = now?.views.some((view) => view.name === name.value.trim() && view.by === now?.hello?.annotator);
    setText(save, same ? "Replace" : "Save");
  };
  name.addEventListener("input", replaces);
  const build = whenChanged((views: readonly KeptView[], shown: string | undefined, me: string | undefined, _kept: unknown) => {
    list.replaceChildren(...views.map((kept) => line(kept, shown, me)));
    none.hidden = views.length > 0;
  });

  function line(kept: KeptView, shown: string | undefined, me: string | undefined): HTMLElement {
    const view = readable(kept);
    const show = element("button", { type: "button", class: "show", onclick: () => flow.show(kept) }, element("span", {}, kept.name), element("small", {}, summary(kept, view, me)));
    show.title = view ? `Show ${kept.name}` : "It was made by another version, and cannot be read";
    show.disabled = view === null;
    const parts: HTMLElement[] = [show];
    if (view && shown !== undefined && view.stamp !== shown) parts.push(otherLayout(view.stamp));
    if (kept.by === me) parts.push(element("button", { type: "button", class: "quiet", "aria-label": `Delete the view ${kept.name}`, title: "Delete it", onclick: () => flow.drop(kept.name) }, "×"));
    return element("li", {}, ...parts);
  }

  function otherLayout(stamp: string): HTMLElement {
    const there = stamp === "" || now?.layouts?.kept.some((each) => each.stamp === stamp);
    const chip = element("button", { type: "button", class: "chip", disabled: !there, onclick: () => layouts.show(stamp) }, there ? "other layout" : "layout gone");
    chip.title = there ? "It is of another layout: show that one, to everybody" : "Its layout is not kept any more: the scatter's frame is not brought back";
    return chip;
  }

  return (state) => {
    const opened = state.viewsOpen && now?.viewsOpen !== true;
    now = state;
    opener.setAttribute("aria-expanded", String(state.viewsOpen));
    opener.title = `Saved views of the page, and a link to this one (${keyName(keysOf(state)?.views ?? "comma")})`;
    host.hidden = !state.viewsOpen;
    build(state.views, state.layouts?.shown, state.hello?.annotator, state.layouts?.kept);
    replaces();
    if (opened) name.focus();
  };
}

function summary(kept: KeptView, view: View | null, me: string | undefined): string {
  const who = kept.by === me ? "" : `${kept.by} · `;
  return `${view ? `${view.task} · ` : ""}${who}${dayAndTime(kept.at)}`;
}

function readable(kept: KeptView): View | null {
  try {
    return viewFrom(kept.view);
  } catch {
    return null;
  }
}
