// A generation over time: what was built when, what is being built, and the longest chain left.
import {h} from "./react.js";
import {componentAddress} from "./parts.js";
import {stateOf} from "./states.js";
import {span} from "./times.js";
import {tick, useWidth} from "./plot.js";

const ROW = 24;
const TOP = 26;
const MOST_ROWS = 80;
const LEAST_WIDTH = 240;

/** The rows of the picture, each {component, state, from, to, expected}: seconds since 1970, and the
 * end that is expected of what is not done. */
export function rowsOf(page, now) {
  const done = page.done.filter((step) => step.finished_at).map((step) => ({
    component: step.component, state: step.state, from: step.started_at || step.requested_at,
    to: step.finished_at, expected: 0}));
  const building = page.building.map((step) => {
    const from = step.started_at || now;
    return {component: step.component, state: step.started_at ? "building" : "ready", from,
      to: step.started_at ? now : from, expected: Math.max(now, from + step.expected_s)};
  });
  const under = new Map(building.map((row) => [row.component, row]));
  let at = now;
  const path = [];
  for (const {component, expected_s} of page.remaining_path) {
    const row = under.get(component);
    if (row) {
      row.critical = true;
      at = row.expected;
    } else {
      path.push({component, state: "waiting", critical: true, from: at, to: at, expected: at + expected_s});
      at += expected_s;
    }
  }
  const rows = [...done.sort((a, b) => a.from - b.from), ...building.sort((a, b) => a.from - b.from), ...path];
  return {rows: rows.slice(-MOST_ROWS), left_out: Math.max(0, rows.length - MOST_ROWS)};
}

/** @param {{page: any, now: number}} props the generation as the farm answers it; seconds */
export function Gantt({page, now}) {
  const [box, measured] = useWidth();
  const {rows, left_out} = rowsOf(page, now);
  const width = Math.max(LEAST_WIDTH, measured);
  return h("div", {ref: box}, rows.length === 0
    ? h("p", {className: "farm-note"}, "This generation had nothing to build.")
    : h(Chart, {page, rows, now, width}),
    left_out > 0 && h("p", {className: "farm-note"},
      `The first ${left_out} builds are left out of the picture; the table has all of them.`));
}

function Chart({page, rows, now, width}) {
  const left = width < 600 ? 108 : 190;
  const begin = Math.min(page.started_at || Infinity, ...rows.map((row) => row.from));
  const end = Math.max(begin + 1, ...rows.map((row) => Math.max(row.to, row.expected)));
  const shown = end - begin;
  const x = (moment) => left + (width - left - 8) * ((moment - begin) / shown);
  const step = tick(shown, Math.max(2, Math.floor((width - left) / 110)));
  const ticks = Array.from({length: Math.floor(shown / step) + 1}, (_, index) => index * step);
  const height = TOP + rows.length * ROW;
  return h("svg", {width, height: height + 6, className: "farm-gantt", role: "group",
    "aria-label": "Builds of this generation over time; the table has the same figures"},
    h("g", {"aria-hidden": true}, ticks.map((seconds) => h("g", {key: seconds, className: "farm-gantt-tick"},
      h("line", {x1: x(begin + seconds), x2: x(begin + seconds), y1: TOP - 6, y2: height}),
      h("text", {x: x(begin + seconds), y: 14, textAnchor: seconds ? "middle" : "start"},
        seconds ? `+${span(seconds)}` : "start")))),
    rows.map((row, index) => h(Row, {key: row.component, row, y: TOP + index * ROW, x, left, width})),
    page.running && h("line", {"aria-hidden": true, className: "farm-gantt-now", x1: x(now), x2: x(now),
      y1: TOP - 6, y2: height}));
}

function Row({row, y, x, left, width}) {
  const state = stateOf(row.state);
  const letters = Math.floor((left - 14) / 7.4);
  const name = row.component.length > letters ? `${row.component.slice(0, letters - 1)}…` : row.component;
  const spent = row.to > row.from ? `, ${span(row.to - row.from)}` : "";
  const rest = row.expected > row.to ? `, some ${span(row.expected - row.to)} more expected` : "";
  const label = `${row.component}: ${state.word}${spent}${rest}${row.critical ? ", on the critical path" : ""}`;
  const [from, to, expected] = [x(row.from), x(row.to), x(Math.max(row.to, row.expected))];
  return h("a", {href: `#${componentAddress(row.component)}`, "aria-label": label,
    className: `farm-gantt-row${row.critical ? " farm-gantt-critical" : ""}`},
    h("title", null, label),
    h("rect", {className: "farm-gantt-back", x: 0, y, width, height: ROW}),
    h("text", {x: left - 12, y: y + 16, textAnchor: "end"}, name),
    h("g", {className: `farm-${state.tone}`},
      h("rect", {className: "farm-gantt-bar", x: from, y: y + 4, width: Math.max(2, to - from),
        height: ROW - 8, rx: 2}),
      expected > to && h("rect", {className: "farm-gantt-expected", x: to, y: y + 4.5,
        width: expected - to, height: ROW - 9, rx: 2})));
}
