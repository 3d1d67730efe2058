import mozjpeg from "@jsquash/jpeg/codec/dec/mozjpeg_dec.js";
import jpegJs from "jpeg-js";
import { type Image, rgb } from "./rgb_image.ts";
import { compiledOptions } from "./wasm.ts";

/**
 * Makes a decoder of JPEG files: grey, colour and CMYK (ImageNet has a few such files). It throws an
 * Error with the reason if the file is cut off, has 12 bits, or is CMYK without Adobe's marker. As
 * with Pillow, faults that libjpeg repairs are accepted, and so is what follows the image. Where the
 * colours of CMYK have a lower resolution, they are not smoothed as by Pillow.
 */
export async function jpegDecoder(): Promise<(bytes: Uint8Array) => Image> {
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

const PROGRESSIVE = 0xc2;
const END = 0xd9;
const SCAN = 0xda;

/** Whether a file is progressive, and whether it ends before its image does. */
function structureOf(bytes: Uint8Array): { isProgressive: boolean; isCut: boolean } {
  let isProgressive = false;
  let at = 2;
  while (at < bytes.length && bytes[at + 1] !== SCAN) {
    isProgressive ||= bytes[at + 1] === PROGRESSIVE;
    // Before a marker, 0xff may stand more than once.
    at += bytes[at + 1] === 0xff ? 1 : 2 + (bytes[at + 2] << 8 | bytes[at + 3]);
  }
  // In the data of a scan, the two bytes of the end never stand together.
  let end = bytes.indexOf(END, at);
  while (end > 0 && bytes[end - 1] !== 0xff) end = bytes.indexOf(END, end + 1);
  return { isProgressive, isCut: end < 0 };
}

/** The file with an end in place of the zeros that it was filled up with. */
function withEnd(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = bytes.findLastIndex((byte) => byte !== 0) + 1;
  const ended = new Uint8Array(length + 2);
  ended.set(bytes.subarray(0, length));
  ended.set([0xff, END], length);
  return ended;
}

function fromCmyk(bytes: Uint8Array): Image {
  const options = { useTArray: true, formatAsRGBA: false, tolerantDecoding: false } as const;
  const { width, height, data } = jpegJs.decode(bytes, options);
  return { width, height, data };
}
