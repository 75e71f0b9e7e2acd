// The card of the point under the pointer, and the pinned ones: what the EM looks like there, class and cell.

import { byId, element, setText } from "../element";
import type { HoverFlow } from "../hover_flow";
import { keyName } from "../keys";
import { isBlind, itemOf } from "../queue";
import { pictureOf } from "../queue_flow";
import type { Scatter } from "../scatter/scatter";
import { keysOf, type State, type Target } from "../state";
import { whenChanged, type Actions } from "./panel";

const ALT = "Central xy, xz and yz planes of the masked cutout";
const NEAR_PX = 12;

export interface GlanceWorld {
  readonly scatter: Scatter | null;
  readonly flow: HoverFlow;
  readonly actions: Actions;
  choose(target: Target): void;
  describe(row: number): string;
}

export function glancePanel(world: GlanceWorld): (state: State) => void {
  const { flow } = world;
  const area = byId("scatter");
  const host = byId("glance");
  const picture = element("img", { class: "strip", alt: ALT });
  const text = element("span");
  const hint = element("small");
  host.append(picture, element("p", {}, text, hint));
  host.addEventListener("pointerenter", () => flow.hold());
  host.addEventListener("pointerleave", () => flow.over(null));
  host.addEventListener("click", () => flow.pin());
  area.addEventListener("wheel", () => flow.leave(), { passive: true });
  const pins = pinned(world);

  return (state) => {
    pins(state);
    const { glance } = state;
    host.hidden = !glance;
    if (!glance) return;
    setText(text, world.describe(glance.row));
    const pinned = state.pins.includes(glance.row);
    setText(hint, `Click, or press ${keyName(keysOf(state)?.pin ?? "quote")}, to ${pinned ? "take the pin out" : "pin it"}`);
    const source = glance.picture ?? "";
    if (picture.getAttribute("src") !== source) picture.setAttribute("src", source);
    picture.classList.toggle("coming", source === "");
    place(host, area, world.scatter?.pointOnPage(glance.row) ?? [0, 0]);
  };
}

/** Beside the point, on the side that has more room. */
function place(host: HTMLElement, area: HTMLElement, [x, y]: readonly [number, number]): void {
  const box = area.getBoundingClientRect();
  const [left, top] = [x - box.left, y - box.top];
  const [width, height] = [host.offsetWidth, host.offsetHeight];
  const beside = left > box.width / 2 ? left - width - NEAR_PX : left + NEAR_PX;
  const beneath = top > box.height / 2 ? top - height - NEAR_PX : top + NEAR_PX;
  host.style.left = `${Math.max(4, Math.min(beside, box.width - width - 4))}px`;
  host.style.top = `${Math.max(4, Math.min(beneath, box.height - height - 4))}px`;
}

function pinned(world: GlanceWorld): (state: State) => void {
  const host = byId("pins");
  let now: State | null = null;
  const build = whenChanged((rows: readonly number[], _version: string | undefined) => {
    host.hidden = rows.length === 0;
    host.replaceChildren(...rows.map((row) => (now ? pin(world, now, row) : "")));
  });
  const name = whenChanged((rows: readonly number[], ..._believed: readonly unknown[]) => {
    host.querySelectorAll<HTMLElement>(".pinned span").forEach((text, i) => setText(text, world.describe(rows[i])));
  });
  return (state) => {
    now = state;
    build(state.pins, state.hello?.table_version);
    name(state.pins, state.prediction, state.labels, state.task, state.hello, state.rows, isBlind(state), itemOf(state)?.row);
  };
}

function pin(world: GlanceWorld, state: State, row: number): HTMLElement {
  const out = element("button", { type: "button", class: "quiet", "aria-label": `Take the pin out of point ${row}` }, "×");
  out.addEventListener("click", () => world.actions.dispatch({ type: "pin-turned", row }));
  const fly = element(
    "button",
    { type: "button", class: "pinned", title: "Choose this point and fly there", onclick: () => world.choose({ kind: "row", row }) },
    element("img", { class: "strip", src: pictureOf(state, row), alt: ALT }),
    element("span"),
  );
  return element("li", {}, fly, out);
}
