// The banner above everything: a lost connection, a run that is over, and answers that are not saved.

import { byId, element, setText } from "../element";
import type { State } from "../state";
import { counted } from "./format";
import type { Actions } from "./panel";

export function bannerPanel(actions: Actions, lasts: () => boolean): (state: State) => void {
  const host = byId("banner");
  const said = element("span");
  const save = element("button", { type: "button", onclick: () => actions.saveUnsaved() }, "Save them as a file");
  const forget = element("button", { type: "button", onclick: () => actions.forgetUnsaved() }, "Forget them");
  host.append(said, save, forget);
  return (state) => {
    const text = bannerText(state, lasts());
    const over = state.connection === "ended" || state.replacedBy !== null;
    const waiting = waitingIn(state);
    const away = over || state.connection === "lost";
    host.hidden = text === "";
    setText(said, text);
    host.classList.toggle("ended", over);
    const left = state.stranded.length + state.held.length;
    save.hidden = !(away && waiting > 0) && !left;
    forget.hidden = away || !left;
    byId("split").inert = state.replacedBy !== null;
    byId("top").inert = state.replacedBy !== null;
  };
}

/** What stands in the way of labelling and what becomes of answers meanwhile; empty where nothing does. */
export function bannerText(state: State, lasts: boolean): string {
  const lost = waitingIn(state);
  const answers = notSaved(lost);
  const kept = lasts ? "kept in this browser" : "kept on this page only, do not close it,";
  if (state.replacedBy !== null) return replacedText(state, lost ? ` ${answers}: ${kept} and saved when that address is opened in this one again.` : "");
  switch (state.connection) {
    case "lost":
      return `Connection lost, trying again.${lost ? ` ${answers}: ${kept} and saved as soon as it is back. ${ELSEWHERE}` : ""}`;
    case "ended":
      return (
        "This run has ended: open the address that the terminal prints." +
        (lost ? ` ${answers}: ${kept} and saved there if its port is the same; else save them as a file and read it in the list of places.` : "")
      );
    default:
      return [state.hello?.notice ? `${state.hello.notice}.` : "", strandedText(state), heldText(state, lasts)].filter(Boolean).join(" ");
  }
}

const ELSEWHERE = "Does the program come back at another port? Then save them as a file and read it there in the list of places.";

/** How many answers this page waits to have saved. */
function waitingIn(state: State): number {
  return Object.keys(state.unsaved).length + state.held.length;
}

function notSaved(number: number, which = ""): string {
  return `${counted(number, "answer")}${which} ${number === 1 ? "is" : "are"} not saved`;
}

function strandedText({ stranded: { length } }: State): string {
  return length ? `${notSaved(length, " of before")}, because the embeddings are others now: propose and accept again.` : "";
}

function heldText({ held: { length }, hello }: State, lasts: boolean): string {
  const when = hello?.reads_only ? "saved when the label file can be written" : "given again when the page is reloaded";
  const kept = lasts ? `kept in this browser and ${when}` : "kept on this page only, save them as a file before you close or reload it";
  return length ? `${notSaved(length)}: ${kept}.` : "";
}

/** Why the page is dead, and how to go on. */
function replacedText(state: State, unsaved: string): string {
  const me = state.hello?.annotator || "the annotator before";
  return (
    `This browser belongs to ${state.replacedBy || "another annotator"} now: one browser profile holds one annotator, ` +
    `and nothing more is stored from this page. To go on as ${me}, open the address that the terminal printed ` +
    `for ${me} in another profile or a private window.${unsaved}`
  );
}
