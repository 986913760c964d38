// Asking the server for a page or giving it a form. A lost line, a refusal and a session that is over are told in
// words, and cost nothing that was typed.
const PATIENCE = 20000;
const kit = () => document.getElementById('kit'); // the page's words, put there by the server

/** One of the words that the page brought along, by its `data-` name. */
export const word = name => kit()?.dataset[name] ?? '';
export const login = () => word('login');

/** What is told to a person instead of an answer; `isOver`: he has to sign in again. */
export class Told extends Error {
  constructor(words, isOver = false) { super(words); this.isOver = isOver; }
}

/** Gives `{html, url, status, isPanel, redirected}`, or `{next, words, isDone}` of a form that was taken, or null for a file. */
export async function ask(url, {headers = {}, signal, ...how} = {}) {
  const signals = [AbortSignal.timeout(PATIENCE), signal].filter(Boolean);
  let answer, html;
  try {
    answer = await fetch(url, {...how, headers: {'X-Script': '1', ...headers}, signal: AbortSignal.any(signals)});
    html = await answer.text();
  } catch (fault) {
    if (signal?.aborted) throw fault;
    throw new Told(word('lost'));
  }
  const next = answer.headers.get('X-Next');
  if (next) {
    const done = answer.headers.get('X-Done');
    return {next, words: decodeURIComponent(done ?? answer.headers.get('X-Said') ?? ''), isDone: done !== null};
  }
  if (new URL(answer.url).pathname === '/sign-in') throw new Told(word('over'), true);
  if (!/^text\/html/.test(answer.headers.get('Content-Type') ?? '')) {
    if (!answer.ok) throw new Told(word('failed'));
    return null;
  }
  const isPanel = answer.headers.has('X-Panel');
  if (!answer.ok && answer.status !== 422 && !isPanel && !answer.headers.has('X-Page')) throw new Told(reason(html));
  return {html, url: answer.url, status: answer.status, isPanel, redirected: answer.redirected};
}

/** The same for a form, as the browser would have sent it. */
export function give(form, submitter, how = {}) {
  const data = new FormData(form, submitter), action = new URL(submitter?.getAttribute('formaction') ?? form.getAttribute('action') ?? '', form.dataset.base ?? location.href);
  if (form.method === 'get') {
    action.search = new URLSearchParams(data);
    return ask(action, how);
  }
  const body = form.enctype === 'multipart/form-data' ? data : new URLSearchParams(data);
  return ask(action, {...how, method: 'POST', body});
}

/** Files chosen in `form` stay chosen in what came in its place, unless they are what is wrong: no server can put them there. */
export function chooseAgain(form, place) {
  const fresh = [...place.querySelectorAll('form')].find(each => each.getAttribute('action') === form.getAttribute('action'));
  for (const old of form.querySelectorAll('input[type=file]')) {
    const field = old.files.length && fresh?.elements.namedItem(old.name);
    if (field?.type === 'file' && field.ariaInvalid !== 'true') field.files = old.files;
  }
}

function reason(html) {
  const page = new DOMParser().parseFromString(html, 'text/html'), title = page.querySelector('h1');
  const said = [title, title?.nextElementSibling].map(each => each?.textContent.trim()).filter(Boolean);
  return said.join('. ') || word('failed');
}

/** What is typed in `place` and not taken yet; a search is no such text. */
export function isTyped(place) {
  if (place.querySelector('[data-refused]')) return true;
  return [...place.querySelectorAll('form:not([data-live-search]) :is(input, textarea, select)')].some(isChanged);
}
export function isChanged(field) {
  if (field.type === 'hidden' || field.disabled) return false;
  if (field.type === 'checkbox' || field.type === 'radio') return field.checked !== field.defaultChecked;
  if (field.type === 'file') return field.files.length > 0;
  if (field.options) {
    const options = [...field.options];
    return options.some(option => option.defaultSelected) ? options.some(option => option.selected !== option.defaultSelected) : field.selectedIndex > 0;
  }
  return field.value !== field.defaultValue;
}

let toast, hideTimer;
/** Said on the screen for a while, and by the screen reader. */
export function tell(words) {
  if (!words) return;
  const text = Object.assign(document.createElement('p'), {textContent: words});
  toast.replaceChildren(text);
  clearTimeout(hideTimer);
  hideTimer = setTimeout(() => toast.replaceChildren(), 8000);
}
export function toasts() {
  toast = Object.assign(document.createElement('div'), {id: 'toast'});
  toast.role = 'status';
  document.body.append(toast);
  const words = sessionStorage.getItem('callcore.done');
  sessionStorage.removeItem('callcore.done');
  if (words) requestAnimationFrame(() => tell(words));
}
/** Say it on the page that comes next. */
export const tellNext = words => words && sessionStorage.setItem('callcore.done', words);

/** Where the eye and the keyboard go in what has just come: what is wrong, what begins, or the heading. */
export function focusIn(place) {
  const wrong = place.querySelector('[aria-invalid=true]') ?? place.querySelector('.errors'); // the list of faults is heard anyway
  const first = wrong ?? place.querySelector('[autofocus]') ?? place.querySelector('.panel-title, h1, h2');
  if (!first) return;
  if (!first.matches('input, textarea, select, button, a')) first.tabIndex = -1;
  first.focus();
  if (first === wrong) first.scrollIntoView({block: 'nearest'});
}
