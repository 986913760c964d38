// The pages of the record: forms and links work without it.
import {dials} from './dial.js';
import {keepTyped, sendKept} from './keep.js';
import {panels} from './panel.js';
import {refresh} from './refresh.js';
import {liveSearch} from './search.js';

const keys = document.getElementById('keys');

panels();
dials();
keepTyped();
sendKept();
liveSearch();
refresh();
document.getElementById('show-keys')?.addEventListener('click', () => keys.showModal());
addEventListener('keydown', event => {
  const isTyping = event.target.matches?.('input, textarea, select');
  if (event.key === '?' && !isTyping && keys && !keys.open) keys.showModal();
  else if (event.key === 'Enter' && event.ctrlKey && event.target.form) event.target.form.requestSubmit(event.target.form.querySelector('.main:is(button)') ?? undefined);
  else return;
  event.preventDefault();
});
addEventListener('click', ({target}) => {
  const copy = target.closest?.('button[data-copy]');
  if (copy) navigator.clipboard?.writeText(copy.dataset.copy).then(() => copy.classList.add('done'));
});
