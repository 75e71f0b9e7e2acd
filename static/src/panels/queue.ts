// The labelling queue: started here, its course, and what has been labelled so far.

import { byId, element, setText } from "../element";
import { keyName } from "../keys";
import { median } from "../queue";
import { keysOf, type State } from "../state";
import { count, counted, milliseconds } from "./format";
import { whenChanged, type Actions } from "./panel";

const PACE_SHOWN_MS = 120_000; // a pace of before the break says nothing

export function queuePanel(actions: Actions): (state: State) => void {
  const host = byId("queue");
  const key = element("kbd");
  const word = element("span");
  const toggle = element("button", { type: "button", onclick: () => actions.toggleQueue() }, word, " ", key);
  const course = element("span", { class: "course", role: "status" });
  const done = element("p", { class: "done" });
  const speed = element("p", { class: "speed" });
  const back = element("button", { type: "button", title: "Back to the place before", "aria-label": "Back to the place before", onclick: () => actions.back() });
  const forward = element("button", { type: "button", title: "Forward again", "aria-label": "Forward again", onclick: () => actions.forward() });
  host.append(element("header", {}, toggle, back, forward, course), done, speed);

  let stale = 0;
  const progress = whenChanged((labels: State["labels"][string] | undefined) => {
    setText(done, labels ? doneText(labels) : "");
    done.title = done.textContent ?? "";
    clearTimeout(stale);
    if (labels?.per_minute != null) {
      stale = window.setTimeout(() => setText(done, doneText({ ...labels, per_minute: null })), PACE_SHOWN_MS);
    }
  });

  return (state) => {
    const { queue } = state;
    const keys = keysOf(state);
    setText(word, queue ? "Leave" : "Label");
    setText(key, queue ? "Esc" : keyName(keys?.queue ?? "q"));
    for (const [button, name] of [[back, keys?.back ?? "left"], [forward, keys?.forward ?? "right"]] as const) {
      setText(button, keyName(name));
      button.hidden = !queue;
    }
    back.disabled = !queue?.at;
    forward.disabled = !queue || queue.at + 1 >= queue.seen;
    toggle.title = queue ? "Leave the labelling queue (Esc)" : "Be shown one place after the other, and answer with a key";
    toggle.disabled = !state.hello;
    host.classList.toggle("running", queue !== null);
    setText(course, queue ? courseText(state) : "");
    progress(state.labels[state.task]);
    setText(speed, queue ? speedText(queue.times) : "");
    speed.title = "From the key to the picture drawn and the viewer loaded";
  };
}

function courseText(state: State): string {
  const { queue } = state;
  if (!queue) return "";
  if (queue.at < queue.items.length) {
    const ahead = queue.items.length - queue.at - 1;
    return `place ${count(queue.at + 1)}, ${count(ahead)} ahead`;
  }
  return queue.request ? "choosing places" : "nothing left";
}

function doneText(labels: State["labels"][string]): string {
  const parts = [`${count(labels.today)} today`];
  if (labels.per_minute !== null) parts.push(`${paceText(labels.per_minute)} a minute`);
  if (labels.unsure.length) parts.push(`${count(labels.unsure.length)} unsure`);
  if (labels.bad_segmentation.length) parts.push(counted(labels.bad_segmentation.length, "bad segmentation"));
  return parts.join(" · ");
}

function paceText(perMinute: number): string {
  return perMinute < 9.5 ? perMinute.toFixed(1) : count(Math.round(perMinute));
}

function speedText(times: readonly number[]): string {
  const last = times.at(-1);
  if (last === undefined) return "";
  const usual = times.length > 1 ? ` · median ${milliseconds(median(times))}` : "";
  return `next place in ${milliseconds(last)}${usual}`;
}
