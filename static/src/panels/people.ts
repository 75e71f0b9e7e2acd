// Who labels, where they disagree, and which labels train: a sheet over scatter, legend and card.

import { byId, element } from "../element";
import type { PeopleFlow } from "../people_flow";
import type { PeopleSheet, PeopleView } from "../people_store";
import type { State } from "../state";
import { whenChanged } from "./panel";
import { conflictsView } from "./people_conflicts";
import { peopleView } from "./people_list";
import { trainingView } from "./people_training";

export function peoplePanel(flow: PeopleFlow): (state: State) => void {
  const host = byId("people");
  const close = element("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: () => flow.toggle() }, "×");
  close.title = "Close (Esc)";
  const tabs = element("div", { class: "segmented", role: "group", "aria-label": "Parts of the panel" });
  const body = element("div", { class: "sheet-body" });
  host.append(element("header", {}, element("h2", { id: "people-title" }, "People"), close), tabs, body);
  let now: State | null = null;

  const build = whenChanged((people: PeopleSheet, _hello: State["hello"]) => {
    if (!now) return;
    const top = body.dataset["shown"] === people.view ? body.scrollTop : 0;
    const focused = (document.activeElement as HTMLElement | null)?.dataset["key"];
    tabs.replaceChildren(...tabButtons(people, flow));
    body.replaceChildren(...content(now, people, flow));
    body.dataset["shown"] = people.view;
    body.scrollTop = top;
    if (focused) host.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  });

  return (next) => {
    const opened = next.people?.open === true && now?.people?.open !== true;
    now = next;
    host.hidden = !next.people?.open;
    if (!next.people?.open) return;
    build(next.people, next.hello);
    if (opened) tabs.querySelector<HTMLElement>("button")?.focus();
  };
}

function tabButtons(people: PeopleSheet, flow: PeopleFlow): HTMLElement[] {
  const { conflicts } = people;
  const chosen = people.people && !people.people.training.is_usual ? " (a part)" : "";
  const tab = (text: string, view: PeopleView): HTMLElement => {
    const shown = String(people.view === view);
    const made = element("button", { type: "button", "aria-pressed": shown, onclick: () => flow.show(view) }, text);
    made.dataset["key"] = `tab ${view}`;
    return made;
  };
  return [
    tab("Annotators", "people"),
    tab(conflicts ? `Conflicts (${conflicts.total})` : "Conflicts", "conflicts"),
    tab(`What trains${chosen}`, "training"),
  ];
}

function content(state: State, people: PeopleSheet, flow: PeopleFlow): HTMLElement[] {
  switch (people.view) {
    case "people":
      return people.people ? peopleView(people.people, people.agreement, state.hello?.annotator ?? "") : [];
    case "conflicts":
      return people.conflicts ? conflictsView(state, people, people.conflicts, flow) : [];
    case "training":
      return people.people ? trainingView(people.people.training, people.training !== null, flow) : [];
  }
}
