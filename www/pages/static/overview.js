// The farm's health in one look.
import {h, Link} from "./react.js";
import {FARM, useAsk} from "./rest.js";
import {Answer, count, generationAddress, PageFrame, Panel, Table} from "./parts.js";
import {State} from "./states.js";
import {Ago, span} from "./times.js";
import {RebuildFailedButton} from "./force.js";
import {Publications, Pushes, Troubles, Workers} from "./news.js";
import {FirstSteps} from "./first_steps.js";

const MOST_TROUBLES = 500;
const SOON_MS = 5000;
const SLOW_MS = 10000;

export function Page() {
  const lines = useAsk(`${FARM}lines`);
  const troubles = useAsk(`${FARM}troubles?limit=${MOST_TROUBLES}`, {every: SOON_MS});
  const workers = useAsk(`${FARM}workers`, {every: SLOW_MS});
  const publications = useAsk(`${FARM}publications?limit=8`, {every: SLOW_MS});
  const pushes = useAsk(`${FARM}pushes?limit=8`, {every: SLOW_MS});
  const nothing = lines.data && !lines.data.lines.some((line) => line.snapshot);
  return h(PageFrame, {title: "Overview", lead: h("span", {role: "status"}, nothing
    ? "This farm has published nothing yet."
    : health(lines.data?.lines, troubles.data, workers.data?.workers))},
    nothing && h(FirstSteps, {lines: lines.data.lines, workers: workers.data?.workers}),
    h(Answer, {answer: lines}, (data) => h(Lines, {lines: data.lines,
      troubles: troubles.data?.troubles ?? []})),
    h("div", {className: "farm-columns"},
      h(Answer, {answer: troubles}, (data) => h(Troubles, data)),
      h(Answer, {answer: workers}, (data) => h(Workers, data)),
      h(Answer, {answer: publications}, (data) => h(Publications, data)),
      h(Answer, {answer: pushes}, (data) => h(Pushes, data))));
}

/** The farm in a sentence. */
function health(lines, troubles, workers) {
  if (!lines || !troubles || !workers) return "\u00a0";
  const sum = (state) => lines.reduce((all, line) => all + (line.counts[state] ?? 0), 0);
  const fails = sum("failed");
  const heldBack = troubles.troubles.filter((one) => one.state === "held-back").length;
  const missing = workers.filter((one) => one.state === "missing").length;
  const wrong = [
    fails && `${count(fails, "build")} ${fails === 1 ? "fails" : "fail"}`,
    heldBack && `${heldBack} held back`,
    missing && `${count(missing, "worker")} ${missing === 1 ? "is" : "are"} missing`,
  ].filter(Boolean);
  const queue = [[sum("building"), "building"], [sum("ready"), "queued"], [sum("waiting"), "waiting"]]
    .filter(([number]) => number).map(([number, word]) => `${number.toLocaleString("en")} ${word}`);
  return `${wrong.join(", ") || "All is well"}. ${queue.length ? `${queue.join(", ")}.`
    : "Nothing is left to build."}`;
}

function Lines({lines, troubles}) {
  if (!lines.length) return null;
  return h(Panel, {title: "Lines", note: "one channel on one distro: what is planned and published"},
    h(Table, {caption: "Lines", columns: ["Line", "Now", "Published", "Snapshot", "In the archive",
      "The rest", "Actions"], figures: ["In the archive"],
    rows: lines.map((line) => ({key: `${line.channel}/${line.distro}`, cells: [
      h(Link, {to: generationAddress(line.channel, line.distro)}, `${line.channel}/${line.distro}`),
      h(State, {state: line.state}),
      h(Ago, {moment: line.published_at}),
      line.archive ? h("a", {href: line.archive, title: "The archive"}, line.snapshot) : "none",
      `${(line.counts.published ?? 0).toLocaleString("en")} of ${line.total.toLocaleString("en")}`,
      h(Exceptions, {line, troubles: troubles.filter((one) => one.channel === line.channel
        && one.distro === line.distro)}),
      h(RebuildFailedButton, {channel: line.channel, distro: line.distro,
        failed: line.counts.failed ?? 0}),
    ]}))}));
}

const SHOWN = ["failed", "blocked", "building", "ready", "waiting", "built"];

/** How many components are in each state, leading to them; and since when something is held back. */
function Exceptions({line, troubles}) {
  const to = (state) => `/farm/matrix?${new URLSearchParams({channel: line.channel,
    distro: line.distro, state})}`;
  const held = troubles.filter((one) => one.state === "held-back");
  const since = Math.min(...held.map((one) => one.since));
  const states = SHOWN.filter((state) => line.counts[state]);
  if (!states.length && !line.held_back) return h("span", {className: "farm-note"}, "nothing");
  return h("span", {className: "farm-badges"},
    states.map((state) => h(Link, {key: state, to: to(state)},
      h(State, {state, word: `${line.counts[state].toLocaleString("en")} ${words[state] ?? state}`}))),
    line.held_back > 0 && h(Link, {to: to("held-back")}, h(State, {state: "held-back",
      word: `${line.held_back} held back${held.length ? ` for ${age(since)}` : ""}`})));
}

const words = {ready: "queued"};
const age = (moment) => span(Math.max(0, Date.now() / 1000 - moment)).split(" ").slice(0, 2).join(" ");
