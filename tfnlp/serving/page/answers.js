// From the server's answer to what is shown: scores, a table, or the JSON itself.

import { bar, h } from "./dom.js";
import { Numeral, parseJson, writeJson } from "./json.js";
import { isClassifier } from "./signatures.js";
import { isTagger, readTagging, renderTaggings, tellTagging } from "./tagging.js";
import { t } from "./texts.js";

// Of a model with a hundred labels, the first few are what one looks for.
const FIRST_LABELS = 8;
const MOST_CHARACTERS = 200_000;

/**
 * `{rows}` of `{text, label, scores: [{label, score}]}`, `{tagged}` of what `readTagging` gives, `{columns, lines}`, or `{}`
 * where only the JSON will do.
 */
export function readAnswer(request, text) {
  if (request.way === "json") return {};
  let answer;
  try {
    answer = parseJson(text);
  } catch {
    return {};
  }
  const { texts, signature } = request;
  if (request.way === "classify" || request.way === "regress") {
    const results = answer instanceof Map && answer.get("results");
    if (!Array.isArray(results) || results.length !== texts.length) return {};
    if (request.way === "regress") return { columns: ["value"], lines: results.map((value) => [value]) };
    return { rows: results.map((pairs, place) => ({ text: texts[place], ...fromPairs(pairs) })) };
  }
  const lines = linesOf(answer, signature, texts.length);
  if (!lines) return {};
  if (isTagger(signature)) {
    const tagged = lines.map((line, place) => readTagging(line, texts[place]));
    return tagged.every(Boolean) ? { tagged } : {};
  }
  if (!isClassifier(signature)) {
    const columns = signature.outputs.map((output) => output.name);
    return { columns, lines: lines.map((line) => columns.map((name) => line.get(name))) };
  }
  const rows = lines.map((line, place) => ({ text: texts[place], ...fromColumns(line) }));
  return rows.every((row) => row.scores) ? { rows } : {};
}

// One Map of outputs for each text, whichever format the answer came in; null if it does not come by texts.
function linesOf(answer, signature, count) {
  if (!(answer instanceof Map)) return null;
  const names = signature.outputs.map((output) => output.name);
  const rows = answer.get("predictions");
  if (Array.isArray(rows) && rows.length === count) {
    return names.length === 1 ? rows.map((row) => new Map([[names[0], row]])) : rows;
  }
  const outputs = answer.get("outputs");
  const columns = names.length === 1 ? new Map([[names[0], outputs]]) : outputs;
  if (!(columns instanceof Map)) return null;
  const fits = names.every((name) => Array.isArray(columns.get(name)) && columns.get(name).length === count);
  if (!fits) return null;
  return Array.from({ length: count }, (_, place) => new Map(names.map((name) => [name, columns.get(name)[place]])));
}

function fromColumns(line) {
  const labels = line.get("labels");
  const scores = line.get("scores");
  if (!Array.isArray(labels) || !Array.isArray(scores) || labels.length !== scores.length) return {};
  const pairs = labels.map((label, place) => ({ label: show(label), score: Number(scores[place]) }));
  return { label: show(line.get("label")), scores: sorted(pairs) };
}

function fromPairs(pairs) {
  const scores = sorted(
    // A model that names no classes gives "" for each.
    pairs.map(([label, score], place) => ({ label: label === "" ? `#${place}` : show(label), score: Number(score) })),
  );
  return { label: scores[0]?.label ?? "", scores };
}

const sorted = (pairs) => pairs.sort((a, b) => (Number.isNaN(a.score) ? 1 : b.score - a.score));

// Words for the eye: strings and numbers as they came, all else as JSON.
function show(value) {
  if (value === undefined) return "";
  return typeof value === "string" ? value : value instanceof Numeral ? value.text : writeJson(value, Infinity);
}

export function showScore(score) {
  if (!Number.isFinite(score)) return String(score);
  return score !== 0 && Math.abs(score) < 0.00005 ? score.toExponential(1) : score.toFixed(4);
}

/** The answer in a few words: for screen readers and for the list of last requests. */
export function outcomeOf({ rows, tagged, lines }, request) {
  if (tagged) {
    const told = tagged.slice(0, 3).map(tellTagging).filter(Boolean).join("; ");
    return told.length > 80 || tagged.length > 3 ? `${told.slice(0, 80)} …` : told || t("noSpans");
  }
  if (rows) {
    const parts = rows.slice(0, 3).map((row) => `${row.label} ${showScore(row.scores[0]?.score ?? NaN)}`);
    return parts.join(", ") + (rows.length > 3 ? ", …" : "");
  }
  return lines ? lines[0].map(show).join(", ").slice(0, 80) : t(request.way === "json" ? "answered" : "answeredJson");
}

/** The elements that show an answer. */
export function renderAnswer(request, text) {
  const answer = readAnswer(request, text);
  const raw = h("pre", { class: "raw", tabindex: "0" }, pretty(text));
  if (answer.rows) return [...answer.rows.map(renderScores), folded(raw)];
  if (answer.tagged) return [...renderTaggings(answer.tagged, showScore), folded(raw)];
  if (answer.lines) return [renderTable(answer, request.texts), folded(raw)];
  return [h("div", { class: "box code-box" }, raw)];
}

const folded = (raw) => h("details", {}, h("summary", {}, t("asJson")), h("div", { class: "box code-box" }, raw));

function pretty(text) {
  if (text.length > MOST_CHARACTERS) return `${text.slice(0, MOST_CHARACTERS)}\n…\n${t("cut", { n: text.length })}`;
  try {
    return writeJson(parseJson(text));
  } catch {
    // Nested deeper than can be followed, or no JSON at all: as it came.
    return text;
  }
}

function renderScores({ text, label, scores }) {
  // Logits may be of any size: the bars then share the scale of the greatest.
  const scale = Math.max(1, ...scores.map(({ score }) => Math.abs(score) || 0));
  const line = ({ label: name, score }) =>
    h(
      "li",
      { class: name === label ? "best" : "" },
      h("span", { class: "name" }, name),
      bar(Math.abs(score) / scale, score < 0 ? "below" : ""),
      h("span", { class: "n" }, showScore(score)),
    );
  const rest = scores.slice(FIRST_LABELS);
  return h(
    "article",
    { class: "box result" },
    h("p", { class: "asked" }, text),
    h("p", { class: "label" }, label),
    h("ul", { class: "bars" }, scores.slice(0, FIRST_LABELS).map(line)),
    rest.length > 0 &&
      h(
        "details",
        {},
        h("summary", {}, t("moreLabels", { n: rest.length })),
        h("ul", { class: "bars" }, rest.map(line)),
      ),
  );
}

function renderTable({ columns, lines }, texts) {
  const cell = (value) => h("td", { class: value instanceof Numeral ? "n" : "" }, show(value));
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": t("answer") },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, [t("textColumn"), ...columns].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, lines.map((line, place) => h("tr", {}, h("th", { scope: "row" }, texts[place]), line.map(cell)))),
    ),
  );
}

/** An error in plain words, with the server's own below. */
export function renderError(error) {
  return h(
    "div",
    { class: "box problem", role: "alert" },
    h("p", { class: "plain" }, t(error.plain)),
    error.status !== null && h("p", { class: "hint" }, t("serverSaid", { status: error.status })),
    error.said && h("pre", { class: "said", tabindex: "0" }, error.said),
  );
}
