import { encode } from "fast-png";
import { scheme } from "vega";

/** Red, green and blue, 0 … 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** A scale of colours of Vega, from 0 to 1. */
export function colourScale(name: "turbo" | "purplebluegreen"): (value: number) => Colour {
  const colour: (value: number) => string = scheme(name);
  return (value) => {
    const [red, green, blue] = colour(value).match(/\d+/g)!.map(Number);
    return [red, green, blue];
  };
}

/**
 * The colours of an image among several of a shape, [images, height, width, channels], row by row.
 * One of one channel is grey. Of each side it takes every pixel or, with `step`, every second, third
 * and so on.
 */
export function imageColours(
  pixels: Uint8Array,
  [height, width, channels]: readonly [height: number, width: number, channels: number],
  image: number,
  step = 1,
): Colour[] {
  const columns = Math.ceil(width / step);
  return Array.from({ length: columns * Math.ceil(height / step) }, (_, at): Colour => {
    const [y, x] = [Math.floor(at / columns) * step, (at % columns) * step];
    const first = ((image * height + y) * width + x) * channels;
    const channel = (c: number) => pixels[first + Math.min(c, channels - 1)];
    return [channel(0), channel(1), channel(2)];
  });
}

/**
 * Colours, row by row, as the address of a PNG inside of the SVG. Each is a square of `side` pixels,
 * whose edges stay sharp where a viewer smooths. Default: 1.
 */
export function pngAddress(colours: readonly Colour[], columns: number, side = 1): string {
  const width = columns * side;
  const height = colours.length / columns * side;
  const at = (i: number) => Math.floor(i / width / side) * columns + Math.floor((i % width) / side);
  const data = Uint8Array.from(
    Array.from({ length: width * height }, (_, i) => colours[at(i)]).flat(),
  );
  const png = encode({ width, height, data, channels: 3 });
  return `data:image/png;base64,${png.toBase64()}`;
}
