// Typed text that the server has not got yet stays in this browser, for a day, under the login of who typed it: a tab
// may be killed while its line is cut. Nothing of it is kept once the server has it.
const DAY = 86400000, PREFIX = 'callcore.typed:';
const name = id => `${PREFIX}${document.getElementById('kit')?.dataset.login ?? ''}:${id}`;
const going = new Map(); // form → timer of its forgetting

export function keepTypedHere(id, words) {
  clearTimeout(going.get(id));
  try {
    localStorage.setItem(name(id), JSON.stringify({at: Date.now(), words}));
  } catch { /* the browser's store is full or switched off: the text is still on the page */ }
}
/** `after` milliseconds: the line may have been cut without anybody knowing. */
export function forgetTyped(id, after = 0) {
  clearTimeout(going.get(id));
  const forget = () => { try { localStorage.removeItem(name(id)); } catch { /* no store */ } };
  if (after) going.set(id, setTimeout(forget, after)); else forget();
}
/** Pairs of a form's id and its words. */
export function typedHere() {
  const found = [], mine = name('');
  try {
    for (const key of Object.keys(localStorage).filter(key => key.startsWith(PREFIX))) {
      const {at, words} = JSON.parse(localStorage.getItem(key)) ?? {};
      if (!(Date.now() - at < DAY)) localStorage.removeItem(key);
      else if (key.startsWith(mine)) found.push([key.slice(mine.length), words]);
    }
  } catch { /* no store, or not ours */ }
  return found;
}
