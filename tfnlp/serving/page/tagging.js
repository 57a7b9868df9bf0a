// A tagger's answer: spans in colour in the text they were found in, or a tag above each token.

import { h } from "./dom.js";
import { t } from "./texts.js";

const OUTPUTS = ["tags", "scores", "starts", "ends", "lengths", "span_labels", "span_starts", "span_ends", "span_lengths"];
// Colours in the style sheet; with more labels than these, some share one.
const COLOURS = 8;
const MOST_TOKENS = 500;

/** Whether a signature answers with tags and spans. */
export function isTagger(signature) {
  const names = new Set(signature.outputs.map((output) => output.name));
  return OUTPUTS.every((name) => names.has(name));
}

/** `{text, tokens: [{text, tag, score}], spans: [{before, text, label}], rest}` of one row, or null if it is not one. */
export function readTagging(line, text) {
  const length = Number(line.get("lengths"));
  const count = Number(line.get("span_lengths"));
  const column = (name, size) => {
    const values = line.get(name);
    return Array.isArray(values) && values.length >= size ? values.slice(0, size) : null;
  };
  const [tags, scores, starts, ends] = ["tags", "scores", "starts", "ends"].map((name) => column(name, length));
  const [labels, from, to] = ["span_labels", "span_starts", "span_ends"].map((name) => column(name, count));
  if (!tags || !scores || !starts || !ends || !labels || !from || !to) return null;
  // Places are counted in bytes of UTF-8.
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const piece = (start, end) => decoder.decode(bytes.subarray(Number(start), Number(end)));
  let done = 0;
  const spans = labels.map((label, place) => {
    const before = piece(done, from[place]);
    done = Number(to[place]);
    return { before, text: piece(from[place], done), label: String(label) };
  });
  const tokens = tags.map((tag, place) => ({
    text: piece(starts[place], ends[place]),
    tag: String(tag),
    score: Number(scores[place]),
  }));
  return { text, tokens, spans, rest: piece(done, bytes.length) };
}

/** The first spans of an answer in a few words, or its tags where it has none. */
export function tellTagging({ spans, tokens }) {
  const parts = spans.length
    ? spans.slice(0, 4).map((span) => (span.label ? `${span.label} ${span.text}` : span.text))
    : tokens.slice(0, 4).map((token) => `${token.text}/${token.tag}`);
  const more = Math.max(spans.length, spans.length ? 0 : tokens.length) > 4;
  return parts.join(", ") + (more ? ", …" : "");
}

/** The elements that show the answers to several texts; a label has the same colour in all of them. */
export function renderTaggings(rows, showScore) {
  const labels = [...new Set(rows.flatMap((row) => row.spans.map((span) => span.label)))].sort();
  const colour = (label) => (label ? `c${labels.filter(Boolean).indexOf(label) % COLOURS}` : "word");
  return rows.map((row) =>
    h(
      "article",
      { class: "box result" },
      row.spans.length ? renderSpans(row, colour) : renderTags(row),
      renderTokens(row, showScore),
    ),
  );
}

function renderSpans({ spans, rest }, colour) {
  const marks = spans.flatMap(({ before, text, label }) => [
    before,
    h("mark", { class: `span ${colour(label)}` }, text, label && h("small", {}, label)),
  ]);
  return h("p", { class: "marked" }, marks.filter((part) => part !== ""), rest);
}

function renderTags({ text, tokens }) {
  if (!tokens.length || tokens.every(({ tag }) => tag === "O")) {
    return [h("p", { class: "marked" }, text), h("p", { class: "hint" }, t("noSpans"))];
  }
  const shown = tokens.slice(0, MOST_TOKENS).map(({ text: token, tag }) => h("ruby", {}, token, h("rt", {}, tag)));
  return h("p", { class: "marked tags" }, shown, tokens.length > MOST_TOKENS && "…");
}

function renderTokens({ tokens }, showScore) {
  const line = ({ text, tag, score }) =>
    h("tr", {}, h("th", { scope: "row" }, text), h("td", {}, tag), h("td", { class: "n" }, showScore(score)));
  const heading = (name) => h("th", { scope: "col" }, t(name));
  return h(
    "details",
    {},
    h("summary", {}, t("everyToken", { n: tokens.length })),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": t("everyToken", { n: tokens.length }) },
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, heading("tokenColumn"), heading("tagColumn"), heading("scoreColumn"))),
        h("tbody", {}, tokens.slice(0, MOST_TOKENS).map(line)),
      ),
    ),
  );
}
