// What a component is built with and what is built with it, as a picture of links.
import {h, useEffect, useId, useMemo, useRef} from "./react.js";
import {componentAddress, count} from "./parts.js";
import {shownState, stateOf} from "./states.js";

const BOX = {width: 156, height: 44};
const GAP = {across: 64, down: 14};
const LANE = 4;
const EDGE = {across: 40, down: 12};
const LONGEST = 18;

/** Columns from what is built first to what is built last; in each, near to its neighbours. An edge
 * over several columns gets a lane through those between, so that it passes behind no box; edges of
 * one dependency share theirs.
 * @param {{nodes: any[], edges: any[]}} graph */
export function layout({nodes, edges}) {
  const depths = [...new Set(nodes.map((node) => node.depth))].sort((a, b) => a - b);
  const column = new Map(nodes.map((node) => [node.component, depths.indexOf(node.depth)]));
  const columns = depths.map((depth) => nodes.filter((node) => node.depth === depth)
    .map((node) => ({name: node.component, height: BOX.height})));
  const near = new Map(nodes.map((node) => [node.component, []]));
  const join = (one, other) => {
    near.get(one).push(other);
    near.get(other).push(one);
  };
  const ways = edges.map(({dependency, dependent}) => {
    const way = [dependency];
    for (let at = column.get(dependency) + 1; at < column.get(dependent); at += 1) {
      const lane = `${dependency} ${at}`;
      if (!near.has(lane)) {
        near.set(lane, []);
        columns[at].push({name: lane, height: LANE});
      }
      way.push(lane);
    }
    way.push(dependent);
    way.slice(1).forEach((name, index) => join(way[index], name));
    return {dependency, dependent, way};
  });
  const at = place(columns, near, depths);
  const width = columns.length * (BOX.width + GAP.across) - GAP.across + 2 * EDGE.across;
  return {at, ways, width, height: Math.max(...columns.map(tall)) + 2 * EDGE.down};
}

const tall = (items) => items.reduce((sum, item) => sum + item.height + GAP.down, -GAP.down);

/** Where everything is: from the component itself outwards, three times, so that there are few
 * crossings and always the same picture. @returns {Map<string, {x: number, y: number, middle: number}>} */
function place(columns, near, depths) {
  const highest = Math.max(...columns.map(tall));
  const at = new Map();
  const put = (items, index) => {
    let y = EDGE.down + (highest - tall(items)) / 2;
    for (const {name, height} of items) {
      at.set(name, {x: EDGE.across + index * (BOX.width + GAP.across), y, middle: y + height / 2});
      y += height + GAP.down;
    }
  };
  columns.forEach(put);
  const middle = (name) => {
    const others = near.get(name);
    const sum = others.reduce((total, other) => total + at.get(other).middle, 0);
    return others.length ? sum / others.length : at.get(name).middle;
  };
  const order = [...columns.keys()].sort((a, b) => Math.abs(depths[a]) - Math.abs(depths[b]));
  for (const index of [...order, ...order, ...order]) {
    const wished = new Map(columns[index].map(({name}) => [name, middle(name)]));
    columns[index].sort((a, b) => wished.get(a.name) - wished.get(b.name) || (a.name < b.name ? -1 : 1));
    put(columns[index], index);
  }
  return at;
}

/** From the right side of a box, through the lanes, to the left side of another; beside the column
 * where both are in the same. */
function curve(way, at) {
  const [first, ...rest] = way.map((name) => at.get(name));
  const last = rest.pop();
  let [x, y] = [first.x + BOX.width, first.middle];
  let path = `M${x} ${y}`;
  if (first.x === last.x) {
    const out = x + GAP.across / 2;
    return `${path} C${out} ${y} ${out} ${last.middle} ${x + 6} ${last.middle}`;
  }
  for (const stop of [...rest, last]) {
    const to = stop === last ? stop.x - 6 : stop.x;
    const bend = (to - x) / 2;
    path += ` C${x + bend} ${y} ${to - bend} ${stop.middle} ${to} ${stop.middle}`;
    if (stop !== last) path += ` H${stop.x + BOX.width}`;
    [x, y] = [stop.x + BOX.width, stop.middle];
  }
  return path;
}

/** The picture. @param {{graph: any}} props `graph` as the farm answers it */
export function Graph({graph}) {
  const {at, ways, width, height} = useMemo(() => layout(graph), [graph]);
  const arrow = useId();
  const box = useRef(null);
  const own = at.get(graph.component);
  const center = own.x + BOX.width / 2;
  useEffect(() => {
    box.current.scrollLeft = center - box.current.clientWidth / 2;
    box.current.scrollTop = own.middle - box.current.clientHeight / 2;
  }, [center, own.middle]);
  return h("div", {className: "farm-scroll farm-graph", ref: box},
    h("svg", {width, height, viewBox: `0 0 ${width} ${height}`, role: "group",
      "aria-label": `${graph.component} and its neighbours: what it is built with on the left, `
        + "what is built with it on the right"},
      h("defs", null, h("marker", {id: arrow, viewBox: "0 0 8 8", refX: 2, refY: 4, markerWidth: 7,
        markerHeight: 7, orient: "auto"}, h("path", {d: "M0 0 8 4 0 8z"}))),
      h("g", {"aria-hidden": true}, ways.map(({dependency, dependent, way}) => {
        const near = dependency === graph.component || dependent === graph.component;
        return h("path", {key: `${dependency} ${dependent}`, markerEnd: `url(#${arrow})`,
          className: near ? "farm-edge farm-edge-own" : "farm-edge",
          d: curve(way, at)});
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
    className: own ? "farm-node farm-node-own" : "farm-node"},
    h("title", null, `${node.component} ${node.version}: ${state.word}${more}`),
    h("g", {className: `farm-${state.tone}`},
      h("rect", {x: place.x, y: place.y, ...BOX, rx: 6}),
      h("text", {x: place.x + 10, y: place.y + 18, className: "farm-node-name"}, short),
      h("path", {className: "farm-node-icon", d: state.icon,
        transform: `translate(${place.x + 10} ${place.y + 25}) scale(.75)`}),
      h("text", {x: place.x + 26, y: place.y + 35}, state.word),
      node.more > 0 && h("text", {x: place.x + BOX.width - 8, y: place.y + 35, textAnchor: "end"},
        `+${node.more}`)));
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
