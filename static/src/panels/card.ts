// The target: the last clicked place or the chosen point. What the model believes of it, and what a key will label.

import { byId, element, setText } from "../element";
import type { ClassSpec, Place, TaskSpec } from "../protocol";
import { guessOf, labelOf, nameOf, taskOf, whereabouts, type Guess, type State, type Target } from "../state";
import { micrometres, milliseconds, percent } from "./format";
import { whenChanged, type Actions } from "./panel";

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
  const body = element("div", { class: "card-body" });
  host.append(element("header", {}, title, label), keys, body);

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
    ) => {
      const classes = task?.classes ?? [];
      const name = target && (task?.unit === "segment" ? `cell of ${nameOf(target)}` : nameOf(target));
      setText(title, name ?? "Nothing chosen yet");
      host.setAttribute("aria-busy", String(working !== null));
      label.replaceChildren(...(target && given !== null ? givenLabel(classes[given], target, actions) : []));
      const guess = guessed === null ? null : { class: guessed, confidence };
      const focused = (document.activeElement as HTMLElement | null)?.dataset["class"];
      const hadFocus = body.contains(document.activeElement);
      body.replaceChildren(
        ...(working === null ? [] : [element("p", { class: "working", role: "status" }, working)]),
        ...(target
          ? [answers(target, classes, card, guess, given, actions)]
          : working === null
            ? [invitation(classes)]
            : []),
        ...(target ? details(target, card, segment, actions) : []),
      );
      if (hadFocus && focused) body.querySelector<HTMLElement>(`[data-class="${CSS.escape(focused)}"]`)?.focus();
    },
  );

  return (state) => {
    const { target } = state;
    const guess = target && guessOf(state, target);
    build(
      target,
      taskOf(state),
      target?.kind === "place" ? (state.cards[target.place] ?? null) : null,
      target && labelOf(state, target),
      guess?.class ?? null,
      guess?.confidence ?? null,
      target && (whereabouts(state, target)?.segment_id ?? null),
      state.working.at(-1)?.text ?? null,
    );
    keys.hidden = target === null;
    keys.classList.toggle("here", state.keysIn === "page");
    setText(keys, state.keysIn === "page" ? "Keys and clicks below label this." : "Keys label what the mouse is on.");
  };
}

function invitation(classes: readonly ClassSpec[]): HTMLElement {
  const keys = classes.map((spec) => spec.key);
  const range = keys.length > 1 ? `${keys[0]} to ${keys.at(-1)}` : (keys[0] ?? "a class key");
  return element(
    "div",
    { class: "empty" },
    element("p", {}, element("kbd", {}, "alt"), " + click a cell in the EM to embed that place,"),
    element("p", {}, "or click a point in the scatter;"),
    element("p", {}, "then press ", element("kbd", {}, range), " to label it."),
  );
}

function givenLabel(spec: ClassSpec | undefined, target: Target, actions: Actions): HTMLElement[] {
  const badge = element("span", { class: "badge" }, spec ? `labelled ${spec.name}` : "labelled");
  if (spec) badge.style.setProperty("--class", spec.color);
  const back = element("button", { type: "button", class: "quiet", "aria-label": "Take the label back" }, "×");
  back.title = "Take the label back (X)";
  back.addEventListener("click", () => actions.label(target, null));
  return [badge, back];
}

/** One button for each class, with the model's probability behind it where it is known. */
function answers(
  target: Target,
  classes: readonly ClassSpec[],
  card: Place | null,
  guess: Guess | null,
  given: number | null,
  actions: Actions,
): HTMLElement {
  const probabilities = guess?.confidence != null ? (card?.probabilities ?? null) : null;
  const rows = classes.map((spec, index) => {
    const probability = probabilities ? probabilities[index] : guess?.class === index ? guess.confidence : null;
    const bar = element("span", { class: "bar" });
    bar.style.setProperty("--class", spec.color);
    bar.style.setProperty("--share", String(probability ?? 0));
    const button = element(
      "button",
      { type: "button", class: "answer", "aria-pressed": given === index },
      element("span", { class: "unseen" }, `Label ${nameOf(target)} as `),
      element("kbd", {}, spec.key),
      element("span", { class: "name" }, spec.name),
      bar,
      element("span", { class: "number" }, probability === null ? "" : percent(probability)),
    );
    button.dataset["class"] = spec.name;
    button.classList.toggle("best", guess?.class === index);
    button.addEventListener("click", () => actions.label(target, index));
    return element("li", {}, button);
  });
  return element("ul", { class: "answers", "aria-label": "Probabilities; a click labels" }, ...rows);
}

/** Milliseconds without their unit, which the sum has. */
function stageMs(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}

function details(target: Target, card: Place | null, segment: string | null, actions: Actions): HTMLElement[] {
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
  if (target.kind === "row") {
    const embed = element("button", { type: "button", class: "plain" }, "Embed this place again");
    embed.title = "Cut the place out, run the encoder and show what it sees";
    embed.addEventListener("click", () => actions.embed(target));
    parts.push(embed);
  }
  return parts;
}
