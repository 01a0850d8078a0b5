// A line: its newest generation while it is built, then what it published.
import {h, Link, useParams, useSearchParams, useState} from "./react.js";
import {FARM, useAsk} from "./rest.js";
import {Answer, buildAddress, Commit, componentAddress, count, PageFrame, Panel, Table} from "./parts.js";
import {State, stateOf} from "./states.js";
import {Ago, exact, span} from "./times.js";
import {RebuildFailedButton} from "./force.js";
import {Gantt} from "./gantt.js";

const WAITING = 500;
const FEW = 20;

export function Page() {
  const {channel, distro} = useParams();
  const place = `${encodeURIComponent(channel)}/${encodeURIComponent(distro)}`;
  const answer = useAsk(`${FARM}generations/${place}?waiting=${WAITING}`);
  const page = answer.data;
  return h(PageFrame, {title: `${channel}/${distro}`, lead: page && h(Lead, {page}),
    actions: page && h(RebuildFailedButton, {channel, distro, failed: page.counts.failed ?? 0})},
    h(Answer, {answer}, (data) => h("div", null,
      h(Progress, {page: data}),
      data.number > 0 && h(Timeline, {page: data, now: answer.at / 1000}))),
    page?.snapshot && h(Snapshot, {place, live: page.snapshot}));
}

function Lead({page}) {
  if (!page.number) return "Nothing has been built here yet.";
  const began = h("span", null, `Generation ${page.number}, begun `, h(Ago, {moment: page.started_at}));
  if (!page.running) {
    return h("span", null, began, ", done after ", span(page.finished_at - page.started_at));
  }
  return h("span", null, began, page.estimated_finish
    ? [`, expected to be built at ${clock(page.estimated_finish)} (in `,
      `${span(Math.max(0, page.estimated_finish - Date.now() / 1000))})`]
    : ", with no worker for this distro");
}

const clock = (moment) => new Date(moment * 1000).toLocaleTimeString(undefined,
  {hour: "2-digit", minute: "2-digit"});

function Progress({page}) {
  const total = Object.values(page.counts).reduce((sum, one) => sum + one, 0);
  const order = ["published", "built", "building", "ready", "waiting", "blocked", "failed"];
  const parts = order.filter((state) => page.counts[state]);
  const left = page.building.length + page.waiting_total;
  return h("div", {className: "farm-progress"},
    h("div", {className: "farm-progress-bar", "aria-hidden": true}, parts.map((state) =>
      h("span", {key: state, className: `farm-${stateOf(state).tone}`, style: {flexGrow: page.counts[state]}}))),
    h("p", {className: "farm-progress-words"}, parts.map((state) => h("span", {key: state},
      h(State, {state, word: `${page.counts[state]} ${stateOf(state).word}`}), " "))),
    h("p", {"aria-live": "polite", className: "farm-note"}, page.running
      ? `${count(left, "build")} left of ${count(total, "component")}; the longest chain takes some `
        + `${span(page.remaining_s)}.`
      : `Nothing is left to build; the line has ${count(total, "component")}.`));
}

function Timeline({page, now}) {
  const path = new Set(page.remaining_path.map((step) => step.component));
  const steps = [...page.building, ...page.waiting, ...page.done.toReversed()];
  const hidden = page.waiting_total - page.waiting.length;
  const [open, setOpen] = useState(steps.length < FEW);
  return h(Panel, {title: "Over time", note: path.size > 0 && "outlined: expected; bold: the longest chain left"},
    h(Gantt, {page, now: page.running ? now : page.finished_at}),
    h("details", {open, onToggle: (event) => setOpen(event.currentTarget.open)},
      h("summary", null, `As a table: ${count(steps.length, "build")}`),
      open && h("div", {className: "farm-scroll"}, h(Table, {
        caption: "The builds of this generation", figures: ["Took", "Expected"],
        columns: ["Component", "State", "Worker", "Began", "Took", "Expected"],
        rows: steps.map((step) =>
          ({key: step.component, cells: cellsOf(step, now, path.has(step.component))}))})),
      hidden > 0 && h("p", {className: "farm-note"}, `${count(hidden, "more component")} wait.`)));
}

function cellsOf(step, now, critical) {
  const began = step.started_at || (step.finished_at && step.requested_at);
  const took = began ? (step.finished_at || now) - began : 0;
  const state = h(State, {state: step.state});
  return [
    h(Link, {to: componentAddress(step.component)}, step.component),
    h("span", null, step.key ? h(Link, {to: buildAddress(step.key)}, state) : state,
      critical && [" ", h("span", {key: "path", className: "farm-mark"}, "longest chain")]),
    step.worker,
    began ? h(Ago, {moment: began}) : "",
    took ? span(took) : "",
    span(step.expected_s),
  ];
}

/** What a snapshot holds and what it changed; the address says which: `?snapshot=3`. */
function Snapshot({place, live}) {
  const [query, setQuery] = useSearchParams();
  const asked = Number(query.get("snapshot"));
  const number = Number.isInteger(asked) && asked > 0 ? asked : live;
  const answer = useAsk(`${FARM}snapshots/${place}?number=${number}`, {every: number === live ? undefined : Infinity});
  const go = (to) => setQuery(to === live ? {} : {snapshot: String(to)}, {replace: true});
  return h(Panel, {title: number === live ? "In the archive now" : "An older snapshot",
    note: `snapshot ${number}`},
    h("div", {className: "farm-row"},
      h("button", {type: "button", disabled: number <= 1, onClick: () => go(number - 1)}, "The one before"),
      h("button", {type: "button", disabled: number >= live, onClick: () => go(number + 1)}, "The one after")),
    h(Answer, {answer}, (snapshot) => h(SnapshotFacts, {snapshot})));
}

function SnapshotFacts({snapshot}) {
  const held = Object.entries(snapshot.held_back);
  return h("div", null,
    h("p", null, "Published ", h(Ago, {moment: snapshot.published_at}), ` (${exact(snapshot.published_at)}), `
      + `generation ${snapshot.generation}, ${count(snapshot.components, "component")}: `,
      h("a", {href: snapshot.archive}, "packages"), ", ", h("a", {href: snapshot.manifest}, "manifest"), "."),
    held.length > 0 && h("div", {className: "farm-stale"}, h("p", null, "Held back:"),
      h("ul", {className: "farm-list"}, held.map(([name, why]) => h("li", {key: name},
        h(Link, {to: componentAddress(name)}, name), `: ${why}`)))),
    h("h3", null, snapshot.before ? `What changed since snapshot ${snapshot.before}` : "What it brought"),
    snapshot.changes.length === 0 ? h("p", {className: "farm-note"}, "No component changed.")
      : h("div", {className: "farm-scroll"}, h(Table, {
        caption: "What changed", columns: ["Component", "Before", "Now", "Commit", "Why"],
        rows: snapshot.changes.map((change) => ({key: change.component, cells: cellsOfChange(change)}))})));
}

function cellsOfChange(change) {
  const same = change.commit_before === change.commit_after;
  return [
    h(Link, {to: componentAddress(change.component)}, change.component),
    h("span", {className: "farm-mono"}, change.before || "not there"),
    h("span", {className: "farm-mono"}, change.after || "removed"),
    same ? "the same" : h(Commit, {commit: change.commit_after || change.commit_before}),
    h("span", {className: "farm-reasons"}, change.reasons.join("; ")),
  ];
}
