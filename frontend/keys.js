// Keys of the desk. None of them acts on, or takes away, text that is being typed.
const step = {ArrowDown: 1, ArrowUp: -1};

export function keys($) {
  addEventListener('keydown', event => {
    const {key, code, target} = event, isTyping = target.matches?.('input, textarea');
    const digit = event.altKey && !event.ctrlKey && /^Digit([1-9])$/.exec(code);
    const menu = target.closest?.(':popover-open');
    if (key === 'F2') press(document.querySelector('[data-f2]'));
    else if (key === 'F4' && !event.altKey && !event.ctrlKey) press(document.querySelector('[data-f4]'));
    else if (key === 'Enter' && event.ctrlKey) {
      const form = target.closest('.late-form') ?? document.querySelector('.panel:not([hidden]) form[data-draft]');
      form?.requestSubmit(form.querySelector('[data-close], [name=close]'));
    } else if (digit) press(document.querySelectorAll('[role=tab]')[digit[1] - 1]);
    else if (key === '?' && !isTyping) $('keys').showModal();
    else if (menu && step[key]) {
      const items = [...menu.querySelectorAll('button')];
      items[(items.indexOf(target) + step[key] + items.length) % items.length].focus();
    } else return;
    event.preventDefault();
  });
  function press(button) {
    button?.focus();
    button?.click();
    const menu = button?.popoverTargetElement;
    if (menu?.matches(':popover-open')) menu.querySelector('button').focus();
  }
  addEventListener('toggle', ({target, newState}) => target.matches('[popover]') && newState === 'open' && target.querySelector('button').focus(), true);
}
