// <section data-refresh="/where" data-seconds="5"> is asked for again as long as it is looked at. A part that could not
// be had anew is marked as stale, in words too: an old number is never shown as one of now.
import {ask, Told} from './ask.js';

const shown = new WeakMap(); // part → what was had last

export function refresh() {
  for (const part of document.querySelectorAll('[data-refresh]')) keepFresh(part);
  for (const each of document.querySelectorAll('.graph')) each.scrollLeft = (each.scrollWidth - each.clientWidth) / 2; // it begins in the middle
}
function keepFresh(part) {
  const every = Number(part.dataset.seconds) * 1000;
  let timer;
  async function again() {
    if (!part.isConnected) return;
    if (!document.hidden) await renew(part);
    timer = setTimeout(again, every);
  }
  timer = setTimeout(again, every);
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    clearTimeout(timer);
    again();
  });
}
async function renew(part) {
  try {
    const answer = await ask(part.dataset.refresh, {headers: {'X-Fragment': '1'}});
    if (answer?.html === undefined || answer.html === shown.get(part)) return;
    const before = [...part.querySelectorAll('[tabindex]')], focused = before.indexOf(document.activeElement);
    const scrolled = before.map(each => [each.scrollLeft, each.scrollTop]);
    part.innerHTML = answer.html;
    part.classList.remove('stale');
    shown.set(part, answer.html);
    const fresh = [...part.querySelectorAll('[tabindex]')];
    fresh.forEach((each, n) => each.scrollTo(...scrolled[n] ?? [0, 0]));
    fresh[focused]?.focus({preventScroll: true});
  } catch (fault) {
    if (!(fault instanceof Told)) throw fault;
    if (part.classList.contains('stale')) return;
    part.classList.add('stale');
    shown.delete(part);
    part.prepend(Object.assign(document.createElement('p'), {className: 'note warn', textContent: fault.message}));
  }
}
