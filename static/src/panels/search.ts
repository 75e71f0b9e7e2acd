// Finding a cell by its id: its points are selected and framed, and the viewer flies to it.

import { byId, element } from "../element";
import type { Actions } from "./panel";

export interface Search {
  /** Give it the keyboard. */
  focus(): void;
}

export function searchPanel(actions: Actions): Search {
  const field = element("input", {
    type: "search",
    inputmode: "numeric",
    placeholder: "Cell id",
    "aria-label": "Find a cell by its id",
    title: "Select the points of a cell and fly there (Enter)",
    autocomplete: "off",
    spellcheck: "false",
  });
  const form = element("form", { role: "search" }, field);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (actions.findCell(field.value)) field.blur();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    field.blur();
  });
  byId("tools").append(form);
  return {
    focus: () => {
      field.focus();
      field.select();
    },
  };
}
