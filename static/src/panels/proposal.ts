// A proposal: many places that would get one class at once. A random handful is looked at before all are accepted.

import { byId, element } from "../element";
import { commandOf, keyName } from "../keys";
import { accepted, type Proposal } from "../proposal";
import { pictureOf } from "../queue_flow";
import type { ClassSpec } from "../protocol";
import { classesOf, guessOf, keysOf, type State } from "../state";
import { count, counted, percent } from "./format";
import type { Actions } from "./panel";

const ORIGIN = { lasso: "of the selection", neighbour: "most like this one" } as const;

export function proposalPanel(actions: Actions): (state: State) => void {
  const dialog = byId<HTMLDialogElement>("proposal");
  let now: State | null = null;
  dialog.addEventListener("close", () => {
    if (now?.proposal) actions.dispatch({ type: "proposal-closed" });
  });
  dialog.addEventListener("keydown", (event) => {
    if (!now?.proposal) return;
    const command = commandOf(event, classesOf(now), keysOf(now));
    if (command?.kind === "label") actions.dispatch({ type: "proposal-class", class: command.class });
    else if (command?.kind === "accept") actions.accept();
    else if (!step(dialog, event.key)) return;
    event.preventDefault();
  });

  return (state) => {
    const before = now?.proposal ?? null;
    now = state;
    const { proposal } = state;
    if (proposal === before) return;
    if (!proposal) {
      dialog.close();
      return;
    }
    const row = (document.activeElement as HTMLElement | null)?.dataset["row"];
    dialog.replaceChildren(...content(state, proposal, actions));
    if (!dialog.open) dialog.showModal();
    const again = row === undefined ? null : dialog.querySelector<HTMLElement>(`[data-row="${row}"]`);
    (again ?? dialog.querySelector<HTMLElement>(".handful button"))?.focus();
  };
}

/** The arrows go from picture to picture. */
function step(dialog: HTMLElement, key: string): boolean {
  const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 4, ArrowUp: -4 }[key];
  const pictures = [...dialog.querySelectorAll<HTMLElement>(".handful button")];
  const at = pictures.indexOf(document.activeElement as HTMLElement);
  if (!by || at < 0) return false;
  pictures[Math.min(Math.max(at + by, 0), pictures.length - 1)].focus();
  return true;
}

function content(state: State, proposal: Proposal, actions: Actions): HTMLElement[] {
  const { made } = proposal;
  const classes = classesOf(state, made.task);
  const chosen = proposal.class === null ? null : (classes[proposal.class] ?? null);
  const total = accepted(proposal).length;
  const choices = classes.map((spec, index) => {
    const button = element(
      "button",
      { type: "button", class: "choice", "aria-pressed": String(proposal.class === index) },
      element("kbd", {}, spec.key),
      spec.name,
    );
    button.style.setProperty("--class", spec.color);
    button.addEventListener("click", () => actions.dispatch({ type: "proposal-class", class: index }));
    return button;
  });
  const accept = element(
    "button",
    { type: "button", class: "accept", disabled: !total, "aria-disabled": String(!chosen), onclick: () => actions.accept() },
    chosen ? `Label ${count(total)} as ${chosen.name} ` : `Label ${count(total)} as … `,
    element("kbd", {}, keyName(keysOf(state)?.accept ?? "enter")),
  );
  const reject = element(
    "button",
    { type: "button", onclick: () => actions.dispatch({ type: "proposal-closed" }) },
    "Reject ",
    element("kbd", {}, "Esc"),
  );
  const struck = proposal.struck.size ? `, ${count(proposal.struck.size)} struck out` : "";
  return [
    element("h2", { id: "proposal-title" }, `Label the ${counted(made.rows.length, "place")} ${ORIGIN[made.origin]}?`),
    element("p", {}, `${made.note ? `${sentence(made.note)} ` : ""}Nothing is stored before you accept.`),
    element("div", { class: "choices", role: "group", "aria-label": "Class" }, ...choices),
    element("p", proposal.classless ? { class: "wanted", role: "alert" } : {}, classText(proposal, classes)),
    element(
      "p",
      {},
      `${count(made.handful.length)} drawn at random${struck}. `,
      element("kbd", {}, "Space"),
      " strikes the framed one out.",
    ),
    element("div", { class: "handful" }, ...made.handful.map((row) => picture(state, proposal, row, actions))),
    element("div", { class: "buttons" }, accept, reject),
  ];
}

/** What class they would get, or that one is to be chosen, and what the head says of them. */
function classText({ made, class: chosen, classless }: Proposal, classes: readonly ClassSpec[]): string {
  const believed = made.class === null ? "" : (classes[made.class]?.name ?? "");
  const head = believed ? `The head takes most of them for ${believed}.` : "";
  if (chosen !== null) return head;
  const order = classless ? "Nothing was labelled: first choose the class, by its key or above." : "Choose the class, by its key or above.";
  return [order, head].filter(Boolean).join(" ");
}

function picture(state: State, proposal: Proposal, row: number, actions: Actions): HTMLElement {
  const guess = guessOf(state, { kind: "row", row });
  const spec = guess ? classesOf(state)[guess.class] : undefined;
  const believed = spec ? `${spec.name} ${percent(guess?.confidence ?? 0)}` : "no class yet";
  const struck = proposal.struck.has(row);
  const button = element(
    "button",
    { type: "button", "aria-pressed": String(struck), title: struck ? "Take it in again" : "Strike it out" },
    element("img", { src: pictureOf(state, row), alt: "Central planes of the masked cutout" }),
    element("span", {}, struck ? "struck out" : believed),
  );
  if (spec) button.style.setProperty("--class", spec.color);
  button.dataset["row"] = String(row);
  button.addEventListener("click", () => actions.dispatch({ type: "proposal-struck", row }));
  return button;
}

function sentence(text: string): string {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}
