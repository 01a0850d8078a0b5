// Topics and pull requests: what they are, and their verdict on every distro.
import {Fragment, h, Link} from "./react.js";
import {FARM, useAsk} from "./rest.js";
import {Answer, Commit, componentAddress, generationAddress, Panel, Table} from "./parts.js";
import {State} from "./states.js";
import {Ago, exact} from "./times.js";

/** A topic by its name. @param {{name: string}} props */
export function Topic({name}) {
  const answer = useAsk(`${FARM}topics/${encodeURIComponent(name)}`);
  return h(Answer, {answer}, (topic) => h(Facts, {topic}));
}

/** The pull requests of a number, each with where its commit is.
 * @param {{number: number, Where: any}} props `Where` shows a commit */
export function Pull({number, Where}) {
  const answer = useAsk(`${FARM}topics?kind=pull&limit=50`);
  return h(Answer, {answer}, ({topics}) => {
    const found = topics.filter((one) => one.number === number);
    if (!found.length) {
      return h("div", {className: "farm-error", role: "alert"}, h("p", null,
        `The farm builds no pull request ${number} now. When it is merged or closed, look for its commit.`));
    }
    return found.map((topic) => h(Fragment, {key: topic.name}, h(Facts, {topic}),
      topic.commit && h(Where, {sha: topic.commit})));
  });
}

function Facts({topic}) {
  const title = topic.kind === "pull" ? `Pull request ${topic.number} of ${topic.components[0] ?? topic.name}`
    : `Topic ${topic.name.replace(/^topic-/, "")}`;
  const facts = [
    ["What it is for", topic.reason || "not said"],
    ["Branch", `${topic.branch}, on top of ${topic.base}`],
    ["Made by", h(Fragment, null, `${topic.who}, `, h(Ago, {moment: topic.created_at}))],
    ["Lives until", exact(topic.expires_at)],
    ["Changes", topic.components.length ? topic.components.map((name, at) => h(Fragment, {key: name},
      at > 0 && ", ", h(Link, {to: componentAddress(name)}, name))) : "nothing (yet)"],
    ...(topic.commit ? [["Commit", h(Commit, {commit: topic.commit})]] : []),
  ];
  return h(Panel, {title},
    h("dl", {className: "farm-facts"}, facts.map(([name, value]) =>
      h("div", {key: name}, h("dt", null, name), h("dd", null, value)))),
    h(Table, {caption: "Its verdict on every distro", columns: ["Distro", "Verdict", "In words", "Archive"],
      rows: topic.lines.map((line) => ({key: line.distro, cells: [
        h(Link, {to: generationAddress(topic.name, line.distro)}, line.distro),
        h(State, {state: line.verdict}),
        line.description,
        line.archive ? h("a", {href: line.archive}, `snapshot ${line.snapshot}`)
          : h("span", {className: "farm-note"}, topic.kind === "pull" ? "never published" : "not yet"),
      ]}))}));
}
