// The page's own scatter, as the page uses it.

import { rampColor } from "../../../../static/src/colormap";
import { paletteOf } from "../../../../static/src/paint";
import type { ClassSpec } from "../../../../static/src/protocol";
import { countBits } from "../../../../static/src/scatter/bits";
import { lasso } from "../../../../static/src/scatter/lasso";
import { Scatter } from "../../../../static/src/scatter/scatter";
import { Bench, frame, type Plot, type Points } from "./harness";

const CLASSES = 13;

function newPlot(): Plot {
  const host = document.createElement("section");
  host.id = "scatter";
  document.body.append(host);
  const ignore = (): void => undefined;
  const scatter = Scatter.in(host, { select: ignore, pickRow: ignore, pickPlace: ignore, hover: ignore, look: ignore, describe: () => "" });
  const canvas = host.querySelector("canvas");
  const gl = canvas?.getContext("webgl2");
  if (!scatter || !canvas || !gl) throw new Error("this browser has no WebGL2");
  let shown: Points | null = null;
  return {
    gl: () => gl,
    first: async (points) => {
      shown = points;
      const hex = (at: number): string => `#${rampColor("viridis", at / CLASSES).map((v) => v.toString(16).padStart(2, "0")).join("")}`;
      const classes = Array.from({ length: CLASSES }, (_, at) => ({ color: hex(at) }) as ClassSpec);
      scatter.setGeometry(points.x, points.y, false);
      scatter.setColor(points.classes, points.confidences);
      scatter.setPalette(paletteOf(classes, 0, new Set()), () => true);
      await frame();
    },
    recolor: async (points) => {
      scatter.setColor(points.classes, points.confidences);
      await frame();
    },
    pan: async (pixels) => {
      canvas.dispatchEvent(new KeyboardEvent("keydown", { key: pixels < 0 ? "ArrowLeft" : "ArrowRight" }));
      await frame();
    },
    look: async (x) => {
      scatter.view({ ...scatter.view(), x });
      await frame();
    },
    select: async (polygon, found) => {
      if (!shown) return;
      const bits = lasso(shown.x, shown.y, polygon);
      found(countBits(bits));
      scatter.setMask(bits);
      await frame();
    },
  };
}

window.bench = new Bench(newPlot());
