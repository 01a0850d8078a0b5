// What a newcomer does first on a farm that has published nothing yet.
import {h} from "./react.js";
import {FARM, useAsk} from "./rest.js";
import {count, Panel} from "./parts.js";
import {State} from "./states.js";

export function FirstSteps({lines, workers = []}) {
  const components = useAsk(`${FARM}components?limit=1`).data?.found ?? 0;
  const distros = new Set(lines.map((line) => line.distro)).size;
  const builders = workers.filter((one) => one.distros.length && one.state === "connected").length;
  const built = lines.reduce((sum, line) => sum + (line.counts.built ?? 0), 0);
  const steps = [
    [distros > 0, "Name a distribution to build for", `${count(distros, "distro")} so far.`,
      "farm distro add trixie --family deb --suite trixie"],
    [components > 0, "Add a component", `${count(components, "component")} so far.`,
      "farm component add https://git.example.org/libogg.git"],
    [builders > 0, "Connect a worker", `${count(builders, "worker")} connected. The answer is one command `
      + "for the new machine.", "farm worker invite builder-1"],
    [false, "Wait for the first publication", "It comes by itself when everything is built or has failed: "
      + `${count(built, "build")} ${built === 1 ? "is" : "are"} done. What is wrong with components.yml is said by`,
    "farm validate"],
  ];
  return h(Panel, {title: "First steps", note: "each is a command on the farm's host"},
    h("ol", {className: "farm-steps"}, steps.map(([done, title, words, command]) =>
      h("li", {key: title},
        h(State, {state: done ? "success" : "waiting", word: done ? "done" : "to do"}),
        h("div", null, h("strong", null, title), h("p", null, words),
          command && h("pre", null, command))))));
}
