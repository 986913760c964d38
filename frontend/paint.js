// What the server sent becomes the page: morphed, so that focus, selection and open menus stay; times run by themselves.
import {Idiomorph} from 'idiomorph';

const root = document.documentElement;
let skew = 0; // the server's clock against ours

/** Make the inside of `main` what `fresh` (a template) holds; `callbacks` are Idiomorph's. */
export function morph(main, fresh, callbacks) {
  Idiomorph.morph(main, [...fresh.content.childNodes], {morphStyle: 'innerHTML', restoreFocus: true, callbacks});
}
export function template(html) {
  const made = document.createElement('template');
  made.innerHTML = html;
  return made;
}

export const setClock = at => { skew = at - Date.now(); };
export const seconds = () => (Date.now() + skew) / 1000;
const clock = time => {
  const s = Math.max(0, Math.floor(time)), two = n => String(n).padStart(2, '0');
  return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
};
const put = (element, text) => { if (element.textContent !== text) element.textContent = text; };
export function tick(main) {
  const now = seconds(), ago = new Intl.RelativeTimeFormat(root.lang, {numeric: 'always'});
  for (const time of main.querySelectorAll('time[data-since]')) {
    put(time, clock(now - time.dataset.since));
    if (time.dataset.late) time.classList.toggle('late', now - time.dataset.since >= time.dataset.late);
  }
  for (const time of main.querySelectorAll('time[data-until]')) put(time, clock(time.dataset.until - now));
  for (const time of main.querySelectorAll('time[data-ago]')) {
    const minutes = Math.floor((now - time.dataset.ago) / 60);
    if (minutes > 0 && minutes < 60) put(time, ago.format(-minutes, 'minute'));
  }
}
