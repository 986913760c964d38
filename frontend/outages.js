// The outages' page. Its address says what is looked at; <main> is what the server last sent for that. Links and
// forms work without this script, with it nothing jumps: what is typed stays, what is playing goes on.
import {morph, setClock, template, tick} from './paint.js';
import {panels} from './panel.js';
import {player} from './player.js';
import {liveSearch} from './search.js';
import {tree} from './tree.js';
import {say, wire} from './wire.js';

const main = document.getElementById('board'), root = document.documentElement;
const $ = id => document.getElementById(id);
const compose = () => main.querySelector('[data-compose]');
const touched = new WeakSet(); // fields typed in on this page
let seen = '', searching; // the outage and form that were shown last; the search that waits for more letters
const line = wire({
  address() {
    const url = new URL(main.dataset.live, location.href.replace(/^http/, 'ws'));
    url.search = new URLSearchParams({look: location.search});
    return url;
  },
  hear,
  opened: () => root.classList.remove('ended'),
  ask: () => order('resume'),
  quiet: 15000,
});
const order = (what, more) => ({do: what, ...more, csrf: main.dataset.csrf});

// --- what the server says

function hear(message) {
  if (message.type === 'bye' && /signed_out|expired/.test(message.reason)) {
    if (!compose()) return location.assign('/sign-in');
    root.classList.add('ended');
  }
  root.classList.toggle('lost', message.type === 'error' || message.type === 'bye');
  if (message.now) setClock(message.now);
  if (message.type !== 'board') return tick(main);
  main.dataset.csrf = message.csrf;
  if (message.look !== location.search) return; // of where we were a moment ago
  root.lang = message.lang;
  show(template(message.html));
}
function show(fresh) {
  const before = compose()?.id;
  morph(main, fresh, {
    beforeNodeMorphed: (old, next) => {
      if (touched.has(old)) next.defaultValue = old.value;
      return !old.matches?.('[data-keep]');
    },
    beforeAttributeUpdated: name => name !== 'open',
    beforeNodeRemoved: node => node.id !== 'error',
  });
  if (compose() && compose().id !== before) begin();
  fromTheTop();
  tick(main);
}
function fromTheTop() {
  const looked = new URLSearchParams(location.search), subject = looked.get('outage') + looked.get('step');
  if (subject !== seen) main.querySelector('#detail .scroll')?.scrollTo(0, 0);
  seen = subject;
}

// --- where we look

function go(href) {
  const url = new URL(href, location.href);
  clearTimeout(searching); // an order to look elsewhere is newer
  history.pushState(null, '', url.pathname + url.search);
  $('error')?.remove();
  return line.send(order('look', {look: location.search}));
}
function follow(event, href) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || !line.isOpen()) return;
  event.preventDefault();
  go(href);
  const part = href.split('#')[1];
  if (part) $(part)?.scrollIntoView({block: 'nearest'});
}
addEventListener('popstate', () => line.send(order('look', {look: location.search})) || location.reload());

// --- forms

async function post(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter));
  body.set('csrf', main.dataset.csrf);
  root.classList.remove('failed', 'ended');
  let answer, page;
  try {
    answer = await fetch(form.action, {method: 'POST', body, headers: {Accept: 'text/html'}});
    page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  } catch { /* the line is cut: everything stays as it is */ }
  const fresh = page?.getElementById('board');
  if (!fresh) return refuse(answer);
  const made = document.createElement('template');
  made.content.append(...fresh.childNodes);
  $('error')?.remove();
  if (answer.redirected) {
    forget(compose());
    history.pushState(null, '', answer.url);
  }
  compose()?.remove(); // the answer is newer than what was kept
  main.dataset.csrf = fresh.dataset.csrf;
  root.lang = page.documentElement.lang;
  show(made);
  line.send(order('look', {look: location.search}));
  if ($('error')) say($('error').textContent);
}
function refuse(answer) {
  const isOut = answer?.url.endsWith('/sign-in') || answer?.status === 401;
  root.classList.add(isOut ? 'ended' : 'failed');
  say($(isOut ? 'ended' : 'failed').textContent);
}

