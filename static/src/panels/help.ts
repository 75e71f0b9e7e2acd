// The list of keys and mouse moves, opened by "?".

import { byId, element } from "../element";
import { keyName } from "../keys";
import type { TaskSpec } from "../protocol";
import type { Keys } from "../protocol_queue";
import { keysOf, taskOf, type State } from "../state";
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
const FIXED: readonly Line[] = [
  ["Ctrl + Z", "undo"],
  ["Ctrl + Shift + Z, Ctrl + Y", "redo"],
  ["Esc", "close what is open or leave the queue, else clear the selection"],
  ["?", "this list"],
];

type Named = readonly (readonly [keyof Keys, string])[];
const QUEUE: Named = [
  ["queue", "start it, or leave it"],
  ["skip", "skip the place: it comes again when nothing else is left"],
  ["back", "back to the place before"],
  ["forward", "forward again"],
  ["others", "show or hide the selected cells beside it"],
];
const LABELLING: Named = [
  ["unsure", "answer: one cannot tell"],
  ["bad_segmentation", "answer: the segmentation is wrong here"],
  ["take_back", "take the answer back (also Backspace, Delete)"],
  ["neighbours", "propose to label the places most like this"],
  ["label_selection", "propose to label the selection"],
  ["accept", "accept the proposal"],
  ["comment", "comment on the place"],
  ["agree", "agree with the label of the place"],
  ["disagree", "disagree with it"],
];
const EXPLORING: Named = [
  ["similar", "the points most like this one, as pictures"],
  ["clusters", "find groups of points that look alike"],
  ["follow", "let the points in the viewer's field stand out"],
  ["pin", "keep the card of the point under the pointer, or of the chosen one"],
  ["tool", "the next tool of the scatter"],
  ["find", "find a cell by its id"],
  ["views", "saved views of the page: show one, or save this one"],
];
const PANELS: Named = [
  ["evaluation", "how good is the head?"],
  ["people", "who labels, where they disagree, what trains"],
  ["places", "the labelled places as a list; J, K or arrows go through it"],
];

/** Lines with the keys as the project file has them. */
function configured(keys: Keys | null, lines: Named): readonly Line[] {
  return keys ? lines.filter(([name]) => keys[name] !== "none").map(([name, meaning]) => [keyName(keys[name]), meaning]) : [];
}

function table(title: string, lines: readonly Line[]): HTMLElement {
  const rows = lines.map(([keys, meaning]) =>
    element("tr", {}, element("th", { scope: "row" }, keys), element("td", {}, meaning)),
  );
  return element("table", {}, element("caption", {}, title), element("tbody", {}, ...rows));
}

export function helpPanel(): { update(state: State): void; open(): void } {
  const dialog = byId<HTMLDialogElement>("help");
  const content = element("div", { class: "tables" });
  const close = element("button", { type: "button", class: "quiet", "aria-label": "Close", title: "Close (Esc)", onclick: () => dialog.close() }, "×");
  dialog.append(
    element("header", {}, element("h2", { id: "help-title" }, "Keys and mouse"), close),
    element(
      "p",
      {},
      "With the mouse over the viewer, keys label the place under it; elsewhere, and always while the queue runs, " +
        "they label what the card names.",
    ),
    content,
  );
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  const build = whenChanged((task: TaskSpec | null, keys: Keys | null) => {
    const labels = task?.classes.map((spec): Line => [spec.key, `label as ${spec.name}`]) ?? [];
    content.replaceChildren(
      table("Label", [...labels, ...configured(keys, LABELLING)]),
      table("In the labelling queue", configured(keys, QUEUE)),
      table("In the viewer", VIEWER),
      table("In the scatter", SCATTER),
      table("Explore", configured(keys, EXPLORING)),
      table("Open or close", configured(keys, PANELS)),
      table("Everywhere", FIXED),
    );
  });
  return { update: (state) => build(taskOf(state), keysOf(state)), open: () => dialog.showModal() };
}
