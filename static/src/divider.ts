// The bar between viewer and side: dragged, or moved by the arrow keys.

import { byId } from "./element";

const LEAST = 25;
const MOST = 80;
const USUAL = 58;

export function divider(): void {
  const bar = byId("divider");
  const split = byId("split");
  const set = (share: number): void => {
    const kept = Math.min(MOST, Math.max(LEAST, share));
    split.style.setProperty("--viewer", `${kept}%`);
    bar.setAttribute("aria-valuenow", String(Math.round(kept)));
  };
  const now = (): number => Number(bar.getAttribute("aria-valuenow"));
  set(USUAL);

  bar.addEventListener("pointerdown", (event) => {
    bar.setPointerCapture(event.pointerId);
    split.classList.add("dragging"); // the iframe would swallow the pointer
  });
  bar.addEventListener("pointermove", (event) => {
    const box = split.getBoundingClientRect();
    if (split.classList.contains("dragging")) set((100 * (event.clientX - box.left)) / box.width);
  });
  const end = (): void => split.classList.remove("dragging");
  bar.addEventListener("pointerup", end);
  bar.addEventListener("pointercancel", end);
  bar.addEventListener("dblclick", () => set(USUAL));
  bar.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") set(now() - 2);
    if (event.key === "ArrowRight") set(now() + 2);
  });
}
