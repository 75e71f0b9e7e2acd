// The switch that lets the scatter follow the viewer, and the line that says what is there.

import { byId, element, setText } from "../element";
import type { FollowFlow } from "../follow_flow";
import { keyName } from "../keys";
import type { Reach } from "../link_store";
import { keysOf, type State } from "../state";
import { counted, micrometres } from "./format";
import type { Actions } from "./panel";

const REACHES_UM = [0.5, 1, 2, 5, 10, 20] as const;

export function herePanel(flow: FollowFlow, actions: Actions): (state: State) => void {
  const follow = element("button", { type: "button", class: "follow", onclick: () => flow.toggle() }, "Follow");
  byId("explore").append(follow);
  const host = byId("here");
  const text = element("span", { role: "status" });
  const reach = element(
    "select",
    { "aria-label": "How far from the middle of the viewer" },
    element("option", { value: "view" }, "as far as seen"),
    ...REACHES_UM.map((um) => element("option", { value: um }, `${um} µm`)),
  );
  reach.addEventListener("change", () => {
    const chosen: Reach = reach.value === "view" ? "view" : Number(reach.value);
    actions.dispatch({ type: "reach-chosen", reach: chosen });
  });
  const select = element("button", { type: "button", title: "Select these points; with Shift add them to the selection" }, "Select");
  select.addEventListener("click", (event) => actions.selectHere(event.shiftKey));
  host.append(text, reach, select);

  return (state) => {
    const { here } = state;
    follow.setAttribute("aria-pressed", String(here !== null));
    follow.title = `Let the points in the viewer's field stand out as it moves (${keyName(keysOf(state)?.follow ?? "semicolon")})`;
    host.hidden = here === null;
    if (!here) return;
    reach.value = String(here.reach);
    select.disabled = !here.count;
    setText(text, here.bits ? `${counted(here.count, "point")} within ${micrometres(here.radius_nm)} of the viewer's middle` : "Looking where the viewer is");
  };
}
