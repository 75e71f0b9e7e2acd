// What is being fetched of a published release, and what could not be: one sentence, with a way to try again.

import { byId, element } from "../element";
import type { Release } from "../protocol";
import type { State } from "../state";
import { whenChanged, type Actions } from "./panel";

export function releaseNotice(actions: Actions): (state: State) => void {
  const host = byId("toasts");
  let notice: HTMLElement | null = null;
  const build = whenChanged((release: Release | null, read: string) => {
    notice?.remove();
    notice = release && release.text !== "" && release.text !== read ? noticeOf(release, actions) : null;
    if (notice) host.append(notice);
  });
  return (state) => build(state.release, state.releaseRead);
}

function noticeOf(release: Release, actions: Actions): HTMLElement {
  const read = (): void => actions.dispatch({ type: "release-read", text: release.text });
  const text = `${release.text[0].toUpperCase()}${release.text.slice(1)}.`;
  const again = element("button", { type: "button", onclick: () => actions.refetch() }, "Try again");
  const close = element("button", { type: "button", class: "quiet", "aria-label": "Dismiss", onclick: read }, "×");
  const said = element("div", {}, element("span", { "aria-live": "polite" }, text));
  if (release.retry) said.append(element("div", { class: "buttons" }, again));
  return element("div", { class: `toast notice release${release.busy ? " busy" : ""}` }, said, close);
}
