// The line at the bottom, and the problems.

import { byId, element, setText } from "../element";
import { f1Text } from "../evaluation_figures";
import type { Head } from "../protocol";
import type { State } from "../state";
import { clock, count, counted, milliseconds, percent } from "./format";
import { whenChanged, type Actions } from "./panel";

const FAILURE_SHOWN_MS = 15_000;

export function statusPanel(actions: Actions): (state: State) => void {
  const host = byId("status");
  const connection = element("span", { class: "connection" });
  const said = element("span", { class: "said", "aria-live": "polite" });
  const there = element("button", { type: "button", class: "there", title: "Fly to where that was" }, "Show it");
  const device = element("span", { class: "gives-way" });
  const table = element("span", { class: "gives-way" });
  const labels = element("span");
  const head = element("button", { type: "button", class: "head", onclick: () => actions.evaluation() });
  const retrain = element("span", { class: "gives-way" });
  host.append(connection, said, there, retrain, head, labels, table, device);

  const say = whenChanged((saved: string, status: string) => {
    const news = saved !== said.dataset["saved"] && saved ? saved : status || saved;
    said.dataset["saved"] = saved;
    said.classList.toggle("saved", news === saved && saved !== "");
    setText(said, news);
    said.title = news;
  });

  return (state) => {
    const { hello, points } = state;
    connection.dataset["state"] = state.connection;
    setText(connection, state.connection === "open" ? "connected" : state.connection);
    say(state.saved?.text ?? "", state.status);
    const at_nm = said.classList.contains("saved") ? (state.saved?.at_nm ?? null) : null;
    there.hidden = at_nm === null;
    there.onclick = () => at_nm && actions.fly(at_nm);
    setText(device, hello ? deviceText(hello.device, hello.encoder) : "");
    setText(table, hello ? `${counted(hello.rows, "embedding")}, ${counted(hello.segments, "segment")}` : "");
    setText(labels, points ? counted(points.labels, "label") : "");
    setText(head, points ? headText(points.head, judgedF1(state)) : "");
    head.title = points?.head ? headTitle(points.head) : "";
    head.hidden = !points;
    head.setAttribute("aria-expanded", String(state.evaluation?.open === true));
    setText(retrain, points?.head ? retrainText(points.head) : "");
    retrain.title = points?.head ? retrainTitle(points.head) : "";
    table.title = table.textContent ?? "";
    device.title = hello ? `${device.textContent} (${hello.encoder || "none"}); labels are by ${hello.annotator}` : "";
  };
}

function deviceText(device: string, encoder: string): string {
  if (!encoder) return "no encoder";
  return device ? `encoder on ${device}` : "encoder loading";
}

/** The panel's figure, where it is of the same head: its folds are fitted further than those after every label. */
function judgedF1(state: State): number | null {
  const ready = state.evaluation?.ready;
  return ready && ready.stamp === state.points?.stamp ? (ready.figures?.macro_f1.value ?? null) : null;
}

function headText(head: Head | null, judged: number | null): string {
  if (!head) return "no head yet: label two classes";
  const f1 = judged ?? head.held_out?.macro_f1;
  return `How good is the head? ${f1 === undefined ? "not yet tested" : `held-out F1 ${f1Text(f1)}`}`;
}

function headTitle(head: Head): string {
  const held = head.held_out;
  const fitted = `Head ${head.version}, fitted on ${counted(head.labels, "label")}.`;
  if (!held) return `${fitted} It has no figure yet: labels on more cells are needed.`;
  const interval = `${percent(held.low)} to ${percent(held.high)}`;
  const accuracy = `accuracy ${percent(held.accuracy)} (95 % interval ${interval}, ${count(held.count)} labels)`;
  return `${fitted} On cells that it was not fitted on: ${accuracy}.`;
}

function retrainText(head: Head): string {
  return `retrained ${clock(head.fitted_at)} in ${milliseconds(head.fit_ms + head.repaint_ms)}`;
}

function retrainTitle(head: Head): string {
  return `Fitting took ${milliseconds(head.fit_ms)}, predicting and painting ${milliseconds(head.repaint_ms)}.`;
}

export function failurePanel(actions: Actions): (state: State) => void {
  const host = byId("toasts");
  const lines = new Map<number, HTMLElement>();
  return (state) => {
    for (const [number, line] of lines) {
      if (state.failures.some((failure) => failure.number === number)) continue;
      line.remove();
      lines.delete(number);
    }
    for (const { number, text, times } of state.failures) {
      if (lines.has(number)) continue;
      const dismiss = (): void => actions.dispatch({ type: "dismissed", number });
      const close = element(
        "button",
        { type: "button", class: "quiet", "aria-label": "Dismiss", onclick: dismiss },
        "×",
      );
      const line = element(
        "p",
        { class: "toast" },
        element("span", {}, times > 1 ? `${text} (${times} times)` : text),
        close,
      );
      const expire = (): void => {
        // one that is being read stays
        if (line.matches(":hover, :focus-within")) setTimeout(expire, 2000);
        else dismiss();
      };
      setTimeout(expire, FAILURE_SHOWN_MS);
      lines.set(number, line);
      host.append(line);
    }
  };
}
