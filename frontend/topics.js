// Topic fields: typing any part of a title, group or code narrows the list, also in the wrong keyboard layout.
// No morph touches the list (data-keep), and the field keeps its own ARIA state while it has the focus.
const LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`", CYRILLIC = 'йцукенгшщзхъфывапролджэячсмитьбюё';
const swapped = text => [...text].map(c => CYRILLIC[LATIN.indexOf(c)] ?? LATIN[CYRILLIC.indexOf(c)] ?? c).join('');
const options = () => [...document.querySelectorAll('#topics option')];
const picked = new WeakMap(); // field -> the option's code and label, as picked
const fold = text => text.trim().toLowerCase().replaceAll('ё', 'е');

// As `fits` of crm/topics.py: a typed word begins a word, is another form of one, or stands within one.
function fits(option, typed) {
  const words = option.dataset.words.split(' '), stems = option.dataset.stems.split(' ').filter(Boolean);
  return typed.every(part => words.some(word => word.startsWith(part)) || part.length > 2 && (stems.some(stem => part.startsWith(stem)) || words.some(word => word.includes(part))));
}
// 0: the label begins with it; 1: each word fits the label; 2: group or code.
function rank(option, typed) {
  const label = fold(option.value);
  return label.startsWith(typed[0]) ? 0 : typed.every(part => label.includes(part)) ? 1 : 2;
}
const parts = text => fold(text).split(/[^\p{L}\p{N}]+/u).filter(Boolean);
function find(text) {
  const all = options(), typed = parts(text), other = parts(swapped(fold(text)));
  if (!typed.length) return [...all.filter(o => 'star' in o.dataset), ...all.filter(o => !('star' in o.dataset))];
  const found = all.filter(o => fits(o, typed));
  if (!found.length && other.length) return all.filter(o => fits(o, other));
  return found.map((o, n) => [rank(o, typed), n, o]).sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, , o]) => o);
}

/** The code that a field's text stands for, empty if it is no topic. */
export function readTopic(field) {
  const text = field.value.trim(), known = picked.get(field);
  if (known?.label === text) return known;
  const option = options().find(o => o.value === text);
  return {code: option?.dataset.code ?? '', label: text};
}

export function topicList() {
  const list = document.getElementById('topic-list');
  let field = null, at = -1;

  function close() {
    if (!field) return;
    field.setAttribute('aria-expanded', 'false');
    field.removeAttribute('aria-activedescendant');
    field.removeAttribute('aria-controls');
    list.hidden = true;
    field = null;
  }
  function open(target, all) {
    const found = find(all ? '' : target.value);
    if (!found.length) return close();
    field = target;
    list.replaceChildren(...found.map((option, n) => {
      const row = Object.assign(document.createElement('li'), {id: 'topic-' + n, textContent: option.value});
      const group = Object.assign(document.createElement('span'), {className: 'quiet', textContent: option.dataset.group});
      row.role = 'option';
      row.dataset.code = option.dataset.code;
      row.dataset.label = option.value;
      row.append(' ', group);
      if ('star' in option.dataset) row.classList.add('starred');
      return row;
    }));
    const box = field.getBoundingClientRect(), below = innerHeight - box.bottom > 240;
    Object.assign(list.style, {left: `${box.left}px`, width: `${box.width}px`, maxHeight: `${Math.max(160, (below ? innerHeight - box.bottom : box.top) - 16)}px`,
      top: below ? `${box.bottom + 2}px` : 'auto', bottom: below ? 'auto' : `${innerHeight - box.top + 2}px`});
    list.hidden = false;
    list.ariaLabel = field.ariaLabel;
    field.setAttribute('aria-expanded', 'true');
    field.setAttribute('aria-controls', list.id);
    move(all ? found.findIndex(option => option.value === field.value) : 0);
  }
  function move(to) {
    at = to < 0 ? -1 : Math.min(to, list.children.length - 1);
    [...list.children].forEach((row, n) => { row.ariaSelected = String(n === at); });
    if (at < 0) return field.removeAttribute('aria-activedescendant');
    field.setAttribute('aria-activedescendant', list.children[at].id);
    list.children[at].scrollIntoView({block: 'nearest'});
  }
  function pick(row) {
    const target = field;
    close();
    put(target, row.dataset);
  }
  function put(target, {code, label}) {
    picked.set(target, {code, label});
    target.value = label;
    target.dispatchEvent(new InputEvent('input', {bubbles: true, inputType: 'insertReplacementText'}));
  }
  document.addEventListener('click', ({target}) => {
    const offer = target.closest?.('button[data-topic]');
    if (!offer) return;
    const {topic, label, for: id} = offer.dataset, input = document.getElementById(id);
    put(input, {code: topic, label});
    input.form.elements.comment.focus();
  });

  document.addEventListener('input', ({target, inputType}) => target.matches('.topic') && inputType !== 'insertReplacementText' && open(target, false));
  document.addEventListener('focusin', ({target}) => target.matches('.topic') && target.select());
  document.addEventListener('focusout', close);
  document.addEventListener('click', ({target}) => target.matches('.topic') && (field ? close() : open(target, true)));
  list.addEventListener('pointerdown', event => { event.preventDefault(); const row = event.target.closest('li'); if (row && field) pick(row); });
  document.addEventListener('keydown', event => {
    if (!event.target.matches?.('.topic') || event.ctrlKey || event.altKey) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (!field) open(event.target, true);
      else move(Math.max(0, at + (event.key === 'ArrowDown' ? 1 : -1)));
    } else if (event.key === 'Enter') {
      event.preventDefault(); // never a save by accident
      if (field && at >= 0) pick(list.children[at]);
      else event.target.form.elements.comment.focus();
    } else if (event.key === 'Tab' && field && at >= 0 && event.target.value && !event.shiftKey) {
      const {comment} = event.target.form.elements;
      event.preventDefault();
      pick(list.children[at]);
      comment.focus(); // past star and suggestions, which Shift+Tab finds
    } else if (event.key === 'Escape' && field) { event.stopPropagation(); close(); }
  });
}
