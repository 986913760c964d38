// Plays the texts as people will hear them: one at a time, the same button stops it.
export function player() {
  const audio = new Audio();
  let link = null;

  function draw(isOn) {
    if (!link) return;
    const label = link.querySelector('span');
    link.dataset.start ??= label.textContent;
    label.textContent = isOn ? link.dataset.stop : link.dataset.start;
    link.classList.toggle('playing', isOn);
  }
  function stop() {
    audio.pause();
    draw(false);
    link = null;
  }
  audio.onended = audio.onerror = stop;
  addEventListener('click', event => {
    const wanted = event.target.closest('a[data-play]');
    if (!wanted || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const isSame = wanted === link;
    stop();
    if (isSame) return;
    link = wanted;
    audio.src = wanted.href;
    audio.play().then(() => draw(true), stop);
  });
}
