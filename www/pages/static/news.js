// What people want to know first: what fails, who builds, what was published and pushed.
import {h, Link} from "./react.js";
import {buildAddress, Commit, componentAddress, generationAddress, Panel, Table} from "./parts.js";
import {State} from "./states.js";
import {Ago} from "./times.js";

const MOST = 8;

const lineLink = ({channel, distro}) =>
  h(Link, {to: generationAddress(channel, distro)}, `${channel}/${distro}`);

/** What fails or is held back, the longest first. */
export function Troubles({troubles, found}) {
  const note = found > MOST ? h(Link, {to: "/farm/matrix?state=failed,held-back"}, `all ${found}`)
    : "since the last good build";
  return h(Panel, {title: "In trouble the longest", note},
    troubles.length ? h(Table, {caption: "What fails or is held back, the longest first",
      columns: ["Component", "Line", "State", "For", "Why"],
      rows: troubles.slice(0, MOST).map((one) => ({
        key: `${one.channel}/${one.distro}/${one.component}`,
        cells: [
          h(Link, {to: componentAddress(one.component)}, one.component),
          lineLink(one),
          one.state === "failed" ? h(Link, {to: buildAddress(one.key), title: "To its log"},
            h(State, {state: one.state})) : h(State, {state: one.state}),
          h(Ago, {moment: one.since, suffix: ""}),
          h("span", {className: "farm-why", title: one.reason}, one.reason,
            one.blocks > 0 && h("span", {className: "farm-note"}, ` (blocks ${one.blocks})`)),
        ]}))}) : h("p", {className: "farm-empty"}, "Nothing fails, and nothing is held back."));
}

const WORKERS = {connected: ["success", "connected"], paused: ["interrupted", "paused"],
  missing: ["failure", "missing"]};
const GB = 1e9;

/** Who builds, and how busy they are. */
export function Workers({workers, disk_free: free, disk_size: size}) {
  return h(Panel, {title: "Workers", note: `the farm's own disk: ${(free / GB).toFixed(0)} of `
    + `${(size / GB).toFixed(0)} GB free`},
    h(Table, {caption: "Workers", columns: ["Worker", "State", "Busy", "Builds for"],
      rows: workers.map((one) => ({key: one.name, cells: [
        one.page ? h("a", {href: `#${one.page.split("#")[1]}`}, one.name) : one.name,
        h("span", {className: "farm-badges"},
          h(State, {state: WORKERS[one.state][0], word: WORKERS[one.state][1]}),
          one.state === "missing" && h("span", {className: "farm-note"}, "last build ",
            h(Ago, {moment: one.last_seen}))),
        h(Load, one),
        one.distros.length ? `${one.distros.join(", ")}${one.untrusted ? " (pull requests)" : ""}`
          : h("span", {className: "farm-note"}, "publishes"),
      ]}))}));
}

function Load({running, builds}) {
  return h("span", {className: "farm-load"},
    h("meter", {min: 0, max: builds, value: running, "aria-label": "busy"}), `${running} of ${builds}`);
}

/** What was published last. */
export function Publications({publications}) {
  return h(Panel, {title: "Published last"},
    publications.length ? h(Table, {caption: "What was published last",
      columns: ["Line", "Snapshot", "When", "Brought"],
      rows: publications.map((one) => ({key: `${one.channel}/${one.distro}/${one.snapshot}`, cells: [
        lineLink(one),
        one.archive ? h("a", {href: one.archive}, one.snapshot) : one.snapshot,
        h(Ago, {moment: one.published_at}),
        h("span", {className: "farm-why"}, one.components.join(", "),
          one.total > one.components.length
            && h("span", {className: "farm-note"}, ` and ${one.total - one.components.length} more`)),
      ]}))}) : h("p", {className: "farm-empty"}, "Nothing is published yet."));
}

/** The newest commits. */
export function Pushes({pushes}) {
  return h(Panel, {title: "Newest commits", note: h(Link, {to: "/farm/commit"}, "where is my commit?")},
    pushes.length ? h(Table, {caption: "Newest commits",
      columns: ["Component", "Commit", "When", "Subject"],
      rows: pushes.map((one) => ({key: `${one.channel}/${one.component}`, cells: [
        h(Link, {to: componentAddress(one.component)}, one.component),
        h(Commit, {commit: one.commit}),
        h(Ago, {moment: one.committed_at}),
        h("span", {className: "farm-why", title: `${one.subject}\n${one.author}`}, one.subject),
      ]}))}) : h("p", {className: "farm-empty"}, "No commit is known yet."));
}
