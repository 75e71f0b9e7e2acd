// The keyboard follows the mouse: over the viewer Neuroglancer has the keys, elsewhere the page has them.
// Without this, keys are dead or label the wrong thing after every change of side.

import type { ViewerBridge } from "./neuroglancer";
import type { State } from "./state";

/** Elements that take letters and digits: what is typed there is no command. */
export const TYPED_IN = "input[type=text], input[type=search], input[type=color], textarea, select";

export function focusFollowsMouse(
  pane: HTMLElement,
  frame: HTMLIFrameElement,
  bridge: ViewerBridge,
  tell: (keysIn: State["keysIn"]) => void,
): void {
  const report = (): void => tell(document.activeElement === frame ? "viewer" : "page");
  pane.addEventListener("pointerenter", (event) => {
    if (document.activeElement?.matches(TYPED_IN)) return; // a comment is being written
    if (event.buttons === 0 && !document.querySelector("dialog[open]")) bridge.takeFocus();
  });
  pane.addEventListener("pointerleave", (event) => {
    if (event.buttons !== 0 || document.activeElement !== frame || bridge.typing) return;
    frame.blur();
    window.focus();
  });
  // the window loses the focus to the iframe, and gets it back from there
  window.addEventListener("blur", () => setTimeout(report, 0));
  window.addEventListener("focus", () => setTimeout(report, 0));
  document.addEventListener("focusin", report);
}
