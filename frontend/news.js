// A page with data-live-page="/where" hears when something on it was changed by somebody else. Only what is on the
// screen holds a line: browsers allow six to one server. The address says `since` when the page knows: whatever came
// between its reading and its line, or while it was hidden, is told at once.
const heard = new Map(); // place → {address, changed, source}

/** Follow this address for this place (`page`, `panel`); without one, no longer. */
export function follow(place, address = '', changed = () => {}) {
  const known = heard.get(place);
  if (known && address && pageOf(known.address) === pageOf(address)) {
    Object.assign(known, {address, changed}); // its line hears what comes; `since` serves a new one
    return;
  }
  known?.source?.close();
  heard.delete(place);
  if (!address) return;
  heard.set(place, {address, changed, source: null});
  if (!document.hidden) listen(heard.get(place));
}
const pageOf = address => address.replace(/[?&]since=[^&]*/, '');
function listen(one) {
  one.source = new EventSource(one.address);
  one.source.addEventListener('message', () => one.changed());
}
document.addEventListener('visibilitychange', () => {
  for (const one of heard.values()) {
    one.source?.close();
    one.source = null;
    if (!document.hidden) listen(one);
  }
});
