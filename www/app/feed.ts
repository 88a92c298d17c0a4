// What an input kit says of its tensor.

/** `later`: more is to come, as within a stroke; `done`: a change is complete; `run`: run it in any case, as the camera's live pictures. */
export type When = "later" | "done" | "run";
