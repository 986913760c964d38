// <a data-panel href> opens that page beside the work, not over it: its links and forms stay in the panel, and the
// page behind goes on. Esc closes the panel; what was typed in it is put aside, never thrown away.
import {ask, chooseAgain, focusIn, give, isTyped, tell, toasts, Told, word} from './ask.js';
import {restore, taken} from './keep.js';
import {follow} from './news.js';
import {morph, template} from './paint.js';

const aside = new Map(); // address → what was typed there and put aside: {nodes, walked, title}
let dock, body, bar, shelf, opener = null, walked = [], turn = 0, retry = null;

export function panels({home = () => ''} = {}) {
  toasts();
  build();
  document.addEventListener('click', clicked);
  document.addEventListener('submit', submitted);
  document.addEventListener('keydown', pressed, true);
  document.addEventListener('play', ({target}) => document.querySelectorAll('audio').forEach(each => each === target || each.pause()), true);
  let spoken = document.documentElement.lang;
  new MutationObserver(() => {
    if (spoken === document.documentElement.lang) return; // the desk writes it with every message
    spoken = document.documentElement.lang;
    speak();
    if (!dock.hidden && walked.length && !isTyped(body)) load(walked.at(-1), walked.slice(0, -1));
  }).observe(document.documentElement, {attributeFilter: ['lang']});
  search.home = home;
  follow('page', document.querySelector('#page [data-live-page]')?.dataset.livePage, refresh);
}

/** Open `address` in the panel; `from` gets the keyboard back. */
export function openPanel(address, from = document.activeElement) {
  if (dock.hidden) { opener = from; walked = []; }
  dock.hidden = false;
  place();
  document.documentElement.classList.add('docked');
  load(new URL(address, location.href).href, walked);
}
export function closePanel({keep = true} = {}) {
  turn++;
  if (keep) putAside();
  body.replaceChildren();
  follow('panel');
  if (dock.hidden) return;
  const had = dock.contains(document.activeElement) || document.activeElement === document.body;
  dock.hidden = true;
  document.documentElement.classList.remove('docked');
  walked = [];
  if (!had) return;
  const back = opener?.isConnected ? opener : opener?.id && document.getElementById(opener.id);
  if (back) back.focus();
  else document.querySelector('#page h1, #tabs [aria-selected=true]')?.focus();
}

function build() {
  dock = Object.assign(document.createElement('div'), {id: 'dock', hidden: true});
  dock.role = 'dialog';
  dock.setAttribute('aria-modal', 'false');
  dock.setAttribute('aria-labelledby', 'dock-title');
  bar = document.createElement('div');
  bar.className = 'dock-bar';
  bar.innerHTML = '<button type="button" class="bare" data-dock="back"><span aria-hidden="true">←</span></button><p role="status"></p>'
    + '<button type="button" class="small" data-dock="again" hidden></button><a class="button small" target="_blank" data-dock="page"></a>'
    + '<button type="button" class="bare" data-dock="close"><span aria-hidden="true">✕</span></button>';
  body = Object.assign(document.createElement('div'), {id: 'dock-body', className: 'kit'});
  dock.append(bar, body);
  shelf = Object.assign(document.createElement('nav'), {id: 'aside', hidden: true});
  document.body.append(dock, shelf);
  speak();
  addEventListener('resize', place);
  const desk = document.getElementById('desk');
  if (desk) new MutationObserver(() => dock.hidden || requestAnimationFrame(place)).observe(desk, {childList: true, subtree: true, attributeFilter: ['hidden', 'class']});
}
// On the desk: from the tabs to the contact that is being written, wherever the bars above have pushed them.
function place() {
  const work = document.getElementById('work');
  if (!work || dock.hidden) return;
  const {left, top, right, bottom} = work.getBoundingClientRect();
  const contact = [...work.querySelectorAll('.contact')].find(each => each.offsetParent)?.getBoundingClientRect().left ?? right;
  Object.assign(dock.style, {left: `${left}px`, top: `${top}px`, right: `${innerWidth - contact}px`, bottom: `${innerHeight - bottom}px`});
}
const part = name => bar.querySelector(`[data-dock=${name}]`);
function speak() {
  for (const name of ['back', 'close']) part(name).ariaLabel = word(name);
  part('again').textContent = word('again');
  part('page').textContent = word('page');
  shelf.ariaLabel = word('aside');
  showAside();
}
function state(words, canRetry = null) {
  bar.querySelector('p').textContent = words;
  bar.classList.toggle('bad', Boolean(canRetry));
  retry = canRetry;
  part('again').hidden = !canRetry;
}

