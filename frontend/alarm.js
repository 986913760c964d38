// A ringing call for somebody who looks elsewhere: spoken by the screen reader, a chime, a notification.
let rung = null, notice = null, audio = null;

export function alarm(ring, sound, say) {
  const call = ring?.dataset.ring ?? null;
  if (call !== rung) {
    notice?.close();
    notice = null;
    if (call) {
      say(`${ring.dataset.title}. ${ring.dataset.note}`);
      if (document.hidden && window.Notification?.permission === 'granted') notify(ring.dataset, call);
    }
  }
  if (sound === 'ring' && call) chime();
  rung = call;
}
function notify({title, note}, tag) {
  notice = new Notification(title, {body: note, tag});
  notice.onclick = () => { window.focus(); notice?.close(); };
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
