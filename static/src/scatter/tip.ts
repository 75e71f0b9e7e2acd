// The line of text beside the point under the pointer.

import { element } from "../element";
import type { XY } from "../protocol";

export class Tip {
  readonly element = element("div", { class: "tip", hidden: true });

  /** At a pixel of a canvas so wide, on the side that has more room. */
  show(text: string, [px, py]: XY, width: number): void {
    this.element.hidden = false;
    this.element.textContent = text;
    this.element.classList.toggle("left", px > width / 2);
    this.element.style.translate = `${px}px ${py}px`;
  }

  hide(): void {
    this.element.hidden = true;
  }
}
