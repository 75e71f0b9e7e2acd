// The target: the last clicked place or the chosen point. What the model believes of it, and what a key will label.

import { byId, element, setText } from "../element";
import { keyName } from "../keys";
import type { ClassSpec, Place, TaskSpec } from "../protocol";
import type { Keys, Mark, QueueItem } from "../protocol_queue";
import { isBlind, itemOf, type Queue } from "../queue";
import { pictureOf } from "../queue_flow";
import {
  guessOf,
  keysOf,
  labelOf,
  markOf,
  nameOf,
  taskOf,
  whereabouts,
  type State,
  type Target,
} from "../state";
import { answerGiven, answers, otherAnswers } from "./answers";
import { micrometres, milliseconds } from "./format";
import { whenChanged, type Actions } from "./panel";
import { threadPart } from "./thread";

const PLANES = ["xy", "xz", "yz"] as const;
const STAGES = [
  ["cut", "cut"],
  ["embed", "encode"],
  ["predict", "class"],
  ["place", "layout"],
] as const;

export function cardPanel(actions: Actions): (state: State) => void {
  const host = byId("card");
  const title = element("h2");
  const label = element("span", { class: "given" });
  const keys = element("p", { class: "keys" });
  const kind = element("strong");
  const reason = element("span");
  const why = element("p", { class: "why" }, kind, reason);
  const body = element("div", { class: "card-body" });
  const thread = threadPart(actions);
  host.append(element("header", {}, title, label), why, keys, thread.host, body);

  const build = whenChanged(
    (
      target: Target | null,
      task: TaskSpec | null,
      card: Place | null,
      given: number | null,
      guessed: number | null,
      confidence: number | null,
      segment: string | null,
      working: string | null,
      mark: Mark | null,
      item: QueueItem | null,
      queue: boolean,
      hotkeys: Keys | null,
      picture: string | null,
    ) => {
      const classes = task?.classes ?? [];
      const name = target && (task?.unit === "segment" ? `cell of ${nameOf(target)}` : nameOf(target));
      setText(title, name ?? "Nothing chosen yet");
      host.setAttribute("aria-busy", String(working !== null));
      label.replaceChildren(...(target ? answerGiven(target, given === null ? null : classes[given], mark, actions) : []));
      const guess = guessed === null ? null : { class: guessed, confidence };
      const probabilities = item?.probabilities ?? (confidence !== null ? (card?.probabilities ?? null) : null);
      const focused = (document.activeElement as HTMLElement | null)?.dataset["class"];
      const hadFocus = body.contains(document.activeElement);
      body.replaceChildren(
        ...(working === null ? [] : [element("p", { class: "working", role: "status" }, working)]),
        ...(picture === null ? [] : [planesOfRow(picture)]),
        ...(target
          ? [answers(target, classes, probabilities, guess, given, actions)]
          : working === null && !queue
            ? [invitation(classes, hotkeys)]
            : []),
        ...(target && hotkeys ? [otherAnswers(target, mark, queue, hotkeys, actions)] : []),
        ...(target ? details(target, card, segment, queue, actions) : []),
      );
      if (hadFocus && focused) body.querySelector<HTMLElement>(`[data-class="${CSS.escape(focused)}"]`)?.focus();
    },
  );

  return (state) => {
    const { target, queue } = state;
    const guess = target && guessOf(state, target);
    const item = itemOf(state);
    const given = target && labelOf(state, target);
    const mark = target && markOf(state, target);
    const asked = item && target?.kind === "row" && target.row === item.row ? item : null;
    const blind = asked !== null && isBlind(state);
    build(
      target,
      taskOf(state),
      target?.kind === "place" ? (state.cards[target.place] ?? null) : null,
      given,
      blind ? null : (guess?.class ?? null),
      blind ? null : (guess?.confidence ?? null),
      target && (whereabouts(state, target)?.segment_id ?? null),
      state.working.at(-1)?.text ?? null,
      mark,
      asked,
      queue !== null,
      keysOf(state),
      target?.kind === "row" ? pictureOf(state, target.row) : null,
    );
    setText(kind, asked?.strategy === "double" ? "Blind double. " : "");
    setText(reason, queue ? whyText(queue, asked, target) : "");
    thread.update(state);
    why.hidden = why.textContent === "";
    const here = queue !== null || state.keysIn === "page";
    keys.hidden = target === null;
    keys.classList.toggle("here", here);
    const everywhere = "Keys label this, in the viewer too.";
    setText(keys, queue ? everywhere : here ? "Keys and clicks below label this." : "Keys label what the mouse is on.");
  };
}

