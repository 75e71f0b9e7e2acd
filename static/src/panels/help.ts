// The list of keys and mouse moves, opened by "?".

import { byId, element } from "../element";
import type { State } from "../state";
import { taskOf } from "../state";
import type { TaskSpec } from "../protocol";
import { whenChanged } from "./panel";

type Line = readonly [keys: string, meaning: string];

const VIEWER: readonly Line[] = [
  ["Alt + click", "embed the place under the mouse and show what the model believes"],
  ["double click", "select or deselect the cell"],
  ["right click", "centre the view there"],
];
const SCATTER: readonly Line[] = [
  ["drag", "lasso: select the points inside"],
  ["Shift / Alt + drag", "add to the selection / take away from it"],
  ["click", "choose a point and fly the viewer there"],
  ["Space + drag, middle button", "move"],
  ["wheel, + and -", "zoom"],
  ["Home", "show all points"],
];
const ALL: readonly Line[] = [
  ["X", "take the label back"],
  ["Ctrl + Z", "undo"],
  ["Ctrl + Shift + Z, Ctrl + Y", "redo"],
  ["Esc", "clear the selection"],
  ["?", "this list"],
];

function table(title: string, lines: readonly Line[]): HTMLElement {
  const rows = lines.map(([keys, meaning]) =>
    element("tr", {}, element("th", { scope: "row" }, keys), element("td", {}, meaning)),
  );
  return element("table", {}, element("caption", {}, title), element("tbody", {}, ...rows));
}

export function helpPanel(): { update(state: State): void; open(): void } {
  const dialog = byId<HTMLDialogElement>("help");
  const content = element("div", { class: "tables" });
  const close = element("button", { type: "button", class: "plain", onclick: () => dialog.close() }, "Close");
  dialog.append(
    element("h2", { id: "help-title" }, "Keys and mouse"),
    element(
      "p",
      {},
      "With the mouse over the viewer, keys label the place under it; elsewhere they label what the card names.",
    ),
    content,
    close,
  );
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  const build = whenChanged((task: TaskSpec | null) => {
    const labels = task?.classes.map((spec): Line => [spec.key, `label as ${spec.name}`]) ?? [];
    content.replaceChildren(
      element("div", {}, table("In the viewer", VIEWER), table("In the scatter", SCATTER)),
      table("Everywhere", [...labels, ...ALL]),
    );
  });
  return { update: (state) => build(taskOf(state)), open: () => dialog.showModal() };
}