// What was typed into a publication outlives a look elsewhere and a reload; it ends with the publication.
const draftKey = form => `callcore ${form.id}`;
const DRAFT = /^(number|kind|cause_ru|cause_en|starts_at|estimated_restoration_at|nodes)$/;
function keepDraft(form) {
  const fields = [...new FormData(form)].filter(([name]) => DRAFT.test(name));
  sessionStorage.setItem(draftKey(form), JSON.stringify(Object.fromEntries(fields)));
}
function forget(form) {
  if (form) sessionStorage.removeItem(draftKey(form));
}
function begin() {
  const form = compose();
  if (!form) return;
  const kept = JSON.parse(sessionStorage.getItem(draftKey(form)) ?? 'null');
  const isFresh = form.elements.cause_ru?.type === 'text' && !form.querySelector('[aria-invalid]');
  if (kept && isFresh) {
    const added = form.elements.nodes.value;
    for (const [name, value] of Object.entries(kept)) if (form.elements[name]) form.elements[name].value = value;
    if (!form.elements.nodes.value.includes(added)) form.elements.nodes.value += ` ${added}`;
  }
  network.drawArea();
  (form.querySelector('[aria-invalid=true]') ?? $('f-cause_ru') ?? $('compose-title'))?.focus({preventScroll: true});
}

const network = tree({
  onPick(code, name, href) {
    const form = compose();
    if (!form?.elements.nodes || form.elements.nodes.type === 'hidden') return line.isOpen() && go(href);
    network.add(code, name);
    keepDraft(form);
  },
  onChange: () => compose() && keepDraft(compose()),
});
player();

addEventListener('submit', event => {
  const form = event.target;
  if (form.matches('[data-post]')) {
    event.preventDefault();
    form.closest(':popover-open')?.hidePopover();
    post(form, event.submitter);
  } else if (form.matches('[data-look]')) {
    const fields = [...new FormData(form)].filter(([, value]) => value);
    follow(event, `${new URL(form.action).pathname}?${new URLSearchParams(fields)}`);
  } else if (form.id === 'language' && compose()) {
    event.preventDefault();
    speakAnother(form, event.submitter);
  }
});
// The form is asked for anew in the other language, with what stands in it.
async function speakAnother(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter));
  body.set('csrf', main.dataset.csrf);
  const isPreview = $('do-publish');
  try { await fetch(form.action, {method: 'POST', body, redirect: 'manual'}); } catch { return refuse(); }
  const again = Object.assign(document.createElement('button'), {name: 'do', value: isPreview ? 'preview' : 'edit', hidden: true});
  compose().append(again);
  await post(compose(), again);
}
addEventListener('input', ({target}) => {
  touched.add(target);
  if (target.form?.matches('[data-compose]')) keepDraft(target.form);
  if (target.id === 'people-q') { clearTimeout(searching); searching = setTimeout(() => target.form.requestSubmit(), 400); }
});
addEventListener('change', ({target}) => target.matches('#filter select') && target.form.requestSubmit());
addEventListener('click', event => {
  const link = event.target.closest('a[data-look]'), button = event.target.closest('button');
  if (link) {
    if ('forget' in link.dataset) forget(compose());
    follow(event, link.href);
  }
  if (button?.id === 'show-keys') $('keys').showModal();
  if (button?.dataset.dismiss === 'error') $('error').remove();
  if (button?.dataset.dismiss === 'failed') root.classList.remove('failed');
});
addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches?.('input, textarea, select')) return;
  const search = $('people-q') ?? $('tree-q');
  if (event.code === 'KeyN' && !event.shiftKey) $('new').click();
  else if (event.key === '?' || event.code === 'Slash' && event.shiftKey) $('keys').showModal();
  else if (event.key === '/' || event.code === 'Slash') search?.focus();
  else return;
  event.preventDefault();
});

setClock(main.dataset.now);
setInterval(() => tick(main), 1000);
begin();
tick(main);
panels();
liveSearch();
line.connect();
