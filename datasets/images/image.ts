import mozjpeg from "@jsquash/jpeg/codec/dec/mozjpeg_dec.js";
import { decode as decodePng, hasPngSignature } from "fast-png";
import jpegJs from "jpeg-js";

/** An RGB image of 8 bits per channel, row by row from the top. */
export interface Image {
  readonly width: number;
  readonly height: number;
  /** height × width × 3 bytes. */
  readonly data: Uint8Array;
}

/**
 * Makes a function that decodes JPEG and PNG files, whatever their names. Grey becomes three equal
 * channels, a palette its colours, CMYK (ImageNet has a few such files) RGB, and 16 bits their
 * upper 8. Transparency is dropped and the EXIF orientation is ignored, as by Pillow's
 * `convert("RGB")`. The function throws an Error with the reason if the file is neither a JPEG nor
 * a PNG, is damaged or ends early. Faults that libjpeg repairs with a warning are accepted.
 */
export async function imageDecoder(): Promise<(bytes: Uint8Array) => Image> {
  let message = "";
  // The package's own `decode` is asynchronous, and would report a message for the wrong image.
  const jpeg = await mozjpeg({ noInitialRun: true, printErr: (line: string) => message = line });
  const decodeJpeg = (bytes: Uint8Array): Image => {
    message = "";
    let image: ImageData | null = null;
    try {
      image = jpeg.decode(bytes as Uint8Array<ArrayBuffer>, false);
    } catch {
      // libjpeg fails by exit(), after it printed the reason.
    }
    // libjpeg does not convert CMYK. The other decoder does, but is slower.
    if (/unsupported color conversion/i.test(message)) return fromCmyk(bytes);
    if (!image || /premature end/i.test(message)) {
      throw new Error(message || "no JPEG can be decoded");
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
 * The first three of `channels` channels, or three times the first one if the image is grey (1) or
 * grey with alpha (2).
 */
function rgb(data: ArrayLike<number>, channels: number): Uint8Array {
  const out = new Uint8Array(data.length / channels * 3);
  const green = channels < 3 ? 0 : 1;
  const blue = channels < 3 ? 0 : 2;
  let to = 0;
  for (let from = 0; to < out.length; from += channels) {
    out[to++] = data[from];
    out[to++] = data[from + green];
    out[to++] = data[from + blue];
  }
  return out;
}

function fromCmyk(bytes: Uint8Array): Image {
  const options = { useTArray: true, formatAsRGBA: false, tolerantDecoding: false } as const;
  const { width, height, data } = jpegJs.decode(bytes, options);
  return { width, height, data };
}

/**
 * Decodes a PNG. Images with samples of 1, 2 or 4 bits have one channel, and each of their rows
 * starts at a new byte.
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
