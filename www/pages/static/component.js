// Everything about one component: how it stands, its neighbours, its builds and what they say.
import {h, Link, useParams, useSearchParams, useState} from "./react.js";
import {FARM, useAsk} from "./rest.js";
import {Answer, buildAddress, Commit, componentAddress, count, generationAddress, PageFrame, Panel,
  Table} from "./parts.js";
import {shownState, State} from "./states.js";
import {Ago, span} from "./times.js";
import {Since} from "./failure.js";
import {ForceButton} from "./force.js";
import {Graph, GraphLists} from "./graph.js";
import {Durations} from "./plot.js";

const BUILDS = 20;
const RUNS = 60;
const FARTHEST = 20;

export function Page() {
  const {name} = useParams();
  const [query, setQuery] = useSearchParams();
  const [builds, setBuilds] = useState(BUILDS);
  const path = `${FARM}components/${encodeURIComponent(name)}`;
  const channel = query.get("channel");
  const asked = channel ? `&channel=${encodeURIComponent(channel)}` : "";
  const answer = useAsk(`${path}?builds=${builds}${asked}`);
  const set = (changed) => setQuery({...Object.fromEntries(query), ...changed}, {replace: true});
  return h(PageFrame, {title: name, lead: answer.data?.summary,
    actions: h(ForceButton, {components: [name], channel: channel ?? undefined})},
    h(Answer, {answer}, (component) =>
      h(Component, {component, path, channel, set, query, more: () => setBuilds((old) => old * 2)})));
}

function Component({component, path, channel: given, set, query, more}) {
  const channels = [...new Set(component.lines.map((line) => line.channel))];
  const channel = channels.includes(given) ? given : channels[0];
  const here = component.lines.filter((line) => line.channel === channel);
  if (!here.length) return h("p", null, "No distro of the stack builds it.");
  const line = here.find((one) => one.distro === query.get("distro")) ?? here[0];
  const where = `channel=${encodeURIComponent(channel)}&distro=${encodeURIComponent(line.distro)}`;
  return h("div", null,
    component.problem && h("div", {className: "farm-error", role: "alert"},
      h("p", null, `Its repository cannot be read: ${component.problem}`)),
    h(Failing, {lines: here.filter((one) => one.standing.state === "failed" && one.broken)}),
    h(Lines, {component}),
    h("div", {className: "farm-choice"},
      channels.length > 1 && h(Choice, {label: "Channel", value: channel, options: channels,
        onChange: (value) => set({channel: value})}),
      h(Choice, {label: "Distro", value: line.distro, options: here.map((one) => one.distro),
        onChange: (value) => set({distro: value})})),
    h(Neighbours, {path, where, query, set}),
    h(Runs, {path, where, line, more}),
    h(Facts, {component}));
}

function Choice({label, value, options, onChange}) {
  return h("label", null, `${label} `, h("select", {value, onChange: (event) => onChange(event.target.value)},
    options.map((one) => h("option", {key: one}, one))));
}

/** Where it fails: what the logs say, since when, and the way to them; once for lines that say the same. */
function Failing({lines}) {
  const alike = Map.groupBy(lines, ({standing, broken}) =>
    [standing.reason.split("\n")[0], broken.good_commit, broken.bad_commit].join("\n"));
  return [...alike.values()].map((some) => h(Broken, {key: some[0].distro, lines: some}));
}

function Broken({lines}) {
  const [{channel, standing, broken}] = lines;
  return h("div", {className: "farm-verdict"},
    h("p", {className: "farm-verdict-kind"}, h(State, {state: "failed"}),
      ` on ${channel}/${lines.map((line) => line.distro).join(", ")}, `, h(Ago, {moment: standing.since})),
    h("p", {className: "farm-verdict-message"}, standing.reason.split("\n")[0]),
    h("p", null, "It ", h(Since, {broken}), "."),
    h("p", null, "The log at its first error: ", lines.map((line, index) => [index ? ", " : "",
      h(Link, {key: line.distro, to: buildAddress(line.standing.key)}, line.distro)])));
}

function Lines({component}) {
  return h(Panel, {title: "In every archive"}, h("div", {className: "farm-scroll"}, h(Table, {
    caption: "How it stands on every line",
    columns: ["Line", "State", "Version", "Newest commit", "Since", "Why"],
    rows: component.lines.map((line) => ({key: `${line.channel}/${line.distro}`, cells: cellsOf(line)}))})));
}

