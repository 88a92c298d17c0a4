// The camera: asked for when it is wanted, given back when it is not.

/** Turns the camera on; throws a sentence for people. */
export async function turnOn(facing: "user" | "environment"): Promise<MediaStream> {
  if (navigator.mediaDevices === undefined) throw new Error("This page may not use a camera: browsers allow it over https and on localhost only");
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { facingMode: facing }, audio: false });
  } catch (thrown) {
    const name = thrown instanceof DOMException ? thrown.name : "";
    if (name === "NotAllowedError") throw new Error("The camera was not allowed: the browser's address bar has the switch");
    if (name === "NotFoundError") throw new Error("There is no camera on this device");
    if (name === "NotReadableError") throw new Error("Another program has the camera");
    throw new Error(`The camera did not start: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

export function turnOff(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
