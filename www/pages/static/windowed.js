// Long tables: only the rows that are to be seen are in the page.
import {useCallback, useEffect, useRef, useState} from "./react.js";

const BEYOND = 12;
/** Rows that are there before the first and after the last that is seen. */
const STEP = 6;
/** The window moves by so many rows at a time, so that most scrolling changes nothing. */

/** Which rows to show of a scrolled box.
 * @param {number} total rows there are
 * @param {number} rowPx height of every row
 * @returns {{box: object, first: number, last: number, onScroll: () => void}} `box` is the ref of
 *   the element that scrolls; rows `first` to `last` (not included) are to be shown */
export function useWindowed(total, rowPx) {
  const box = useRef(null);
  const [seen, setSeen] = useState({first: 0, last: 60});
  const look = useCallback(() => {
    const {scrollTop, clientHeight} = box.current;
    const top = Math.floor(scrollTop / rowPx / STEP) * STEP;
    const first = Math.max(0, top - BEYOND);
    const last = top + Math.ceil(clientHeight / rowPx) + STEP + BEYOND;
    setSeen((old) => old.first === first && old.last === last ? old : {first, last});
  }, [rowPx]);
  useEffect(() => {
    const watcher = new ResizeObserver(look);
    watcher.observe(box.current);
    return () => watcher.disconnect();
  }, [look]);
  // After a filter the box may be scrolled beyond the end: the last rows are shown then.
  const last = Math.min(total, seen.last);
  const first = Math.max(0, Math.min(seen.first, last - (seen.last - seen.first)));
  return {box, first, last, onScroll: look};
}
