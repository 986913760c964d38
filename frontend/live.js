// The desk's page is what the server last sent. <main> is morphed to it, forms go back as commands, and what a
// person has typed here is never overwritten: the page's own text wins until its contact is closed.
import {alarm, hush, notify} from './alarm.js';
import {word} from './ask.js';
import {dials} from './dial.js';
import {keepTyped} from './keep.js';
import {keys} from './keys.js';
import {hands} from './hand.js';
import {panels} from './panel.js';
import {morph, seconds, setClock, template, tick as tickTimes} from './paint.js';
import {liveSearch} from './search.js';
import {macros} from './macros.js';
import {readTopic, topicList} from './topics.js';
import {forgetTyped, keepTypedHere, typedHere} from './typed.js';
import {say, wire} from './wire.js';

const main = document.getElementById('desk'), root = document.documentElement;
const $ = id => document.getElementById(id);
const touched = new WeakSet(); // fields typed in on this page
// Typed text by the form of its topic (form-CALL, form-CALL-2 …), and the forms whose text the server has not got yet.
const drafts = new Map(), unsent = new Set();
const asked = new Set(); // of those forms, the ones that the server has been asked for on this line
let added = null; // the contact that was just given one more topic, and how many it had
let draftTimer, epoch = '', seq = 0, unpainted = null;

// --- connection

const line = wire({
  address() {
    const url = new URL(main.dataset.live, location.href.replace(/^http/, 'ws'));
    if (epoch) url.search = new URLSearchParams({epoch, since: seq});
    return url;
  },
  hear,
  opened() {
    asked.clear();
    drafts.forEach((_, id) => unsent.add(id));
    sendDrafts();
    if (epoch) send({do: 'catch_up'}); // nothing may have been missed, and then nothing else would say that it is back
  },
  ask: () => ({do: 'catch_up', csrf: main.dataset.csrf}),
  quiet: 60000,
});
const {isOpen} = line, send = fields => line.send({...fields, csrf: main.dataset.csrf});

function hear(message) {
  if (message.type === 'bye') {
    if (/signed_out|expired/.test(message.reason)) location.assign('/sign-in');
    root.classList.toggle('replaced', message.reason === 'replaced');
  }
  if (message.type === 'error') {
    root.classList.add('failed');
    say($('failed').textContent);
  }
  if (message.type === 'part') part(message);
  if (message.type !== 'desk') return;
  ({epoch, seq} = message);
  root.classList.remove('lost');
  if (root.lang !== message.lang) forgetTranslated();
  root.lang = message.lang;
  show(message.html);
  const card = message.card && $('panel-' + message.card), missed = message.missed && $('panel-' + message.missed);
  if (card) say(card.dataset.say);
  alarm(document.querySelector('[data-ring]'), message.sound, say);
  const isBlind = document.hidden || unpainted !== null; // what came before was never painted
  if (card && document.hidden) tell(card); else if (missed && isBlind) tell(missed);
  unpainted = seq;
  acknowledge();
}
const tell = ({dataset: {say, note, call}}) => notify(say, note, call);
// Painted is what two frames have passed over. A page that nobody sees says that it has the card, and no more.
function acknowledge() {
  const mine = unpainted;
  if (document.hidden) return line.send({ack: mine, painted: false});
  requestAnimationFrame(() => requestAnimationFrame(() => {
    if (unpainted === null || document.hidden) return;
    line.send({ack: mine});
    if (unpainted === mine) unpainted = null;
  }));
}

// --- what is shown

// What is the same for everybody comes by itself: whole, or the lines that changed.
function part({id, html, rows = {}, sum}) {
  const place = $(id);
  if (!place) return;
  const focused = document.activeElement?.id;
  if (html !== undefined) {
    const isOpen = place.querySelector('details')?.open;
    place.replaceChildren(template(html).content);
    if (isOpen) place.querySelector('details').open = true;
  }
  for (const [row, line] of Object.entries(rows)) $(row)?.replaceWith(template(line).content);
  if (sum !== undefined && $(id + '-sum')) $(id + '-sum').textContent = sum;
  const own = $(`colleague-${word('login')}`);
  if (own) own.hidden = true;
  if (focused && document.activeElement?.id !== focused) $(focused)?.focus();
  tickTimes(place);
}