function cellsOf({channel, distro, standing, archive}) {
  const waits = standing.waits_for.map((name, index) => [index ? ", " : "",
    h(Link, {key: name, to: componentAddress(name)}, name)]);
  const why = standing.held_back ? `Held back: ${standing.held_back}` : waits.length
    ? [standing.state === "blocked" ? "blocked by " : "waits for ", ...waits] : standing.reason.split("\n")[0];
  const state = h(State, {state: shownState(standing)});
  return [
    h(Link, {to: generationAddress(channel, distro)}, `${channel}/${distro}`),
    standing.key && standing.state === "failed" ? h(Link, {to: buildAddress(standing.key)}, state) : state,
    h("span", {className: "farm-mono"}, standing.version && archive
      ? h("a", {href: archive}, standing.version) : standing.version || "none"),
    [h(Commit, {key: "commit", commit: standing.newest_commit}), " ",
      h("span", {key: "subject", className: "farm-note"}, standing.subject)],
    h(Ago, {moment: standing.since}),
    h("span", {className: "farm-reasons"}, why),
  ];
}

function Neighbours({path, where, query, set}) {
  const depth = Math.min(FARTHEST, Math.max(1, Number(query.get("depth")) || 1));
  const answer = useAsk(`${path}/graph?${where}&depth=${depth}`);
  const more = answer.data?.nodes.some((node) => node.more);
  return h(Panel, {title: "Built with, and built with it",
    note: answer.data && count(answer.data.nodes.length - 1, "neighbour")},
    h("div", {className: "farm-row"},
      h("button", {type: "button", disabled: !more || depth >= FARTHEST,
        onClick: () => set({depth: depth + 1})}, "One step further"),
      h("button", {type: "button", disabled: depth <= 1, onClick: () => set({depth: depth - 1})},
        "One step less")),
    h(Answer, {answer}, (graph) => h("div", null,
      h(Graph, {graph}),
      graph.left_out > 0 && h("p", {className: "farm-note"},
        `${count(graph.left_out, "component")} farther away are left out: too many for a picture.`),
      h("details", null, h("summary", null, "As lists"), h(GraphLists, {graph})))));
}

function Runs({path, where, line, more}) {
  const answer = useAsk(`${path}/runs?${where}&limit=${RUNS}`);
  const runs = new Map((answer.data?.runs ?? []).map((run) => [run.key, run]));
  const chance = line.by_chance.length;
  return h("div", null,
    h(Panel, {title: "Durations", note: `of the builds on ${line.channel}/${line.distro}, the newest on the right`},
      h(Answer, {answer}, (data) => h(Durations, {runs: data.runs}))),
    h(Panel, {title: "Builds", note: chance > 0 && `${count(chance, "build")} failed by chance: a later one `
      + "of the same inputs did not"},
      line.builds.length > 0 && h("div", {className: "farm-scroll"}, h(Table, {
        caption: `Builds on ${line.channel}/${line.distro}`, figures: ["Took"],
        columns: ["When", "Outcome", "Version", "Why it was built", "Tests", "Took"],
        rows: line.builds.map((build) =>
          ({key: build.key, cells: cellsOfBuild(build, runs.get(build.key), line)}))})),
      line.builds.length === 0 && h("p", {className: "farm-note"}, "It was never built here."),
      line.builds.length >= BUILDS && h("div", {className: "farm-row"},
        h("button", {type: "button", onClick: more}, "Older builds"))));
}

function cellsOfBuild(build, run, line) {
  const first = line.broken?.bad_key === build.key && line.broken.good_key;
  return [
    h(Link, {to: buildAddress(build.key)}, h(Ago, {moment: build.requested_at})),
    h("span", null, h(State, {state: build.outcome}),
      build.published && h("span", {className: "farm-note"}, " in the archive"),
      first && [" ", h("span", {key: "first", className: "farm-mark"}, "first failing commit")],
      run?.by_chance && [" ", h("span", {key: "chance", className: "farm-mark"}, "failed by chance")]),
    h("span", {className: "farm-mono"}, build.version, " ", h(Commit, {commit: build.commit})),
    h("div", {className: "farm-reasons"}, build.reasons.map((reason) => h("div", {key: reason}, reason)),
      build.message && h("div", {className: "farm-fault"}, build.message.split("\n")[0])),
    run?.tests ? h(Tests, {run}) : "",
    build.duration_s === null ? "" : span(build.duration_s),
  ];
}

function Tests({run}) {
  if (run.tests === "none") return h("span", {className: "farm-note"}, "has none");
  if (run.tests === "passed") return "passed";
  const names = run.failed_tests;
  return h("span", {className: "farm-fault", title: names.join("\n")}, names.length
    ? `failed: ${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""}`
    : "failed");
}

const link = (url) => /^https?:/.test(url) ? h("a", {href: url}, url) : url;

function Facts({component}) {
  const rows = [
    ["Repository", link(component.git)],
    component.directory !== "." && ["Directory", component.directory],
    component.homepage && ["Homepage", link(component.homepage)],
    component.licence && ["Licence", component.licence],
    ["Built for", component.distros.join(", ")],
    component.description && ["Description", component.description],
  ].filter(Boolean);
  return h(Panel, {title: "What it is"}, h("dl", {className: "farm-facts"}, rows.map(([name, value]) =>
    h("div", {key: name}, h("dt", null, name), h("dd", null, value)))));
}
