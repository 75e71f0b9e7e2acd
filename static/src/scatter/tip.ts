// The ring round the point under the pointer and the line of text beside it: over the picture, so that pointing at a
// point draws none of the others anew.

import { element } from "../element";
import type { XY } from "../protocol";

export class Tip {
  private readonly ring = element("div", { class: "tip-ring", hidden: true });
  private readonly text = element("div", { class: "tip", hidden: true });
  readonly elements = [this.ring, this.text] as const;

  /** At a pixel of a canvas so wide, the text on the side that has more room. */
  show(text: string, [px, py]: XY, width: number): void {
    this.text.textContent = text;
    this.text.classList.toggle("left", px > width / 2);
    for (const each of this.elements) {
      each.hidden = false;
      each.style.translate = `${px}px ${py}px`;
    }
  }

  hide(): void {
    for (const each of this.elements) each.hidden = true;
  }
}
