// Tensors and pictures on canvases.

/** Puts an image on a canvas of its size. */
export function put(canvas: HTMLCanvasElement, image: ImageData): void {
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}

/** One or three planes of numbers as a picture; `low` is black, `high` white, and what is no number is red. */
export function planesImage(planes: readonly ArrayLike<number>[], width: number, height: number, low: number, high: number): ImageData {
  const image = new ImageData(width, height);
  const scale = 255 / (high - low || 1);
  for (let i = 0; i < width * height; i += 1) {
    for (let c = 0; c < 3; c += 1) {
      const value = (planes[planes.length === 1 ? 0 : c] as ArrayLike<number>)[i] as number;
      image.data[4 * i + c] = Number.isNaN(value) ? (c === 0 ? 220 : 0) : (value - low) * scale;
    }
    image.data[4 * i + 3] = 255;
  }
  return image;
}
