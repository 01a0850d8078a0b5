// How long builds took, one bar each, the oldest first.
import {h, Link, useEffect, useRef, useState} from "./react.js";
import {stateOf} from "./states.js";
import {exact, span} from "./times.js";

const HEIGHT = 150;
const LEFT = 56;
const TOP = 12;
const BAR = {most: 26, least: 5, gap: 3};
const STEPS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 36000, 86400];
const TESTS = {passed: "tests passed", failed: "tests failed", none: "it has no tests", "": ""};

/** The width that an element has, kept up to date. @returns {[any, number]} a ref, pixels */
export function useWidth(first = 600) {
  const box = useRef(null);
  const [width, setWidth] = useState(first);
  useEffect(() => {
    const seen = new ResizeObserver(([entry]) => setWidth(entry.contentRect.width));
    seen.observe(box.current);
    return () => seen.disconnect();
  }, []);
  return [box, width];
}

/** A round number of seconds of which at most `parts` make up `most`. */
export function tick(most, parts) {
  return STEPS.find((step) => most / step <= parts) ?? Math.ceil(most / parts / 86400) * 86400;
}

/** @param {{runs: any[]}} props the newest first, as the farm answers them */
export function Durations({runs}) {
  const [box, width] = useWidth();
  const done = runs.filter((run) => run.duration_s !== null);
  const room = Math.floor((width - LEFT) / (BAR.least + BAR.gap));
  const shown = done.slice(0, Math.max(1, room)).reverse();
  return h("div", {ref: box}, shown.length === 0
    ? h("p", {className: "farm-note"}, "No build of it has ended here yet.")
    : h(Bars, {shown, width}));
}

function Bars({shown, width}) {
  const most = Math.max(1, ...shown.map((run) => run.duration_s));
  const step = tick(most, 3);
  const top = Math.ceil(most / step) * step;
  const wide = Math.min(BAR.most, (width - LEFT) / shown.length - BAR.gap);
  const y = (seconds) => TOP + HEIGHT * (1 - seconds / top);
  const lines = Array.from({length: Math.round(top / step) + 1}, (_, index) => index * step);
  const end = LEFT + shown.length * (wide + BAR.gap);
  return h("svg", {width, height: TOP + HEIGHT + 44, className: "farm-plot", role: "group",
    "aria-label": `Durations of the last ${shown.length} builds; the table has the same figures`},
    h("g", {"aria-hidden": true},
      lines.map((seconds) => h("g", {key: seconds},
        h("line", {x1: LEFT, x2: width, y1: y(seconds), y2: y(seconds)}),
        h("text", {x: LEFT - 8, y: y(seconds) + 4, textAnchor: "end"}, seconds ? span(seconds) : "0"))),
      h("text", {x: LEFT, y: TOP + HEIGHT + 38}, day(shown[0].at)),
      end > LEFT + 180 && h("text", {x: end, y: TOP + HEIGHT + 38, textAnchor: "end"},
        day(shown.at(-1).at))),
    shown.map((run, index) => h(Bar, {key: run.key, run, x: LEFT + index * (wide + BAR.gap), wide,
      y: y(run.duration_s), last: index === shown.length - 1})));
}

const day = (moment) => new Date(moment * 1000).toLocaleDateString(undefined,
  {day: "numeric", month: "short", year: "numeric"});

function Bar({run, x, wide, y, last}) {
  const state = stateOf(run.outcome);
  const words = [run.version, exact(run.at), `${state.word} after ${span(run.duration_s)}`,
    TESTS[run.tests], run.failed_tests.join(", "), run.by_chance && "failed by chance",
    ...Object.entries(run.phases).map(([name, seconds]) => `${name} ${span(seconds)}`)];
  const label = words.filter(Boolean).join("\n");
  const middle = x + wide / 2;
  // One stop for the tab key; the table has a link for every build.
  return h(Link, {to: `/farm/build/${run.key}`, className: "farm-bar",
    "aria-label": label, tabIndex: last ? 0 : -1},
    h("title", null, label),
    h("rect", {className: "farm-bar-back", x, y: TOP, width: wide, height: HEIGHT}),
    h("g", {className: `farm-${state.tone}`},
      h("rect", {x, y: Math.min(y, TOP + HEIGHT - 2), width: wide,
        height: Math.max(2, TOP + HEIGHT - y), rx: 1.5}),
      wide >= 8 && h("path", {d: state.icon,
        transform: `translate(${middle - 5} ${TOP + HEIGHT + 5}) scale(.62)`}),
      run.by_chance && h("text", {x: middle, y: y - 3, textAnchor: "middle"}, "?")));
}