function show(html) {
  if (unsent.size) sendDrafts(); // the card may be taken away by what comes now
  const fresh = template(html);
  keepFront(fresh.content);
  morph(main, fresh, {
    beforeNodeMorphed: (old, next) => {
      if (touched.has(old)) next.defaultValue = old.value;
      return !old.matches?.('[data-keep]');
    },
    beforeAttributeUpdated: (name, node) => name !== 'open' && !(name.startsWith('aria-') && node.matches?.('.topic:focus')),
    beforeNodeRemoved: node => node.id !== 'error', // stays until it is dismissed or the next command
  });
  rescue();
  settle();
  const forms = added && document.querySelectorAll(`#panel-${CSS.escape(added.call)} form[data-draft]`);
  if (forms?.length > added?.forms) forms[forms.length - 1].elements.topic.focus(), added = null;
}
// A new card never takes the keyboard from a text that is not saved: its tab waits beside this one.
function keepFront(next) {
  const field = document.activeElement, call = touched.has(field) && field.closest('.panel')?.dataset.call;
  const panel = drafts.has(field.form?.id) && next.getElementById('panel-' + call);
  if (!panel?.hidden || panel.dataset.record) return;
  for (const other of next.querySelectorAll('.panel')) other.hidden = other !== panel;
  for (const tab of next.querySelectorAll('[role=tab]')) tab.setAttribute('aria-selected', String(tab.value === call));
  send({do: 'front', call});
}
// The contact was closed while its text was still only here: it goes on in the list of the day. What the server
// lacks (it came up anew, or this page did) stands in its form again, and goes to it.
function rescue() {
  for (const [id, {call, topic, comment}] of drafts) {
    const form = $(id), late = $('late-' + call);
    if (form) {
      fill(form, {topic, comment}, id);
      continue;
    }
    if (late) fill(late, {topic, comment}), late.closest('details').open = true;
    if (late || $('today-' + call)) drafts.delete(id), forgetTyped(id); // there, it is classified
    else if ($('panel-' + call)) addAgain(id, {call, comment: comment || topic});
  }
  if (unsent.size) draftTimer ||= setTimeout(sendDrafts, 400);
}
// A topic that the server was killed too soon to keep: with its words it is added anew, and its form comes.
function addAgain(id, {call, comment}) {
  const n = id.slice(`form-${call}-`.length);
  if (n && comment && !asked.has(id) && send({do: 'draft', call, n, topic: '', comment})) asked.add(id);
}
function fill(form, words, id) {
  for (const [name, value] of Object.entries(words)) {
    const field = form.elements[name];
    if (!value || touched.has(field)) continue;
    touched.add(field);
    if (field.value === value || name === 'topic' && readTopic(field).code) continue; // a topic may be there in another language
    field.value = value;
    if (id) unsent.add(id);
  }
}
function forgetTranslated() {
  for (const field of main.querySelectorAll('.topic')) if (readTopic(field).code) touched.delete(field);
}
function tick() {
  tickTimes(main);
  const ring = document.querySelector('[data-ring]');
  document.title = ring && (document.hidden || Math.floor(seconds()) % 2) ? ring.dataset.title : $('clock').dataset.title;
}
function settle() {
  setClock($('clock').dataset.now);
  for (const ask of document.querySelectorAll('[data-notify]')) ask.hidden = window.Notification?.permission !== 'default';
  tick();
}

// --- what goes back

function read(form, submitter) {
  const fields = Object.fromEntries(new FormData(form, submitter));
  delete fields.csrf;
  if (form.elements.topic) fields.topic = readTopic(form.elements.topic).code || fields.topic;
  return fields;
}
function sendDrafts() {
  clearTimeout(draftTimer);
  draftTimer = 0;
  for (const id of unsent) {
    const form = $(id);
    if (!form) continue;
    if (!send({...read(form), do: 'draft'})) continue;
    unsent.delete(id);
    forgetTyped(id, 5000);
  }
}
addEventListener('input', ({target}) => {
  touched.add(target);
  const form = target.closest('form[data-draft]');
  if (!form) return;
  const {call, topic, comment} = Object.fromEntries(new FormData(form));
  drafts.set(form.id, {call, topic, comment});
  unsent.add(form.id);
  keepTypedHere(form.id, {call, topic, comment});
  draftTimer ||= setTimeout(sendDrafts, 400);
});
addEventListener('submit', event => {
  const form = event.target;
  if (!form.matches('[data-command]') || form.matches('[action]') && !isOpen()) return;
  event.preventDefault();
  if (event.submitter?.ariaDisabled === 'true') return say(event.submitter.title); // why it cannot be done now
  sendDrafts();
  const {call} = form.elements;
  if (form.elements.do?.value === 'add_topic') added = {call: call.value, forms: document.querySelectorAll(`#panel-${CSS.escape(call.value)} form[data-draft]`).length};
  form.closest(':popover-open')?.hidePopover();
  $('error')?.remove();
  root.classList.remove('failed');
  if (!send(read(form, event.submitter))) say($('clock').dataset.lost);
});
addEventListener('click', async ({target}) => {
  const button = target.closest('button');
  if (!button) return;
  if ('dismiss' in button.dataset) $('error').remove();
  if ('notify' in button.dataset) Notification.requestPermission().then(settle);
  if (button.id === 'show-keys') $('keys').showModal();
  if (!button.dataset.copy) return;
  await navigator.clipboard?.writeText(button.dataset.copy);
  button.classList.add('done');
  say(button.dataset.said);
});
addEventListener('focusout', sendDrafts);
addEventListener('pagehide', sendDrafts);
document.addEventListener('visibilitychange', () => {
  sendDrafts();
  if (!document.hidden) hush();
  if (unpainted !== null) acknowledge();
});
setInterval(tick, 1000);
topicList();
macros();
keys($);
dials(send);
for (const [id, words] of typedHere()) drafts.set(id, words); // of a page that was killed while it could not send
rescue();
hands();
panels({home: () => { const call = main.querySelector('.panel:not([hidden])')?.dataset.call; return call ? `?contact=${call}` : ''; }});
keepTyped();
liveSearch();
settle();
line.connect();