function whyText(queue: Queue, asked: QueueItem | null, target: Target | null): string {
  if (asked) return sentence(asked.reason);
  if (target) return "Not the place that was asked: go on with the queue by its arrows.";
  return sentence(queue.request || !queue.note ? "choosing the next places" : queue.note);
}

function sentence(text: string): string {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

function invitation(classes: readonly ClassSpec[], keys: Keys | null): HTMLElement {
  const given = classes.map((spec) => spec.key);
  const inTurn = given.length > 2 && given.every((key, i) => key === String(Number(given[0]) + i));
  const range = inTurn ? `${given[0]} to ${given.at(-1)}` : given.join(" ");
  return element(
    "div",
    { class: "empty" },
    element("p", {}, element("kbd", {}, "alt"), " + click a cell in the EM to embed that place,"),
    element("p", {}, "or click a point in the scatter;"),
    element("p", {}, "then press ", element("kbd", {}, range), " to label it."),
    element("p", {}, "Or press ", element("kbd", {}, keyName(keys?.queue ?? "q")), " to be asked about places."),
  );
}

function planesOfRow(url: string): HTMLElement {
  return element("img", { class: "strip", src: url, alt: "Central xy, xz and yz planes of the masked cutout" });
}

/** Milliseconds without their unit, which the sum has. */
function stageMs(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}

function moreLike(actions: Actions): HTMLElement {
  const alike = element("button", { type: "button", class: "plain", onclick: () => actions.similar() }, "More like this");
  alike.title = "Show the points that are most like this one";
  return alike;
}

function details(
  target: Target,
  card: Place | null,
  segment: string | null,
  queue: boolean,
  actions: Actions,
): HTMLElement[] {
  const parts: HTMLElement[] = [];
  if (card?.planes) {
    const { planes } = card;
    const pictures = PLANES.map((plane) =>
      element(
        "figure",
        {},
        element("img", { src: planes[plane], alt: `Central ${plane} plane of the masked cutout` }),
        element("figcaption", {}, plane),
      ),
    );
    parts.push(element("div", { class: "planes" }, ...pictures));
  }
  const facts = element("dl", { class: "facts" });
  const fact = (name: string, value: Node | string): void => {
    facts.append(element("dt", {}, name), element("dd", {}, value));
  };
  if (segment !== null) fact("cell", element("span", { class: "id" }, segment));
  if (card) {
    fact(
      "nearest point",
      card.node_row === null ? "none of this cell" : `${micrometres(card.node_distance_nm ?? 0)} away`,
    );
    const stages = STAGES.map(([stage, name]) => `${name} ${stageMs(card.stages_ms[stage])}`).join(", ");
    fact(
      "time",
      element("span", { title: "From the click to the answer" }, `${milliseconds(card.stages_ms.total)}: ${stages}`),
    );
  }
  parts.push(facts);
  if (target.kind === "row" && !queue) {
    const embed = element("button", { type: "button", class: "plain" }, "Embed this place again");
    embed.title = "Cut the place out, run the encoder and show what it sees";
    embed.addEventListener("click", () => actions.embed(target));
    parts.push(embed, moreLike(actions));
  }
  return parts;
}
