// A call or a card for somebody who looks elsewhere: spoken by the screen reader, a chime, a notification.
let rung = null, notice = null, audio = null;

export function alarm(ring, sound, say) {
  const call = ring?.dataset.ring ?? null;
  if (call !== rung) {
    hush();
    if (call) {
      say(`${ring.dataset.title}. ${ring.dataset.note}`);
      if (document.hidden) notify(ring.dataset.title, ring.dataset.note, call);
    }
  }
  if (sound === 'ring' && call) chime();
  rung = call;
}
/** One notification at a time; a click on it brings this tab to the front. */
export function notify(title, body, tag) {
  if (window.Notification?.permission !== 'granted') return;
  hush();
  try {
    notice = new Notification(title, {body, tag});
  } catch { return; } // browsers of telephones have the class, and refuse to make one
  notice.onclick = () => { window.focus(); hush(); };
}
export function hush() {
  notice?.close();
  notice = null;
}
function chime() {
  if (!navigator.userActivation?.hasBeenActive) return; // browsers allow no sound before the first key or click
  audio ??= new AudioContext();
  audio.resume().catch(() => {});
  for (const [after, frequency] of [[0, 880], [0.18, 660], [0.36, 880]]) {
    const tone = new OscillatorNode(audio, {frequency}), volume = new GainNode(audio, {gain: 0.07});
    tone.connect(volume).connect(audio.destination);
    tone.start(audio.currentTime + after);
    tone.stop(audio.currentTime + after + 0.14);
  }
}
