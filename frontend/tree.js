// The network beside the page: branches are fetched when they are opened, a click adds a node to the area of the
// publication that is being made. The field with the codes is the truth; the chips above it show it.
const $ = id => document.getElementById(id);
const names = new Map(); // code -> name, as far as seen

export function tree({onPick, onChange}) {
  let timer, asked = 0, top;
  const area = () => document.querySelector('[data-compose] [name=nodes]:not([type=hidden])');
  const codes = () => [...new Set(area().value.split(/[\s,;]+/).filter(Boolean))];

  async function fetchBranch(query) {
    const answer = await fetch(`/outages/tree?${new URLSearchParams(query)}`);
    if (!answer.ok) throw new Error(answer.statusText);
    const made = document.createElement('template');
    made.innerHTML = await answer.text();
    return made.content.querySelector('ul');
  }
  async function toggle(button) {
    const item = button.closest('li'), below = item.querySelector('ul');
    const opens = button.getAttribute('aria-expanded') !== 'true';
    if (opens && !below) {
      button.setAttribute('aria-busy', 'true');
      try { item.append(await fetchBranch({parent: button.dataset.branch})); } catch { return; } finally { button.removeAttribute('aria-busy'); }
    } else if (below) below.hidden = !opens;
    button.setAttribute('aria-expanded', String(opens));
  }
  async function search(text) {
    const mine = ++asked, box = $('tree');
    top ??= box.firstElementChild;
    if (!text) return box.replaceChildren(top);
    try {
      const found = await fetchBranch({q: text});
      if (mine !== asked) return;
      const nothing = Object.assign(document.createElement('p'), {className: 'empty quiet', textContent: box.dataset.none});
      box.replaceChildren(found.children.length ? found : nothing);
    } catch { /* the bar says that the line is cut */ }
  }

  function add(code, name) {
    names.set(code, name);
    if (!codes().includes(code)) area().value = [...codes(), code].join(' ');
    drawArea();
  }
  function drop(code) {
    area().value = codes().filter(other => other !== code).join(' ');
    drawArea();
    area().focus();
    onChange();
  }
  function drawArea() {
    const list = $('area');
    if (!list || !area()) return;
    for (const {dataset} of list.children) if (dataset.name) names.set(dataset.code, dataset.name);
    list.replaceChildren(...codes().map(code => {
      const chip = Object.assign(document.createElement('li'), {className: 'chip'}), text = document.createElement('bdi');
      text.textContent = names.get(code) || code;
      const button = Object.assign(document.createElement('button'), {type: 'button', className: 'bare', textContent: '×'});
      button.ariaLabel = list.dataset.drop.replace('{}', code);
      button.dataset.dropped = code;
      chip.dataset.code = code;
      chip.append(text, button);
      return chip;
    }));
  }

  addEventListener('click', event => {
    const button = event.target.closest('[data-branch]'), node = event.target.closest('a[data-node]');
    const dropped = event.target.closest('[data-dropped]');
    if (button) toggle(button);
    if (dropped) drop(dropped.dataset.dropped);
    if (!node || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    onPick(node.dataset.node, node.dataset.name, node.href);
  });
  addEventListener('input', ({target}) => {
    if (target.id === 'tree-q') { clearTimeout(timer); timer = setTimeout(() => search(target.value.trim()), 200); }
    if (target === area()) drawArea();
  });
  return {add, drawArea};
}
