// Where a commit is: merged, built, published, promoted on every line, or what holds it.
import {Fragment, h, Link, useEffect, useState, useSearchParams} from "./react.js";
import {FARM, useAsk} from "./rest.js";
import {Answer, componentAddress, count, Digits, generationAddress, PageFrame, Panel, Table} from "./parts.js";
import {Icon, State, stateOf} from "./states.js";
import {Pushes} from "./news.js";
import {Pull, Topic} from "./topic.js";
import {Ago} from "./times.js";

const EVERY_MS = 3000;
const SLOW_MS = 15000;

/** What somebody means who writes this.
 * @returns {{kind: "commit" | "pull" | "topic", name: string} | null} */
export function meant(text) {
  const words = text.trim();
  const commit = words.match(/(?:^|\/)(?:commits?\/)?([0-9a-f]{6,64})$/i);
  if (commit && (words.includes("/commit") || !words.includes("/"))) {
    return {kind: "commit", name: commit[1].toLowerCase()};
  }
  const pull = words.match(/(?:^#?|\/(?:pull|pulls|merge_requests)\/)(\d{1,9})\/?$/);
  if (pull) return {kind: "pull", name: pull[1]};
  return words ? {kind: "topic", name: words} : null;
}

export function Page() {
  const [query, setQuery] = useSearchParams();
  const of = query.get("of") ?? "";
  const [text, setText] = useState(of);
  useEffect(() => setText(of), [of]);
  const find = (event) => {
    event.preventDefault();
    setQuery(text.trim() ? {of: text.trim()} : {});
  };
  const what = meant(of);
  return h(PageFrame, {title: "Find a commit",
    lead: "Where a commit is: merged, built, published, promoted on each line, or what holds it."},
    h("form", {className: "farm-find", role: "search", onSubmit: find},
      h("label", {htmlFor: "farm-of"}, "Commit, pull request or topic"),
      h("div", null, h("input", {id: "farm-of", type: "search", value: text, autoComplete: "off",
        spellCheck: false, placeholder: "1f3a9c2, #12, an address of one, or a topic's name",
        onChange: (event) => setText(event.target.value)}),
      h("button", {type: "submit", className: "farm-main"}, "Find"))),
    !what && h(Newest),
    what?.kind === "commit" && h(Where, {key: what.name, sha: what.name}),
    what?.kind === "pull" && h(Pull, {key: what.name, number: Number(what.name), Where}),
    what?.kind === "topic" && h(Topic, {key: what.name, name: what.name}));
}

/** For somebody who has not said which: the newest ones. */
function Newest() {
  const answer = useAsk(`${FARM}pushes?limit=20`, {every: SLOW_MS});
  return h(Answer, {answer}, (data) => h(Pushes, data));
}

/** Everything about one commit. @param {{sha: string}} props */
export function Where({sha}) {
  const answer = useAsk(`${FARM}commits/${encodeURIComponent(sha)}`, {every: EVERY_MS});
  return h(Answer, {answer}, (commit) => h(Fragment, null,
    h("div", {className: "farm-commit"},
      h("h2", null, commit.subject),
      h("p", {className: "farm-note"}, h(Digits, {value: commit.commit, length: 40}), " by ",
        commit.author, ", ", h(Ago, {moment: commit.committed_at})),
      h("p", {role: "status"}, summary(commit.lines)),
      h("p", {className: "farm-note"}, "Changes ", commit.components.length
        ? commit.components.map((name, at) => h(Fragment, {key: name}, at > 0 && ", ",
          h(Link, {to: componentAddress(name)}, name))) : "no component of the stack", ".")),
    commit.lines.length > 0 && h(Panel, {title: "On each line"}, h(Table, {
      caption: "How far the commit is on each line",
      columns: ["Line", "Merged", "Built", "Published", "Promoted", "What holds it"],
      rows: commit.lines.map((line) => row(line, commit.components.length > 1))}))));
}

/** How far it is, in a sentence. */
function summary(lines) {
  const ours = lines.filter((line) => line.stage !== "not merged");
  if (!ours.length) return "It is on no channel's branch.";
  const published = ours.filter((line) => line.stage === "published").length;
  if (published === ours.length) return `Published everywhere that takes it: on ${count(published, "line")}.`;
  return `It is published on ${published} of ${count(ours.length, "line")}.`;
}

const STAGES = ["not merged", "merged", "built", "published"];

function row(line, several) {
  const reached = STAGES.indexOf(line.stage);
  const step = (stage, moment, more) => reached >= STAGES.indexOf(stage)
    ? h("span", {className: "farm-step"}, h(State, {state: "success", word: h(Ago, {moment, never: "yes"})}),
      more && h("span", {className: "farm-note"}, more))
    : h("span", {className: "farm-note farm-later"}, h(Icon, {path: stateOf("excluded").icon}), "not yet");
  return {key: `${line.channel}/${line.distro}/${line.component}`, cells: [
    h("span", null, h(Link, {to: generationAddress(line.channel, line.distro)},
      `${line.channel}/${line.distro}`), several && h("span", {className: "farm-note"}, ` ${line.component}`)),
    step("merged", line.merged_at),
    step("built", line.built_at, line.version),
    step("published", line.published_at, line.snapshot && `snapshot ${line.snapshot}`),
    line.snapshot ? h(Promoted, {line}) : h("span", {className: "farm-note"}, "not yet"),
    line.holds || h("span", {className: "farm-note"}, "nothing"),
  ]};
}

/** The channels and releases that took the snapshot. */
function Promoted({line}) {
  const {data} = useAsk(`${FARM}lines/${encodeURIComponent(line.channel)}/`
    + `${encodeURIComponent(line.distro)}/promotions?since=${line.snapshot}`, {every: SLOW_MS});
  if (!data?.promotions.length) return h("span", {className: "farm-note"}, "no");
  return h("span", {className: "farm-badges"}, data.promotions.map((one) =>
    h("a", {key: one.channel, href: one.archive}, h(State, {state: "success",
      word: h(Fragment, null, one.channel, " ", h(Ago, {moment: one.published_at}))}))));
}
