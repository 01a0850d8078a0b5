// Asking the farm (docs/api.md) and Buildbot, and telling the farm what to do.
import {useCallback, useEffect, useState} from "./react.js";

export const FARM = "api/farm/v1/";
export const BUILDBOT = "api/v2/";
const EVERY_MS = 2000;
const SLOWEST_MS = 30000;

/** What an answer says is wrong: a problem document (RFC 9457), or that there was no answer. */
export class Problem extends Error {
  /** @param {{status: number, detail: string, login?: string}} told */
  constructor({status, detail, login}) {
    super(detail);
    this.status = status;
    this.login = login ?? null;
  }
}

async function problemOf(answer) {
  let told = {};
  try {
    told = await answer.json();
  } catch {
    // A proxy in between, say: its page helps nobody here.
  }
  const detail = told.detail ?? told.error?.message ?? told.error;
  return new Problem({status: answer.status, login: told.login,
    detail: typeof detail === "string" ? detail : `the farm answered with status ${answer.status}`});
}

async function sent(path, options) {
  try {
    return await fetch(path, {cache: "no-store", credentials: "same-origin", ...options});
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({status: 0, detail: "the farm does not answer"});
  }
}

/** Ask once. Answers {data, etag}; {data: undefined} where nothing has changed since `etag`. */
export async function ask(path, {etag = null, signal = undefined} = {}) {
  const answer = await sent(path, {signal, headers: etag ? {"If-None-Match": etag} : {}});
  if (answer.status === 304) return {data: undefined, etag};
  if (!answer.ok) throw await problemOf(answer);
  return {data: await answer.json(), etag: answer.headers.get("etag")};
}

/** Have the farm do something; answers what it says. */
export async function tell(path, body) {
  const answer = await sent(FARM + path, {method: "POST", body: JSON.stringify(body),
    headers: {"Content-Type": "application/json"}});
  if (!answer.ok) throw await problemOf(answer);
  return answer.json();
}

/** Call `work(signal)` now and every so often while the page is to be seen, until it is stopped.
 * `work` answers whether it went well: after failures it is called less and less often. */
function repeat(work, everyMs) {
  const control = new AbortController();
  let timer = 0;
  let wait = everyMs;
  let running = false;
  const again = async () => {
    if (running || control.signal.aborted) return;
    running = true;
    clearTimeout(timer);
    const good = await work(control.signal);
    running = false;
    if (control.signal.aborted) return;
    wait = good ? everyMs : Math.min(wait * 2, SLOWEST_MS);
    if (!document.hidden && wait < Infinity) timer = setTimeout(again, wait);
  };
  const seen = () => document.hidden ? clearTimeout(timer) : again();
  document.addEventListener("visibilitychange", seen, {signal: control.signal});
  again();
  return () => {
    clearTimeout(timer);
    control.abort();
  };
}

/** What is at an address, kept up to date while somebody looks.
 * @param {string | null} path below the site, `FARM + "lines"`; null: nothing is asked
 * @param {{every?: number}} options milliseconds between two questions; Infinity: once
 * @returns {{data?: any, problem?: Problem, at: number, again: () => void}} the last good answer,
 *   what went wrong since, when it was asked last (ms), and a way to ask at once */
export function useAsk(path, {every = EVERY_MS} = {}) {
  const [state, setState] = useState({path, data: undefined, problem: undefined, at: 0});
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (path === null) return undefined;
    let etag = null;
    return repeat(async (signal) => {
      try {
        const got = await ask(path, {etag, signal});
        etag = got.etag;
        setState((old) => {
          const mine = old.path === path;
          if (got.data === undefined && mine && !old.problem) return old;
          const data = got.data ?? (mine ? old.data : undefined);
          return {path, data, problem: undefined, at: Date.now()};
        });
        return true;
      } catch (problem) {
        if (problem.name === "AbortError") return false;
        setState((old) => ({path, problem, at: old.at,
          data: old.path === path ? old.data : undefined}));
        return false;
      }
    }, every);
  }, [path, every, round]);
  const again = useCallback(() => setRound((one) => one + 1), []);
  // Between a new path and its first answer, the old one's answer is nobody's.
  const current = state.path === path ? state : {data: undefined, problem: undefined, at: 0};
  return {...current, again};
}
