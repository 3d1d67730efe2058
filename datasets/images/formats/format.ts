/** A format of image files that is read. PPM stands for PGM too. */
export type Format = "JPEG" | "PNG" | "WebP" | "BMP" | "TIFF" | "PPM";

/** How a file of each format begins, as Latin-1 text. */
const BEGINNINGS: Readonly<Record<Format, RegExp>> = {
  JPEG: /^\xff\xd8\xff/,
  PNG: /^\x89PNG\r\n\x1a\n/,
  WebP: /^RIFF[^]{4}WEBP/,
  BMP: /^BM/,
  TIFF: /^(II\*\0|MM\0\*)/,
  PPM: /^P[2356]\s/,
};

/** The endings of the files in class folders that are images: torchvision's, .jfif and .jpe. */
export const ENDINGS = /\.(jpe?g|jpe|jfif|png|webp|bmp|tiff?|ppm|pgm)$/i;

/** The bytes at the beginning of a file that tell its format. */
export const HEAD = 16;

/** The format of an image file, by its first `HEAD` bytes. Throws an Error if it has none of them. */
export function formatOf(bytes: Uint8Array): Format {
  const head = String.fromCharCode(...bytes.subarray(0, HEAD));
  const format = (Object.keys(BEGINNINGS) as Format[]).find((one) => BEGINNINGS[one].test(head));
  if (format) return format;
  throw new Error(
    head === ""
      ? "it is empty"
      : `it begins like none of the formats ${Object.keys(BEGINNINGS).join(", ")}`,
  );
}
