// What a component is built with and what is built with it, as a picture of links.
import {h, useEffect, useId, useMemo, useRef} from "./react.js";
import {componentAddress, count} from "./parts.js";
import {shownState, stateOf} from "./states.js";

const BOX = {width: 156, height: 44};
const GAP = {across: 64, down: 14};
const EDGE = 12;
const LONGEST = 19;

/** Columns from what is built first to what is built last; in each, near to its neighbours.
 * @param {{nodes: any[], edges: any[]}} graph */
export function layout({nodes, edges}) {
  const depths = [...new Set(nodes.map((node) => node.depth))].sort((a, b) => a - b);
  const columns = depths.map((depth) => nodes.filter((node) => node.depth === depth));
  const tallest = Math.max(...columns.map((column) => column.length));
  const height = tallest * (BOX.height + GAP.down) - GAP.down;
  const at = new Map();
  const put = (column, index) => {
    const own = column.length * (BOX.height + GAP.down) - GAP.down;
    column.forEach((node, row) => at.set(node.component, {
      x: EDGE + index * (BOX.width + GAP.across),
      y: EDGE + (height - own) / 2 + row * (BOX.height + GAP.down),
    }));
  };
  columns.forEach(put);
  const near = new Map(nodes.map((node) => [node.component, []]));
  for (const {dependency, dependent} of edges) {
    near.get(dependency).push(dependent);
    near.get(dependent).push(dependency);
  }
  const middle = (node) => {
    const others = near.get(node.component);
    const sum = others.reduce((total, name) => total + at.get(name).y, 0);
    return others.length ? sum / others.length : at.get(node.component).y;
  };
  // From the component itself outwards, twice: few crossings, and always the same picture.
  const order = [...columns.keys()].sort((a, b) => Math.abs(depths[a]) - Math.abs(depths[b]));
  for (const index of [...order, ...order]) {
    const column = columns[index];
    const key = new Map(column.map((node) => [node, middle(node)]));
    column.sort((a, b) => key.get(a) - key.get(b) || (a.component < b.component ? -1 : 1));
    put(column, index);
  }
  const width = columns.length * (BOX.width + GAP.across) - GAP.across;
  return {at, width: width + 2 * EDGE, height: height + 2 * EDGE};
}

/** A curve from the right side of a box to the left side of another; beside the column where both
 * are in the same. */
function curve(from, to) {
  const [x1, y1] = [from.x + BOX.width, from.y + BOX.height / 2];
  const y2 = to.y + BOX.height / 2;
  if (from.x === to.x) {
    const out = x1 + GAP.across / 2;
    return `M${x1} ${y1} C${out} ${y1} ${out} ${y2} ${x1 + 6} ${y2}`;
  }
  const x2 = to.x - 6;
  const bend = Math.max(GAP.across / 2, (x2 - x1) / 3);
  return `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

/** The picture. @param {{graph: any}} props `graph` as the farm answers it */
export function Graph({graph}) {
  const {at, width, height} = useMemo(() => layout(graph), [graph]);
  const arrow = useId();
  const box = useRef(null);
  const center = at.get(graph.component).x + BOX.width / 2;
  useEffect(() => {
    if (box.current) box.current.scrollLeft = center - box.current.clientWidth / 2;
  }, [center]);
  return h("div", {className: "farm-scroll farm-graph", ref: box},
    h("svg", {width, height, viewBox: `0 0 ${width} ${height}`, role: "group",
      "aria-label": `${graph.component} and its neighbours: what it is built with on the left, `
        + "what is built with it on the right"},
      h("defs", null, h("marker", {id: arrow, viewBox: "0 0 8 8", refX: 2, refY: 4, markerWidth: 7,
        markerHeight: 7, orient: "auto"}, h("path", {d: "M0 0 8 4 0 8z"}))),
      h("g", {"aria-hidden": true}, graph.edges.map(({dependency, dependent}) => {
        const own = dependency === graph.component || dependent === graph.component;
        return h("path", {key: `${dependency} ${dependent}`, markerEnd: `url(#${arrow})`,
          className: own ? "farm-edge farm-edge-own" : "farm-edge",
          d: curve(at.get(dependency), at.get(dependent))});
      })),
      graph.nodes.map((node) => h(Node, {key: node.component, node, place: at.get(node.component),
        own: node.component === graph.component}))));
}

function Node({node, place, own}) {
  const state = stateOf(shownState(node));
  const short = node.component.length > LONGEST ? `${node.component.slice(0, LONGEST - 1)}…`
    : node.component;
  const more = node.more ? `, ${count(node.more, "further neighbour")}` : "";
  return h("a", {href: `#${componentAddress(node.component)}`, "aria-current": own ? "page" : null,
    "aria-label": `${node.component}: ${state.word}${more}`,
    className: `farm-node farm-${state.tone}${own ? " farm-node-own" : ""}`},
    h("title", null, `${node.component} ${node.version}: ${state.word}${more}`),
    h("rect", {x: place.x, y: place.y, ...BOX, rx: 6}),
    h("text", {x: place.x + 10, y: place.y + 18, className: "farm-node-name"}, short),
    h("path", {className: "farm-node-icon", d: state.icon,
      transform: `translate(${place.x + 10} ${place.y + 25}) scale(.75)`}),
    h("text", {x: place.x + 26, y: place.y + 35}, state.word),
    node.more > 0 && h("text", {x: place.x + BOX.width - 8, y: place.y + 35, textAnchor: "end"},
      `+${node.more}`));
}

/** The same as lists, for who would rather read. */
export function GraphLists({graph}) {
  const named = (wanted) => graph.nodes.filter((node) => Math.sign(node.depth) === wanted);
  const list = (title, nodes) => h("div", null, h("h3", null, title),
    nodes.length ? h("ul", {className: "farm-list"}, nodes.map((node) => h("li", {key: node.component},
      h("a", {href: `#${componentAddress(node.component)}`}, node.component),
      `: ${stateOf(shownState(node)).word}`))) : h("p", {className: "farm-note"}, "nothing"));
  return h("div", {className: "farm-columns"}, list("It is built with", named(-1)),
    list("Built with it", named(1)));
}
