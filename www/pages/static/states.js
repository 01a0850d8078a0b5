// How states are shown: a word, an icon and a colour, never the colour alone.
import {h} from "./react.js";

const CHECK = "M13.2 3.6 6.4 11 2.9 7.7l-1 1.1 4.6 4.3 7.8-8.4z";
const PLAY = "M4 2.5v11l9-5.5z";
const CLOCK = "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zm0 1.6a4.9 4.9 0 1 1 0 9.8 4.9 4.9 0 0 "
  + "1 0-9.8zM7.3 4.5v4l2.9 1.8.7-1.2-2.2-1.3V4.5z";
const BARRED = "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM3.5 7.2h9v1.6h-9z";
const CROSS = "m3.7 2.6 4.3 4.3 4.3-4.3 1.1 1.1L9.1 8l4.3 4.3-1.1 1.1L8 9.1l-4.3 "
  + "4.3-1.1-1.1L6.9 8 2.6 3.7z";
const PAUSE = "M3.5 2.5h3v11h-3zm6 0h3v11h-3z";
const DASH = "M3 7.2h10v1.6H3z";
const BOX = "M8 1 2 4v8l6 3 6-3V4zm0 1.8L11.5 4.5 8 6.2 4.5 4.5zM3.5 5.8 7.3 7.7v5l-3.8-1.9z";

/** State → word, colour (a class of styles.css), icon (a path in 16 × 16) and its meaning. */
export const STATES = {
  published: {word: "published", tone: "good", icon: CHECK, means: "its newest build is in the archive"},
  built: {word: "built", tone: "fine", icon: BOX, means: "built; the archive takes it with the generation's others"},
  building: {word: "building", tone: "busy", icon: PLAY, means: "with a worker"},
  ready: {word: "queued", tone: "wait", icon: CLOCK, means: "waits for a worker"},
  waiting: {word: "waiting", tone: "wait", icon: CLOCK, means: "waits for what it is built with"},
  blocked: {word: "blocked", tone: "warn", icon: BARRED, means: "what it is built with failed"},
  failed: {word: "failed", tone: "bad", icon: CROSS, means: "its newest commit does not build"},
  "held-back": {word: "held back", tone: "held", icon: PAUSE, means: "built, but publishing it would break the archive"},
  excluded: {word: "excluded", tone: "none", icon: DASH, means: "not built for this distro"},
  // Of lines.
  idle: {word: "idle", tone: "none", icon: CHECK, means: "nothing is left to build"},
  publishing: {word: "publishing", tone: "busy", icon: PLAY, means: "the archive is being assembled"},
  // Of builds and commits.
  interrupted: {word: "interrupted", tone: "warn", icon: BARRED, means: "the machinery failed, not the component"},
  cancelled: {word: "cancelled", tone: "none", icon: DASH, means: "not wanted any more"},
  merged: {word: "merged", tone: "wait", icon: CLOCK, means: "on the channel's branch, not built yet"},
  "not merged": {word: "not merged", tone: "none", icon: DASH, means: "not on the channel's branch"},
  pending: {word: "pending", tone: "busy", icon: PLAY, means: "not all is built yet"},
  success: {word: "success", tone: "good", icon: CHECK, means: "all that it changes builds"},
  failure: {word: "failure", tone: "bad", icon: CROSS, means: "something that it changes does not build"},
};

/** The entry of a state; one that is not known is shown as its own word. */
export function stateOf(name) {
  return STATES[name] ?? {word: name, tone: "none", icon: DASH, means: ""};
}

/** What a component's cell shows: being held back goes before being built or published. */
export function shownState(component) {
  const settled = component.state === "published" || component.state === "built";
  return component.held_back && settled ? "held-back" : component.state;
}

/** An icon by its path. */
export function Icon({path}) {
  return h("svg", {className: "farm-icon", viewBox: "0 0 16 16", "aria-hidden": true},
    h("path", {d: path}));
}

/** A state as a badge. @param {{state: string, word?: string}} props */
export function State({state, word}) {
  const known = stateOf(state);
  return h("span", {className: `farm-state farm-${known.tone}`, title: known.means},
    h(Icon, {path: known.icon}), word ?? known.word);
}
