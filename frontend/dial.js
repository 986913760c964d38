// A button with data-dial has that number called: on the desk by its line, on any other page by a request of its own.
// The own phone rings first, so nothing leaves before the person has picked it up.
import {tell, word} from './ask.js';

/** `send`: gives an order to the desk, false while there is no line to it. */
export function dials(send = () => false) {
  addEventListener('click', ({target}) => {
    const button = target.closest?.('[data-dial]');
    if (!button || button.disabled) return;
    const {dial: number, customer = '', followUp: follow_up = '', about = ''} = button.dataset;
    const fields = {number, customer, follow_up, about};
    document.getElementById('error')?.remove();
    if (!send({do: 'dial', ...fields})) order(button, fields);
  });
}
async function order(button, fields) {
  button.disabled = true;
  let words = word('failed');
  try {
    const answer = await fetch('/api/v1/desk/dial', {method: 'POST', body: JSON.stringify(fields), headers: {'Content-Type': 'application/json', 'X-CSRF-Token': word('csrf')}});
    const said = answer.ok ? {title: word('dialled')} : await answer.json();
    words = [said.title, said.detail].filter(Boolean).join('. ');
  } catch {
    words = word('lost');
  }
  button.disabled = false;
  tell(words);
}
