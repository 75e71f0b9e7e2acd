// What a point is, in words: what it is coloured by, what the model believes, what the user said, and its cell.

import { valueText, type Tint } from "./coloring";
import { percent } from "./panels/format";
import { isBlind, itemOf } from "./queue";
import { classesOf, guessOf, labelOf, taskOf, whereabouts, type State, type Target } from "./state";

/** Of a point that is asked blind its cell alone: beliefs and colours may come from what another one said. */
export function describe(state: State, row: number, tint: Tint | null): string {
  const target: Target = { kind: "row", row };
  const cell = `cell ${whereabouts(state, target)?.segment_id ?? ""}`;
  if (isAskedBlind(state, row)) return cell;
  const guess = guessOf(state, target);
  const given = labelOf(state, target);
  const classes = classesOf(state);
  const believed = guess ? `${classes[guess.class]?.name ?? "?"}, ${percent(guess.confidence ?? 0)}` : "no class yet";
  const label = given === null ? "" : `, labelled ${classes[given]?.name ?? "?"}`;
  return [tint ? valueText(tint, row) : "", `${believed}${label}`, cell].filter(Boolean).join(" · ");
}

/** Whether a row is the one that is asked blind or, where whole cells are asked about, of its cell. */
function isAskedBlind(state: State, row: number): boolean {
  const item = itemOf(state);
  if (!item || !isBlind(state)) return false;
  const own = whereabouts(state, { kind: "row", row })?.segment_id;
  return row === item.row || (taskOf(state)?.unit === "segment" && own === item.segment_id);
}
