// <form data-live-search="/where" data-into="id">: what is found appears as one types. An answer that a later question
// has overtaken is dropped; ↓ and ↑ walk through what was found ([data-choice]), Enter takes it.
import {ask, Told} from './ask.js';
import {say} from './wire.js';

const PAUSE = 120, LATE = 400;
const asked = new WeakMap(); // form → {stop, timer}
const lates = new WeakMap(); // form → what ends its question to slow others

export function liveSearch() {
  document.addEventListener('input', ({target}) => {
    const form = target.closest?.('form[data-live-search]');
    if (form) later(form, target.type === 'text' || target.type === 'search' ? PAUSE : 0);
  });
  document.addEventListener('submit', event => {
    const form = event.target;
    if (!form.matches('[data-live-search]')) return;
    event.preventDefault();
    const rows = choices(form);
    if (asked.get(form)?.timer || asked.get(form)?.stop) later(form, 0, true);
    else if (rows.length === 1) rows[0].click();
    else if (rows.length) rows[0].focus();
    else later(form, 0);
  });
  document.addEventListener('reset', ({target}) => {
    if (!target.matches('[data-live-search]')) return;
    for (const field of target.querySelectorAll('input[type=text], input[type=search]')) { field.value = ''; field.setAttribute('value', ''); field.focus(); }
    setTimeout(later, 0, target, 0);
  });
  document.addEventListener('keydown', walk);
  document.addEventListener('dblclick', ({target}) => {
    const row = target.closest?.('[data-row]');
    if (row && !target.closest('a, button')) row.querySelector('[data-choice]')?.click();
  });
}
const place = form => document.getElementById(form.dataset.into);
const choices = form => [...place(form)?.querySelectorAll('[data-choice]') ?? []];

function later(form, pause, isEntered = false) {
  const before = asked.get(form);
  clearTimeout(before?.timer);
  before?.stop?.abort();
  lates.get(form)?.abort();
  asked.set(form, {timer: setTimeout(find, pause, form, isEntered)});
}
async function find(form, isEntered) {
  const stop = new AbortController(), mine = {stop};
  asked.set(form, mine);
  const query = new URLSearchParams(new FormData(form)), into = place(form);
  query.delete('csrf');
  try {
    const answer = await ask(`${form.dataset.liveSearch}?${query}`, {headers: {'X-Fragment': '1'}, signal: stop.signal});
    if (asked.get(form) !== mine || !into.isConnected) return;
    into.innerHTML = answer?.html ?? '';
    into.classList.remove('stale');
    say(into.querySelector('[data-said]')?.dataset.said ?? '');
    if (form.closest('#page') && !('quiet' in form.dataset)) keepAddress(form, query);
    if (isEntered && choices(form).length) choices(form)[0].focus();
    late(form, into);
  } catch (fault) {
    if (stop.signal.aborted) return;
    if (!(fault instanceof Told)) throw fault;
    into.classList.add('stale');
    say(fault.message);
    const note = Object.assign(document.createElement('p'), {className: 'note warn', textContent: fault.message});
    into.querySelector('.note.warn')?.remove();
    into.prepend(note);
  } finally {
    if (asked.get(form) === mine) asked.delete(form);
  }
}
// [data-late]: what slow others answer, asked once nobody types any more.
async function late(form, into) {
  const part = into.querySelector('[data-late]'), stop = new AbortController();
  if (!part) return;
  lates.set(form, stop);
  await new Promise(done => setTimeout(done, LATE));
  if (stop.signal.aborted || !part.isConnected) return;
  try {
    const answer = await ask(part.dataset.late, {headers: {'X-Fragment': '1'}, signal: stop.signal});
    if (part.isConnected) part.innerHTML = answer?.html ?? '';
  } catch (fault) {
    if (stop.signal.aborted) return;
    if (!(fault instanceof Told)) throw fault;
    part.textContent = fault.message;
  }
}
function keepAddress(form, query) {
  const set = [...query].filter(([, value]) => value);
  history.replaceState(history.state, '', set.length ? `?${new URLSearchParams(set)}` : location.pathname);
}
function walk(event) {
  const {key, target} = event;
  if (key !== 'ArrowDown' && key !== 'ArrowUp' || event.altKey || event.ctrlKey || target.tagName === 'SELECT') return;
  const form = target.closest?.('form[data-live-search]') ?? formOf(target);
  if (!form || target.getAttribute('role') === 'combobox') return;
  const rows = choices(form), at = rows.indexOf(target.closest('[data-choice]')), next = at + (key === 'ArrowDown' ? 1 : -1);
  if (!rows.length) return;
  event.preventDefault();
  if (next < 0) form.querySelector('input[type=text], input[type=search]')?.focus();
  else rows[Math.min(next, rows.length - 1)].focus();
}
function formOf(target) {
  if (!target.closest?.('[data-choice]')) return null;
  return [...document.querySelectorAll('form[data-live-search]')].find(form => place(form)?.contains(target));
}
