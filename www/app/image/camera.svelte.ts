// The camera: asked for when it is wanted, given back when it is not.
import { grab } from "../../api/image/decode.js";
import type { Pixels } from "../../api/image/resample.js";

/** A camera of one panel. */
export class Camera {
  stream: MediaStream | undefined = $state.raw();
  /** The person is being asked. */
  starting = $state(false);
  /** Why it did not start, as a sentence. */
  wrong: string | undefined = $state();
  #gone = false;

  /** Turns it on. Gives whether it is. */
  async on(facing: "user" | "environment"): Promise<boolean> {
    this.starting = true;
    try {
      const got = await asked(facing);
      if (this.#gone) {
        stop(got);
        return false;
      }
      this.stream = got;
      this.wrong = undefined;
      return true;
    } catch (thrown) {
      this.wrong = thrown instanceof Error ? thrown.message : String(thrown);
      return false;
    } finally {
      this.starting = false;
    }
  }

  off(): void {
    stop(this.stream);
    this.stream = undefined;
  }

  /** For the panel's end: off for good, even if the person's answer comes later. */
  end(): void {
    this.#gone = true;
    this.off();
  }

  /** An attachment: the element shows what the camera sees. */
  readonly shows = (video: HTMLVideoElement): void => {
    video.srcObject = this.stream ?? null;
  };
}

/** What a camera's element shows now; nothing until its first picture is there. */
export function snapshot(video: HTMLVideoElement | undefined): Pixels | undefined {
  return video === undefined || video.videoWidth === 0 ? undefined : grab(video, video.videoWidth, video.videoHeight);
}

async function asked(facing: "user" | "environment"): Promise<MediaStream> {
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

function stop(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
