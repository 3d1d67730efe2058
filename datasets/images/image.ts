import mozjpeg from "@jsquash/jpeg/codec/dec/mozjpeg_dec.js";
import { decode as decodePng, hasPngSignature } from "fast-png";
import jpegJs from "jpeg-js";

/** Colours of 8 bits, row by row from the top, red, green and blue of each pixel. */
export interface Image {
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** height × width × 3 bytes. */
  readonly data: Uint8Array;
}

/**
 * Makes a function that decodes JPEG and PNG files, whatever their names say. Grey becomes three
 * equal channels, a palette its colours, ink (CMYK, of which ImageNet has a few) what is left of
 * the light, 16 bits their upper 8; transparency is dropped and the orientation in a camera's notes
 * ignored, as Pillow's `convert("RGB")` does. The function throws an Error that says why where the
 * file is neither, is damaged or ends early; what libjpeg warns of and mends is accepted.
 */
export async function imageDecoder(): Promise<(bytes: Uint8Array) => Image> {
  let complaint = "";
  // Called below the package's own `decode`, which is asynchronous: a complaint would get to the
  // wrong image.
  const jpeg = await mozjpeg({ noInitialRun: true, printErr: (line: string) => complaint = line });
  const decodeJpeg = (bytes: Uint8Array): Image => {
    complaint = "";
    let image: ImageData | null = null;
    try {
      image = jpeg.decode(bytes as Uint8Array<ArrayBuffer>, false);
    } catch {
      // libjpeg gives up by exit(); what it had to say is the complaint.
    }
    // libjpeg leaves ink to its caller; the other decoder is slower and has no such gap.
    if (/unsupported color conversion/i.test(complaint)) return fromInk(bytes);
    if (!image || /premature end/i.test(complaint)) {
      throw new Error(complaint || "no JPEG can be decoded");
    }
    return { width: image.width, height: image.height, data: rgb(image.data, 4) };
  };
  return (bytes) => {
    if (bytes[0] === 0xff && bytes[1] === 0xd8) return decodeJpeg(bytes);
    if (hasPngSignature(bytes)) return fromPng(bytes);
    throw new Error("neither a JPEG nor a PNG file");
  };
}

/**
 * The first three of `channels` channels, or three times the first where these are grey (1) or grey
 * and alpha (2).
 */
function rgb(data: ArrayLike<number>, channels: number): Uint8Array {
  const out = new Uint8Array(data.length / channels * 3);
  const green = channels < 3 ? 0 : 1;
  const blue = channels < 3 ? 0 : 2;
  for (let from = 0, to = 0; to < out.length; from += channels) {
    out[to++] = data[from];
    out[to++] = data[from + green];
    out[to++] = data[from + blue];
  }
  return out;
}

/** A JPEG of cyan, magenta, yellow and black. */
function fromInk(bytes: Uint8Array): Image {
  const options = { useTArray: true, formatAsRGBA: false, tolerantDecoding: false } as const;
  const { width, height, data } = jpegJs.decode(bytes, options);
  return { width, height, data };
}

/**
 * A decoded PNG. Samples of 1, 2 and 4 bits have one channel, and each row of them begins at a
 * byte.
 */
function fromPng(bytes: Uint8Array): Image {
  const { width, height, depth, channels, data, palette } = decodePng(bytes, { checkCrc: true });
  const row = Math.ceil(width * channels * depth / 8);
  const perByte = 8 / depth;
  const largest = 2 ** depth - 1;
  const sample = (x: number, y: number) =>
    data[y * row + Math.floor(x / perByte)] >> (perByte - 1 - x % perByte) * depth & largest;
  if (palette) {
    const colours = Array.from(
      { length: width * height },
      (_, i) => palette[sample(i % width, Math.floor(i / width))],
    );
    if (!colours.every(Boolean)) throw new Error("a pixel is not in the palette");
    return { width, height, data: Uint8Array.from(colours.flatMap(([r, g, b]) => [r, g, b])) };
  }
  if (depth === 16) return { width, height, data: rgb(data.map((value) => value >> 8), channels) };
  if (depth === 8) return { width, height, data: rgb(data, channels) };
  const grey = Array.from(
    { length: width * height },
    (_, i) => sample(i % width, Math.floor(i / width)) * 255 / largest,
  );
  return { width, height, data: rgb(grey, 1) };
}
