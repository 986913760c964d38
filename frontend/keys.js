// Keys of the desk. None of them acts on, or takes away, text that is being typed.
const step = {ArrowDown: 1, ArrowUp: -1};

export function keys($) {
  addEventListener('keydown', event => {
    const {key, code, target} = event, isTyping = target.matches?.('input, textarea');
    const digit = event.altKey && !event.ctrlKey && /^Digit([1-9])$/.exec(code);
    const menu = target.closest?.(':popover-open');
    if (key === 'F2') press(document.querySelector('[data-f2]'));
    else if (key === 'F6' && !event.altKey && !event.ctrlKey && !event.shiftKey && document.querySelector('[data-f6]')) press(document.querySelector('[data-f6]'));
    else if (key === 'F10' && !event.altKey && !event.ctrlKey) document.querySelector('[data-f10]')?.click(); // who types goes on
    else if (/^F[6789]$/.test(key) && !event.altKey && !event.ctrlKey && !event.shiftKey) document.querySelector(`#bands [data-${key.toLowerCase()}]`)?.click(); // who types goes on
    else if (code === 'KeyD' && event.ctrlKey && event.shiftKey) document.querySelector('.panel:not([hidden]) [data-open-number] [data-dial]')?.click();
    else if (key === 'F4' && !event.altKey && !event.ctrlKey) press(document.querySelector('[data-f4]'));
    else if (key === 'Enter' && event.ctrlKey) {
      const form = target.closest('.late-form') ?? current(target, 'close');
      form?.requestSubmit(button(form, 'close'));
    } else if (code === 'KeyS' && event.ctrlKey && !event.altKey) {
      const form = target.closest('.late-form') ?? current(target);
      form?.requestSubmit(button(form, 'save')); // the first of both would close
    } else if (code === 'KeyN' && event.altKey && !event.ctrlKey) {
      press(document.querySelector('.panel:not([hidden]) [data-alt-n]'));
    } else if (code === 'KeyM' && event.altKey && !event.ctrlKey) {
      document.querySelector('#bands [data-alt-m]')?.click(); // who types goes on
    } else if (code === 'KeyW' && event.altKey && !event.ctrlKey) {
      press($('list-missed'));
    } else if (digit) press(document.querySelectorAll('[role=tab]')[digit[1] - 1]);
    else if (key === '?' && !isTyping) $('keys').showModal();
    else if (menu && step[key]) {
      const items = [...menu.querySelectorAll('button, a')];
      items[(items.indexOf(target) + step[key] + items.length) % items.length].focus();
    } else return;
    event.preventDefault();
  });
  /** The form of the topic being written, else the last one of the contact in front. */
  function current(target, does) {
    const own = target.closest?.('form[data-draft]');
    if (own && (!does || button(own, does))) return own;
    return [...document.querySelectorAll('.panel:not([hidden]) form[data-draft]')].at(-1);
  }
  /** The button that saves, or closes; a form's own buttons may stand below it, in the bar. */
  function button(form, does) {
    const all = [...form.elements];
    return all.find(each => does in each.dataset) ?? all.find(each => each.name === 'close');
  }
  function press(button) {
    button?.focus();
    button?.click();
    const menu = button?.popoverTargetElement;
    if (menu?.matches(':popover-open')) menu.querySelector('button, a').focus();
  }
  addEventListener('toggle', ({target, newState}) => target.matches('[popover]') && newState === 'open' && target.querySelector('button, a')?.focus(), true);
}
