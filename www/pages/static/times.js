// Moments and spans in words. The farm gives both in seconds, moments since 1970.
import {h, useEffect, useState} from "./react.js";

const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
const TICK_MS = 10000;

const exactly = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "long"});

/** `95` → `1 min 35 s`: the two largest units. */
export function span(seconds) {
  let left = Math.max(0, Math.round(seconds));
  const parts = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    if (count || (parts.length && parts.length < 2)) parts.push([count, unit]);
    left -= count * size;
    if (parts.length === 2) break;
  }
  return parts.filter(([count]) => count).map(([count, unit]) => `${count} ${unit}`).join(" ")
    || "0 s";
}

/** `95` → `1 min`: the largest unit alone. */
export function roughly(seconds) {
  for (const [unit, size] of UNITS) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
  }
  return "0 s";
}

/** The whole date and time, in the reader's language and zone. */
export function exact(moment) {
  return exactly.format(new Date(moment * 1000));
}

// One clock for all moments on a page.
const watching = new Set();
let clock = 0;

function useNow() {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    watching.add(setNow);
    clock ||= setInterval(() => watching.forEach((set) => set(Date.now())), TICK_MS);
    return () => {
      watching.delete(setNow);
      if (watching.size) return;
      clearInterval(clock);
      clock = 0;
    };
  }, []);
  return now;
}

/** How long ago a moment was, with the exact time on hover; `never` for 0.
 * @param {{moment: number, never?: string, suffix?: string}} props */
export function Ago({moment, never = "never", suffix = " ago"}) {
  const now = useNow();
  if (!moment) return never;
  const seconds = Math.max(0, now / 1000 - moment);
  const words = seconds < 10 ? "just now" : `${roughly(seconds)}${suffix}`;
  return h("time", {dateTime: new Date(moment * 1000).toISOString(), title: exact(moment)}, words);
}
