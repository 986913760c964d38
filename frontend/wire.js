// The line to the server: comes back by itself, and while it is cut the bar says so.
const root = document.documentElement, $ = id => document.getElementById(id);

export const say = text => { $('announce').textContent = ''; $('announce').textContent = text; };

/** `address` gives the socket's URL, `hear` gets every message, `opened` runs after each connect, `ask` makes the
 *  server speak, `quiet` is how many milliseconds without a word are too many. */
export function wire({address, hear, opened = () => {}, ask, quiet}) {
  let socket, retry, wait = 500, heard = 0;
  const isOpen = () => socket?.readyState === WebSocket.OPEN;
  const isOff = () => root.classList.contains('replaced');
  const send = fields => isOpen() && (socket.send(JSON.stringify(fields)), true);

  function connect() {
    clearTimeout(retry);
    if (isOff() || socket?.readyState < WebSocket.CLOSING) return;
    const mine = socket = new WebSocket(address());
    mine.onopen = () => { wait = 500; opened(); };
    mine.onmessage = ({data}) => { heard = Date.now(); hear(JSON.parse(data)); };
    mine.onclose = () => mine === socket && lost();
  }
  function lost() {
    if (isOff()) return;
    if (!root.classList.contains('lost')) say($('clock').dataset.lost);
    root.classList.add('lost');
    retry = setTimeout(connect, wait * (0.5 + Math.random() / 2));
    wait = Math.min(wait * 2, 10000);
  }
  // The browser answers the server's pings; only a person who looks needs to know at once that the line is dead.
  function check() {
    const asked = Date.now();
    if (!send(ask())) return connect();
    setTimeout(() => { if (heard < asked && isOpen()) { const dead = socket; socket = null; dead.close(); lost(); } }, 4000);
  }
  addEventListener('online', check);
  document.addEventListener('visibilitychange', () => document.hidden || check());
  setInterval(() => Date.now() - heard > quiet && check(), quiet / 2);
  return {send, isOpen, connect};
}
