// [data-hand]: to whom a call is handed on. Enter in the search takes the first that was found for what stands there now
// and asks him; with Shift the caller is put through at once. What is still looked for is waited for.
export function hands() {
  document.addEventListener('keydown', event => {
    const {key, target, shiftKey, isComposing} = event, place = target.closest?.('[data-hand]');
    if (key !== 'Enter' || isComposing || event.ctrlKey || event.altKey || !place || target.type !== 'search') return;
    event.preventDefault();
    event.stopPropagation();
    const name = shiftKey ? 'blind' : 'consult';
    if (take(place, target, name)) return;
    const found = place.querySelector('#hand-found'), query = target.value;
    const watch = new MutationObserver(() => {
      if (target.value !== query || take(place, target, name)) watch.disconnect();
    });
    watch.observe(found, {childList: true, subtree: true});
  }, true);
}
/** True if what was found belongs to the words: somebody was taken, or there is nobody to take. */
function take(place, field, name) {
  const list = place.querySelector('[data-query]');
  if (!list || list.dataset.query !== field.value.trim()) return false;
  list.querySelector(`[data-${name}]`)?.click();
  return true;
}
