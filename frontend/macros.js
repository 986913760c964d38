// Ready texts in a comment: / opens the list, letters narrow it, arrows and Enter choose. The field keeps the keyboard.
const OPENS = /(^|\s)\/([^\s/][^/\n]{0,40})?$/u;
const fold = text => text.toLowerCase().replaceAll('ё', 'е');

export function macros() {
  const list = document.getElementById('macro-list');
  let field = null, at = 0, from = 0;

  function close() {
    if (!field) return;
    for (const name of ['aria-controls', 'aria-activedescendant']) field.removeAttribute(name);
    list.hidden = true;
    field = null;
  }
  function look(target) {
    const before = target.value.slice(0, target.selectionStart), match = OPENS.exec(before);
    const options = [...document.getElementById(target.dataset.macros)?.children ?? []];
    const typed = fold(match?.[2] ?? ''), found = match ? options.filter(o => fold(o.value).includes(typed)) : [];
    if (!found.length) return close();
    field = target;
    from = before.length - (match[2] ?? '').length - 1;
    list.replaceChildren(...found.map((option, n) => {
      const row = Object.assign(document.createElement('li'), {id: 'macro-' + n, textContent: option.value});
      const text = Object.assign(document.createElement('span'), {className: 'quiet', textContent: option.dataset.text});
      row.role = 'option';
      row.dataset.text = option.dataset.text;
      row.append(' ', text);
      return row;
    }));
    const box = field.getBoundingClientRect(), below = innerHeight - box.bottom > 200;
    Object.assign(list.style, {left: `${box.left}px`, width: `${box.width}px`, maxHeight: `${Math.max(140, (below ? innerHeight - box.bottom : box.top) - 16)}px`,
      top: below ? `${box.bottom + 2}px` : 'auto', bottom: below ? 'auto' : `${innerHeight - box.top + 2}px`});
    list.hidden = false;
    field.setAttribute('aria-controls', list.id);
    move(0);
  }
  function move(to) {
    at = (to + list.children.length) % list.children.length;
    [...list.children].forEach((row, n) => { row.ariaSelected = String(n === at); });
    field.setAttribute('aria-activedescendant', list.children[at].id);
    list.children[at].scrollIntoView({block: 'nearest'});
  }
  function insert(row) {
    const target = field, {text} = row.dataset;
    close();
    target.setRangeText(text, from, target.selectionStart, 'end');
    target.dispatchEvent(new InputEvent('input', {bubbles: true, inputType: 'insertReplacementText'}));
  }

  document.addEventListener('input', ({target, inputType}) => target.matches('.with-macros') && (inputType === 'insertReplacementText' ? close() : look(target)));
  document.addEventListener('focusout', close);
  document.addEventListener('click', ({target}) => target !== field && close());
  list.addEventListener('pointerdown', event => { event.preventDefault(); const row = event.target.closest('li'); if (row && field) insert(row); });
  document.addEventListener('keydown', event => {
    if (!field || event.target !== field || event.ctrlKey || event.altKey) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') move(at + (event.key === 'ArrowDown' ? 1 : -1));
    else if (event.key === 'Enter' || event.key === 'Tab' && !event.shiftKey) insert(list.children[at]);
    else if (event.key === 'Escape') { event.stopPropagation(); close(); }
    else return;
    event.preventDefault();
  }, true);
}
