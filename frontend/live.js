// The desk's page is what the server last sent. <main> is morphed to it, forms go back as commands, and what a
// person has typed here is never overwritten: the page's own text wins until its contact is closed.
import {Idiomorph} from 'idiomorph';
import {alarm} from './alarm.js';
import {keys} from './keys.js';
import {readTopic, topicList} from './topics.js';

const main = document.getElementById('desk'), root = document.documentElement;
const $ = id => document.getElementById(id);
const touched = new WeakSet(); // fields typed in on this page
const drafts = new Map(), unsent = new Set(); // typed text by call; calls whose text the server has not got yet
let socket, retry, draftTimer, epoch = '', seq = 0, wait = 500, skew = 0, heard = 0, unpainted = null;

const isOpen = () => socket?.readyState === WebSocket.OPEN;
const say = text => { $('announce').textContent = ''; $('announce').textContent = text; };
const send = fields => isOpen() && (socket.send(JSON.stringify({...fields, csrf: main.dataset.csrf})), true);

// --- connection

function connect() {
  clearTimeout(retry);
  if (root.classList.contains('replaced') || socket?.readyState < WebSocket.CLOSING) return;
  const url = new URL(main.dataset.live, location.href.replace(/^http/, 'ws'));
  if (epoch) url.search = new URLSearchParams({epoch, since: seq});
  const mine = socket = new WebSocket(url);
  mine.onopen = () => { wait = 500; drafts.forEach((_, call) => unsent.add(call)); sendDrafts(); };
  mine.onmessage = ({data}) => hear(JSON.parse(data));
  mine.onclose = () => mine === socket && lost();
}
function lost() {
  if (root.classList.contains('replaced')) return;
  if (!root.classList.contains('lost')) say($('clock').dataset.lost);
  root.classList.add('lost');
  retry = setTimeout(connect, wait * (0.5 + Math.random() / 2));
  wait = Math.min(wait * 2, 10000);
}
// The browser answers the server's pings; only a person who looks needs to know at once that the line is dead.
function check() {
  const asked = Date.now();
  if (!send({do: 'resume'})) return connect();
  setTimeout(() => { if (heard < asked && isOpen()) { const dead = socket; socket = null; dead.close(); lost(); } }, 4000);
}

function hear(message) {
  heard = Date.now();
  if (message.type === 'bye') {
    if (/signed_out|expired/.test(message.reason)) location.assign('/sign-in');
    root.classList.toggle('replaced', message.reason === 'replaced');
  }
  if (message.type === 'error') {
    root.classList.add('failed');
    say($('failed').textContent);
  }
  if (message.type !== 'desk') return;
  ({epoch, seq} = message);
  root.classList.remove('lost');
  if (root.lang !== message.lang) forgetTranslated();
  root.lang = message.lang;
  show(message.html);
  const card = message.card && $('panel-' + message.card);
  if (card) say(card.dataset.say);
  alarm(document.querySelector('[data-ring]'), message.sound, say);
  unpainted = seq;
  if (document.hidden) acknowledge(); else requestAnimationFrame(() => requestAnimationFrame(acknowledge));
}
function acknowledge() {
  if (unpainted !== null && isOpen()) socket.send(JSON.stringify({ack: unpainted}));
  unpainted = null;
}

// --- what is shown

function show(html) {
  const fresh = document.createElement('template');
  fresh.innerHTML = html;
  keepFront(fresh.content);
  Idiomorph.morph(main, [...fresh.content.childNodes], {morphStyle: 'innerHTML', restoreFocus: true, callbacks: {
    beforeNodeMorphed: (old, next) => {
      if (touched.has(old)) next.defaultValue = old.value;
      return !old.matches?.('[data-keep]');
    },
    beforeAttributeUpdated: (name, node) => name !== 'open' && !(name.startsWith('aria-') && node.matches?.('.topic:focus')),
    beforeNodeRemoved: node => node.id !== 'error', // stays until it is dismissed or the next command
  }});
  rescue();
  settle();
}
// A new card never takes the keyboard from a text that is not saved: its tab waits beside this one.
function keepFront(next) {
  const field = document.activeElement, call = touched.has(field) && field.closest('.panel')?.dataset.call;
  const panel = drafts.has(call) && next.getElementById('panel-' + call);
  if (!panel?.hidden || panel.dataset.record) return;
  for (const other of next.querySelectorAll('.panel')) other.hidden = other !== panel;
  for (const tab of next.querySelectorAll('[role=tab]')) tab.setAttribute('aria-selected', String(tab.value === call));
  send({do: 'front', call});
}
// The contact was closed while its text was still only here: it goes on in the list of the day.
function rescue() {
  for (const [call, {topic, comment}] of drafts) {
    const form = $('late-' + call);
    if ($('form-' + call)) continue;
    drafts.delete(call);
    if (!form) continue;
    for (const [name, value] of Object.entries({topic, comment})) if (value) touched.add(form.elements[name]), form.elements[name].value = value;
    form.closest('details').open = true;
  }
}
function forgetTranslated() {
  for (const field of main.querySelectorAll('.topic')) if (readTopic(field).code) touched.delete(field);
}
const clock = seconds => {
  const s = Math.max(0, Math.floor(seconds)), two = n => String(n).padStart(2, '0');
  return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
};
const put = (element, text) => { if (element.textContent !== text) element.textContent = text; };
function tick() {
  const now = (Date.now() + skew) / 1000, ago = new Intl.RelativeTimeFormat(root.lang, {numeric: 'always'});
  for (const time of main.querySelectorAll('time[data-since]')) {
    put(time, clock(now - time.dataset.since));
    if (time.dataset.late) time.classList.toggle('late', now - time.dataset.since >= time.dataset.late);
  }
  for (const time of main.querySelectorAll('time[data-until]')) put(time, clock(time.dataset.until - now));
  for (const time of main.querySelectorAll('time[data-ago]')) {
    const minutes = Math.floor((now - time.dataset.ago) / 60);
    if (minutes > 0 && minutes < 60) put(time, ago.format(-minutes, 'minute'));
  }
  const ring = document.querySelector('[data-ring]');
  document.title = ring && (document.hidden || Math.floor(now) % 2) ? ring.dataset.title : $('clock').dataset.title;
}
function settle() {
  skew = $('clock').dataset.now - Date.now();
  const ask = document.querySelector('[data-notify]');
  if (ask) ask.hidden = window.Notification?.permission !== 'default';
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
  for (const call of unsent) {
    const form = $('form-' + call);
    if (!form || send({...read(form), do: 'draft'})) unsent.delete(call);
  }
}
addEventListener('input', ({target}) => {
  touched.add(target);
  const form = target.closest('form[data-draft]');
  if (!form) return;
  const {call, topic, comment} = Object.fromEntries(new FormData(form));
  drafts.set(call, {topic, comment});
  unsent.add(call);
  draftTimer ||= setTimeout(sendDrafts, 400);
});
addEventListener('submit', event => {
  const form = event.target;
  if (!form.matches('[data-command]') || form.matches('[action]') && !isOpen()) return;
  event.preventDefault();
  sendDrafts();
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
addEventListener('online', check);
document.addEventListener('visibilitychange', () => { sendDrafts(); if (document.hidden) acknowledge(); else check(); });
setInterval(tick, 1000);
setInterval(() => Date.now() - heard > 60000 && check(), 30000);
topicList();
keys($);
settle();
connect();
