// The part of the card that tells who said what of the place: labels with their reviews, comments, and a line to write.

import { element, setText } from "../element";
import { labelToReview, saidHere, type Commenting } from "../listing_store";
import { keyName } from "../keys";
import type { ListedPlace, Remark, Said } from "../protocol_listing";
import type { Keys } from "../protocol_queue";
import { classesOf, keysOf, type State, type StoredMessage } from "../state";
import { dayAndTime } from "./format";
import { whenChanged, type Actions } from "./panel";

const HOW: Readonly<Record<string, string>> = {
  key: "",
  queue: "queue",
  audit: "audit",
  import: "imported",
  demo: "example",
  lasso: "lasso",
  neighbour: "alike",
  adjudication: "decided",
};
const MOST_LETTERS = 2000;

/** How a label came about, in a word. */
export function howText(provenance: string): string {
  return HOW[provenance] ?? provenance;
}

export function threadPart(actions: Actions): { host: HTMLElement; update: (state: State) => void } {
  const said = element("div", { class: "said-here" });
  const input = element("input", { type: "text", maxlength: MOST_LETTERS, "aria-label": "Comment on this place" });
  input.placeholder = "Comment: Enter saves, Esc leaves";
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" && input.value.trim()) actions.commented(input.value.trim());
    else if (event.key === "Escape") actions.commented(null);
    else return;
    event.preventDefault();
  });
  const saving = element("p", { class: "saving", role: "status" });
  const host = element("div", { class: "thread" }, said, input, saving);

  const build = whenChanged((place: ListedPlace | null, about: Said | null, keys: Keys | null, target: unknown, specs: unknown) => {
    if (!keys || !target) return said.replaceChildren();
    const lines = place?.statements.map((one) => statementLine(one, one.uuid === about?.uuid, keys, actions)) ?? [];
    const remarks = place?.comments.map((remark) => commentLine(remark)) ?? [];
    const fate = place?.reattached === "conflict" ? [element("p", { class: "fate" }, CONFLICT)] : [];
    const write = element("button", { type: "button", onclick: () => actions.comment() }, element("kbd", {}, keyName(keys.comment)), "comment");
    write.title = "Write a comment on this place";
    said.replaceChildren(...fate, ...lines, ...remarks, element("div", { class: "others" }, write));
    void specs;
  });
  const open = whenChanged((commenting: Commenting | null) => {
    input.hidden = commenting === null;
    if (!commenting) return;
    input.value = "";
    window.focus();
    input.focus();
    input.scrollIntoView({ block: "nearest" });
  });

  return {
    host,
    update: (state) => {
      build(saidHere(state), labelToReview(state), keysOf(state), state.target, classesOf(state));
      open(state.commenting);
      const waits = Object.values(state.unsaved).some((message: StoredMessage) => message.type === "comment");
      setText(saving, waits ? "saving the comment" : "");
      saving.hidden = !waits;
    },
  };
}

const CONFLICT = "The segmentation has changed, and these labels lie on one place now: none counts. Give the right one.";

function statementLine(said: Said, reviewed: boolean, keys: Keys, actions: Actions): HTMLElement {
  const how = howText(said.provenance);
  const older = said.segmentation ? ` · in ${said.segmentation}` : "";
  const text = `${said.annotator}${how ? `, ${how}` : ""}, ${dayAndTime(said.at)}${older}`;
  const tally = [said.agree ? `✓${said.agree}` : "", said.disagree ? `✗${said.disagree}` : ""].filter(Boolean).join(" ");
  const line = element(
    "p",
    { class: "statement" },
    element("strong", {}, said.class_name),
    element("span", { class: "by" }, ` by ${text}`),
    tally ? element("span", { class: "tally" }, tally) : null,
  );
  if (!reviewed) return line;
  const button = (verdict: "agree" | "disagree", title: string): HTMLElement =>
    element(
      "button",
      { type: "button", class: "verdict", title, "aria-pressed": String(said.verdict === verdict), onclick: () => actions.review(verdict) },
      element("kbd", {}, keyName(keys[verdict])),
      verdict,
    );
  const reviews = element("span", { class: "reviews" }, button("agree", "You looked, and the label is right"), button("disagree", "You looked, and the label is wrong"));
  line.append(reviews);
  return line;
}

function commentLine(remark: Remark): HTMLElement {
  return element(
    "p",
    { class: "comment" },
    element("span", { class: "by" }, `${remark.annotator}, ${dayAndTime(remark.at)}: `),
    remark.text,
  );
}
