// The farm's health in one look.
import {h, Link} from "./react.js";
import {FARM, useAsk} from "./rest.js";
import {Answer, count, generationAddress, PageFrame, Panel} from "./parts.js";
import {State} from "./states.js";
import {Ago} from "./times.js";

export function Page() {
  const lines = useAsk(`${FARM}lines`);
  return h(PageFrame, {title: "Overview"},
    h(Answer, {answer: lines}, (data) => h(Lines, {lines: data.lines})));
}

/** Every line in a row. */
function Lines({lines}) {
  return h(Panel, {title: "Lines", note: count(lines.length, "line")},
    h("div", {className: "farm-scroll"}, h("table", {className: "farm-table"},
      h("thead", null, h("tr", null, ["Line", "Now", "Published", "Snapshot"].map((name) =>
        h("th", {key: name, scope: "col"}, name)))),
      h("tbody", null, lines.map((line) => h("tr", {key: `${line.channel}/${line.distro}`},
        h("th", {scope: "row"}, h(Link, {to: generationAddress(line.channel, line.distro)},
          `${line.channel}/${line.distro}`)),
        h("td", null, h(State, {state: line.state})),
        h("td", null, h(Ago, {moment: line.published_at})),
        h("td", null, line.snapshot ? h("a", {href: line.archive}, line.snapshot) : "none")))))));
}
