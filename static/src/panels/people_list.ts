// The people's first page: the annotators with what they did, and how far they agree.

import { element } from "../element";
import type { Agreement, PairAgreement, People, Person } from "../protocol_annotators";
import { count, counted } from "./format";

export function peopleView(people: People, agreement: Agreement | null, me: string): HTMLElement[] {
  return [
    element("div", { class: "matrix" }, annotators(people.people, me)),
    element("h3", {}, "How far do they agree?"),
    ...(agreement ? agreed(agreement) : []),
  ];
}

function annotators(people: readonly Person[], me: string): HTMLElement {
  const head = ["Annotator", "Labels", "Today", "Marks", "Decisions"].map((name) => element("th", { scope: "col" }, name));
  head[3].title = "Answers that are no class: unsure, bad segmentation";
  head[4].title = "On places where annotators disagree";
  const rows = people.map((person) => {
    const here = element("span", { class: person.is_here ? "here" : "away", title: person.is_here ? "Has the app open" : "Is not here" });
    const counts = [person.labels, person.today, person.marks, person.decisions];
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, here, person.name || "nobody named", person.name === me ? element("small", {}, " you") : null),
      ...counts.map((value) => element("td", {}, value ? count(value) : "–")),
    );
  });
  return element("table", { class: "scores people" }, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows));
}

function agreed(agreement: Agreement): HTMLElement[] {
  const { kappa, low, high, places } = agreement;
  if (kappa === null || low === null || high === null) return [element("p", {}, sentence(agreement.text))];
  const tile = (name: string, value: string, of: string): HTMLElement =>
    element(
      "div",
      { class: "tile" },
      element("span", { class: "name" }, name),
      element("span", { class: "value" }, value),
      element("span", { class: "of" }, of),
    );
  return [
    element(
      "div",
      { class: "tiles two" },
      tile(`${agreement.method}'s kappa`, kappa.toFixed(2), `95 % interval ${low.toFixed(2)} to ${high.toFixed(2)}`),
      tile("Places", count(places), `asked blind of ${counted(agreement.annotators, "annotator")}`),
    ),
    element("p", { class: "meaning" }, sentence(agreement.meaning)),
    element("p", {}, sentence(agreement.text)),
    ...(agreement.pairs.length ? [pairs(agreement.pairs)] : []),
  ];
}

function pairs(listed: readonly PairAgreement[]): HTMLElement {
  const head = ["Pair", "Places", "Cohen's kappa", "95 % interval"].map((name) => element("th", { scope: "col" }, name));
  const rows = listed.map((pair) => {
    const { kappa, low, high } = pair;
    const interval = low === null || high === null ? "–" : `${low.toFixed(2)} to ${high.toFixed(2)}`;
    const cells = [count(pair.places), kappa === null ? "–" : kappa.toFixed(2), interval];
    return element("tr", {}, element("th", { scope: "row" }, `${pair.one} and ${pair.other}`), ...cells.map((text) => element("td", {}, text)));
  });
  return element("table", { class: "scores" }, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows));
}

function sentence(text: string): string {
  return text ? `${text[0].toUpperCase()}${text.slice(1)}.` : "";
}
