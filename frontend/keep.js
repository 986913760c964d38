// What is typed into a form with data-keep="NAME" survives a reload and a killed tab, until the server took it. It
// stays in this browser, under the login of who typed it, for a week.
import {chooseAgain, focusIn, give, isChanged, login, tell, tellNext, Told, word} from './ask.js';

const WEEK = 7 * 86400000, PREFIX = 'callcore.keep:';
const waiting = new Map(); // form → timer of its next saving
const key = form => `${PREFIX}${login()}:${form.dataset.keep}`;
const kept = form => [...form.elements].filter(field => field.name && !/^(hidden|password|file|submit|button)$/.test(field.type));

function save(form) {
  clearTimeout(waiting.get(form));
  waiting.delete(form);
  const fields = kept(form).filter(isChanged).map(field => [field.name, field.type === 'radio' || field.type === 'checkbox' ? [field.value, field.checked] : field.value]);
  try {
    if (fields.length) localStorage.setItem(key(form), JSON.stringify({at: Date.now(), fields}));
    else if (!form.querySelector('[data-refused]')) localStorage.removeItem(key(form));
  } catch { /* the browser's store is full or switched off: the text is still on the page */ }
}

/** Put back what was typed into the forms in `place`, and say so. */
export function restore(place) {
  for (const form of place.querySelectorAll('form[data-keep]')) {
    const fields = stored(key(form));
    if (!fields) continue;
    let isBack = false;
    for (const [name, value] of fields) {
      const named = kept(form).filter(field => field.name === name && !isChanged(field));
      for (const field of named) {
        if (Array.isArray(value)) { if (field.value === value[0]) field.checked = value[1]; }
        else field.value = value;
        isBack ||= isChanged(field);
      }
    }
    if (isBack) sayBack(form);
  }
}
function stored(name) {
  try {
    const {at, fields} = JSON.parse(localStorage.getItem(name)) ?? {};
    if (Date.now() - at < WEEK) return fields;
    localStorage.removeItem(name);
  } catch { /* not ours, or no store */ }
  return null;
}
function sayBack(form) {
  if (form.querySelector('.kept')) return;
  const note = Object.assign(document.createElement('p'), {className: 'note info kept'});
  const text = Object.assign(document.createElement('span'), {textContent: word('kept')});
  const drop = Object.assign(document.createElement('button'), {type: 'button', className: 'small', textContent: word('drop')});
  drop.addEventListener('click', () => { form.reset(); taken(form); note.remove(); form.querySelector('input:not([type=hidden]), textarea, select')?.focus(); });
  note.append(text, drop);
  form.prepend(note);
}

/** The server has it now, or nobody wants it any more. */
export function taken(form) {
  clearTimeout(waiting.get(form));
  waiting.delete(form);
  if (form.dataset.keep) try { localStorage.removeItem(key(form)); } catch { /* as above */ }
}

export function keepTyped() {
  document.addEventListener('input', ({target}) => {
    const form = target.form;
    if (!form?.matches('[data-keep]') || waiting.has(form)) return;
    waiting.set(form, setTimeout(save, 300, form));
  });
  const flush = () => [...waiting.keys()].forEach(save);
  addEventListener('pagehide', flush);
  document.addEventListener('visibilitychange', flush);
  document.addEventListener('focusout', flush);
  sweep();
  restore(document);
}
function sweep() {
  try {
    for (const name of Object.keys(localStorage)) if (name.startsWith(PREFIX)) stored(name);
  } catch { /* no store */ }
}

/** Forms of a whole page go by script too: only so do we know that one was taken, or that the line was cut. */
export function sendKept() {
  document.addEventListener('submit', async event => {
    const form = event.target;
    if (event.defaultPrevented || !form.matches('#page form[data-keep]')) return;
    event.preventDefault();
    if (form.ariaBusy === 'true') return;
    form.ariaBusy = 'true';
    try {
      const answer = await give(form, event.submitter);
      if (!answer) return;
      if (answer.next) {
        taken(form);
        tellNext(answer.words);
        location.assign(answer.next);
        return;
      }
      const fresh = new DOMParser().parseFromString(answer.html, 'text/html').getElementById('page');
      if (!fresh) throw new Told(word('failed'));
      const page = document.getElementById('page');
      page.replaceChildren(...fresh.childNodes);
      chooseAgain(form, page);
      focusIn(page);
    } catch (fault) {
      if (!(fault instanceof Told)) throw fault;
      tell(fault.message);
    } finally {
      form.ariaBusy = null;
    }
  });
}