async function load(address, behind, how = {}) {
  putAside();
  const known = aside.get(address), mine = ++turn, before = document.activeElement;
  if (known) {
    aside.delete(address);
    walked = [...known.walked, address];
    body.replaceChildren(...known.nodes);
    showAside();
    settle(address, before);
    return;
  }
  state(word('loading'));
  try {
    const answer = await ask(address, {...how, headers: {'X-Panel': '1'}});
    if (mine === turn) show(answer, address, behind, before);
  } catch (fault) {
    if (mine !== turn) return;
    if (!(fault instanceof Told)) throw fault;
    state(fault.message, () => load(address, behind, how));
    if (!body.firstChild) part('again').focus();
  }
}
function show(answer, address, behind, before, isGiven = false) {
  if (!answer) { // a file: the browser saves it, the page stays
    state('');
    location.assign(address);
    return;
  }
  if (!answer.isPanel) { // a page of its own
    state('');
    if (!body.firstChild) closePanel();
    window.open(answer.url, '_blank', 'noopener');
    return;
  }
  const at = isGiven && !answer.redirected ? address : answer.url; // the answer to a form has no address of its own
  walked = behind.at(-1) === at ? [...behind] : [...behind, at];
  body.innerHTML = answer.html;
  if (answer.status >= 400) body.querySelector('form')?.setAttribute('data-refused', '');
  settle(at, before);
}
function settle(address, before) {
  state('');
  body.scrollTop = 0;
  settleNodes(address);
  follow('panel', body.querySelector('[data-live-page]')?.dataset.livePage, refreshPanel);
  part('back').hidden = walked.length < 2;
  part('page').href = address;
  restore(body);
  const now = document.activeElement;
  if (now === before || now === document.body || dock.contains(now)) focusIn(body);
}

function settleNodes(address) {
  const title = body.querySelector('.panel-title');
  if (title) title.id = 'dock-title';
  for (const form of body.querySelectorAll('form')) form.dataset.base = address;
}

function clicked(event) {
  const {target} = event, own = target.closest?.('[data-dock]');
  if (own?.dataset.dock === 'close') return closePanel();
  if (own?.dataset.dock === 'again') return retry?.();
  if (own?.dataset.dock === 'back') return load(walked.at(-2), walked.slice(0, -2));
  const put = target.closest?.('[data-aside]');
  if (put) return openPanel(put.dataset.aside, put);
  const link = target.closest?.('a[href], button[data-panel]');
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const isInside = body.contains(link);
  if (!isInside && !('panel' in link.dataset)) return;
  const to = new URL(link.dataset.panel || link.getAttribute('href'), isInside ? walked.at(-1) ?? location.href : location.href);
  if (link.target || link.hasAttribute('download') || to.origin !== location.origin) return;
  if (link.getAttribute('href')?.startsWith('#')) return;
  event.preventDefault();
  if (isInside) load(to.href, walked); else openPanel(to.href, link);
}

