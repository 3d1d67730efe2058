import mozjpeg from "@jsquash/jpeg/codec/dec/mozjpeg_dec.js";
import jpegJs from "jpeg-js";
import type { ImagePart } from "../../../lib/tensorflow/jpeg_decoder.ts";
import type { ByteImage } from "../../../lib/data/bytes/byte_image.ts";
import { type LazyImage, rgb } from "./rgb_image.ts";
import { compiledOptions } from "./wasm.ts";

/**
 * Makes a decoder of JPEG files: grey, colour and CMYK (ImageNet has a few such files). It throws an
 * Error with the reason if the file is cut off, has 12 bits, or is CMYK without Adobe's marker. As
 * with Pillow, faults that libjpeg repairs are accepted, and so is what follows the image. Where the
 * colours of CMYK have a lower resolution, they are not smoothed as by Pillow.
 */
export async function jpegDecoder(): Promise<(bytes: Uint8Array) => ByteImage> {
  let message = "";
  // The package's own `decode` is asynchronous, and would report a message for the wrong image.
  const jpeg = await mozjpeg({
    ...compiledOptions(import.meta.resolve("@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm")),
    printErr: (line: string) => message = line,
  });
  return (bytes) => {
    const { isProgressive, isCut } = structureOf(bytes);
    message = "";
    let image: ImageData | null = null;
    try {
      image = jpeg.decode(isCut ? withEnd(bytes) : bytes as Uint8Array<ArrayBuffer>, false);
    } catch {
      // libjpeg fails by exit(), after it printed the reason.
    }
    // libjpeg does not convert CMYK. The other decoder does, but is slower.
    if (/unsupported color conversion/i.test(message)) return fromCmyk(bytes);
    if (!image) throw new Error(message || "no JPEG can be decoded");
    // With an end put in place, any message may be about pixels that are missing before it. A
    // progressive file may lack whole scans, without a message.
    if (isCut && (isProgressive || message)) throw new Error("it is cut off");
    // Each decoder has its own way to make up for missing scans.
    if (isProgressive && /premature/i.test(message)) throw new Error(message);
    return { width: image.width, height: image.height, data: rgb(image.data, 4) };
  };
}

/**
 * A file whose parts `decodePart` decodes, and all of it `decode` where that fails. `undefined`
 * unless it is whole and of the most usual kind: baseline, grey or of three colours. Of all others
 * `jpegDecoder` knows what is wrong with them.
 */
export function partialJpeg(
  bytes: Uint8Array,
  decodePart: (bytes: Uint8Array, part: ImagePart) => Uint8Array,
  decode: (bytes: Uint8Array) => ByteImage,
): LazyImage | undefined {
  const { frame, isCut } = structureOf(bytes);
  if (isCut || !frame) return undefined;
  const { width, height } = frame;
  return {
    width,
    height,
    part(part) {
      const wider = widen(part, frame);
      try {
        return { ...wider, data: decodePart(bytes, wider) };
      } catch {
        // Repaired or refused, with its reason.
        return { left: 0, top: 0, ...decode(bytes) };
      }
    },
  };
}

/** A part and a pixel around it, on which those at its edges depend where colours are smoothed. */
function widen(part: ImagePart, { width, height }: Frame): ImagePart {
  const left = Math.max(part.left - 1, 0);
  const top = Math.max(part.top - 1, 0);
  return {
    left,
    top,
    width: Math.min(part.left + part.width + 1, width) - left,
    height: Math.min(part.top + part.height + 1, height) - top,
  };
}

const BASELINE = 0xc0;
const PROGRESSIVE = 0xc2;
const END = 0xd9;
const SCAN = 0xda;

/** The sides of an image in pixels. */
type Frame = Pick<ByteImage, "width" | "height">;

interface Structure {
  readonly isProgressive: boolean;
  /** Whether the file ends before its image does. */
  readonly isCut: boolean;
  /** The image's sides if it is baseline, with 8 bits, and grey or of three colours. */
  readonly frame?: Frame;
}

function structureOf(bytes: Uint8Array): Structure {
  let isProgressive = false;
  let frame: Frame | undefined;
  let at = 2;
  while (at < bytes.length) {
    const [lead, marker] = [bytes[at], bytes[at + 1]];
    // Before a marker, 0xff may stand more than once, and libjpeg skips what is none.
    if (lead !== 0xff || marker === 0xff || marker === 0) {
      at++;
      continue;
    }
    if (marker === SCAN) break;
    isProgressive ||= marker === PROGRESSIVE;
    if (marker === BASELINE) frame = frameOf(bytes.subarray(at + 4, at + 10));
    at += 2 + (bytes[at + 2] << 8 | bytes[at + 3]);
  }
  // In the data of a scan, the two bytes of the end never stand together.
  let end = bytes.indexOf(END, at);
  while (end > 0 && bytes[end - 1] !== 0xff) end = bytes.indexOf(END, end + 1);
  return { isProgressive, isCut: end < 0, frame };
}

/** The frame of a baseline image: bits, height, width and the number of colours, then others. */
function frameOf([bits, ...rest]: Uint8Array): Frame | undefined {
  const [height, width] = [rest[0] << 8 | rest[1], rest[2] << 8 | rest[3]];
  const isUsual = bits === 8 && width > 0 && height > 0 && (rest[4] === 1 || rest[4] === 3);
  return isUsual ? { width, height } : undefined;
}

/** The file with an end in place of the zeros that it was filled up with. */
function withEnd(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = bytes.findLastIndex((byte) => byte !== 0) + 1;
  const ended = new Uint8Array(length + 2);
  ended.set(bytes.subarray(0, length));
  ended.set([0xff, END], length);
  return ended;
}

function fromCmyk(bytes: Uint8Array): ByteImage {
  const options = {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    // With the default an image may have 22 megapixels, fewer than `maxResolutionInMP` allows.
    maxMemoryUsageInMB: 4096,
  } as const;
  const { width, height, data } = jpegJs.decode(bytes, options);
  return { width, height, data };
}
