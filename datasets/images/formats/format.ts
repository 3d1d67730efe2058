/** A format of image files that is read. PPM stands for PGM too. */
export type Format = "JPEG" | "PNG" | "WebP" | "BMP" | "TIFF" | "PPM";

/** The first bytes of each format as text, a dot for any byte, or several such texts. */
const BEGINNINGS: Readonly<Record<Format, readonly string[]>> = {
  JPEG: ["\xff\xd8\xff"],
  PNG: ["\x89PNG\r\n\x1a\n"],
  WebP: ["RIFF....WEBP"],
  BMP: ["BM"],
  TIFF: ["II*\0", "MM\0*"],
  PPM: ["P2", "P3", "P5", "P6"],
};

/** The endings of the files in class folders that are images: torchvision's, .jfif and .jpe. */
export const ENDINGS = /\.(jpe?g|jpe|jfif|png|webp|bmp|tiff?|ppm|pgm)$/i;

/** The bytes at the beginning of a file that tell its format. */
export const HEAD = 16;

/** The format of an image file, by its first `HEAD` bytes. Throws an Error if it has none of them. */
export function formatOf(bytes: Uint8Array): Format {
  if (bytes.length === 0) throw new Error("it is empty");
  const head = String.fromCharCode(...bytes.subarray(0, HEAD));
  const begins = (beginning: string) =>
    [...beginning].every((char, i) => char === "." || char === head[i]);
  const formats = Object.keys(BEGINNINGS) as Format[];
  const format = formats.find((one) => BEGINNINGS[one].some(begins));
  if (format) return format;
  throw new Error(`it begins like none of the formats ${formats.join(", ")}`);
}
