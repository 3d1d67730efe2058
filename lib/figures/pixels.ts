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

/** Colours, row by row, as the address of a PNG inside of the SVG. */
export function pngAddress(colours: readonly Colour[], columns: number): string {
  const height = colours.length / columns;
  const data = Uint8Array.from(colours.flat());
  const png = encode({ width: columns, height, data, channels: 3 });
  return `data:image/png;base64,${png.toBase64()}`;
}