async function submitted(event) {
  const form = event.target;
  if (event.defaultPrevented || !body.contains(form) || form.matches('[data-command], [data-live-search], [method=dialog]')) return;
  event.preventDefault();
  if (form.ariaBusy === 'true') return;
  form.ariaBusy = 'true';
  const mine = ++turn, before = document.activeElement;
  state(word('sending'));
  try {
    const answer = await give(form, event.submitter, {headers: {'X-Panel': '1'}});
    if (answer?.next) return await accepted(form, answer, mine);
    if (mine !== turn) return;
    show(answer, walked.at(-1), walked.slice(0, -1), before, true);
    chooseAgain(form, body);
  } catch (fault) {
    if (!(fault instanceof Told)) throw fault;
    if (mine === turn) state(fault.message, () => form.requestSubmit(event.submitter?.isConnected ? event.submitter : undefined));
    else tell(fault.message);
  } finally {
    form.ariaBusy = null;
  }
}
async function accepted(form, {next, words, isDone}, mine) {
  taken(form);
  tell(words);
  document.dispatchEvent(new CustomEvent('taken'));
  if (mine !== turn) return; // he is elsewhere by now
  body.replaceChildren();
  if (isDone) closePanel({keep: false});
  else await load(new URL(next, location.href).href, walked.slice(0, -1));
  await refresh();
}
// The page behind shows what was changed in the panel, or by somebody else. The desk hears that by its own line.
async function refresh() {
  const page = document.getElementById('page');
  const answer = page && await ask(location.href).catch(() => null);
  const fresh = answer?.html && new DOMParser().parseFromString(answer.html, 'text/html').getElementById('page');
  if (fresh) freshen(page, fresh.innerHTML);
}
async function refreshPanel() {
  const mine = turn, address = walked.at(-1);
  const answer = address && await ask(address, {headers: {'X-Panel': '1'}}).catch(() => null);
  if (mine !== turn || dock.hidden || !answer?.isPanel || answer.status !== 200) return;
  freshen(body, answer.html);
  settleNodes(address);
}
// Forms that hold typed text, searches and what was unfolded stay as they are.
function freshen(place, html) {
  morph(place, template(html), {
    beforeNodeMorphed: old => !(old.matches?.('form') && (isTyped(old) || old.contains(document.activeElement))) && !old.matches?.('[data-live-search], #found'),
    beforeAttributeUpdated: name => name !== 'open',
  });
}

// --- what was typed and not sent waits, and is one click away

function putAside() {
  const address = walked.at(-1);
  if (address && isTyped(body)) {
    aside.set(address, {nodes: [...body.childNodes], walked: walked.slice(0, -1), title: body.querySelector('.panel-title')?.textContent.trim() ?? address});
    body.replaceChildren();
    tell(word('put'));
  }
  showAside();
}
function showAside() {
  shelf.hidden = !aside.size;
  shelf.replaceChildren(...[...aside].map(([address, {title}]) => {
    const button = Object.assign(document.createElement('button'), {type: 'button', className: 'small', textContent: `${word('goon')} `});
    button.append(Object.assign(document.createElement('bdi'), {textContent: title}));
    button.dataset.aside = address;
    return button;
  }));
}

// --- keys

function pressed(event) {
  const {key, code, target} = event;
  if (code === 'KeyK' && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && word('search')) {
    event.preventDefault();
    search();
  } else if (key === 'Escape' && !dock.hidden) {
    const isHere = dock.contains(target) || target === document.body;
    if (!isHere || target.getAttribute?.('aria-expanded') === 'true' || document.querySelector('dialog[open], :popover-open')) return;
    event.preventDefault();
    closePanel();
  } else if (key === 'Enter' && event.ctrlKey && dock.contains(target)) {
    event.preventDefault();
    event.stopPropagation(); // never the contact behind
    const mains = body.querySelectorAll('form button.main');
    const form = target.form ?? (mains.length === 1 ? mains[0].form : null);
    form?.requestSubmit(form.querySelector('button.main') ?? undefined);
  }
}
function search() {
  const field = document.querySelector('#page [data-live-search] input[type=text], #page [data-live-search] input[type=search]');
  if (field && dock.hidden) return field.select();
  openPanel(word('search') + search.home());
}
