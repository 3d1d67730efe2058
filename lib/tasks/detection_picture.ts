import jpeg from "jpeg-js";
import { round } from "../values/numbers.ts";
import type { CocoDetection } from "./coco_matching.ts";

/** An object to draw, in pixels of the photo. */
export interface Mark {
  readonly bbox: CocoDetection["bbox"];
  /** Its class's number, which gives its colour. */
  readonly class: number;
  readonly text: string;
  /** Whether its lines are dashed. */
  readonly isDashed: boolean;
}

/** One half of a picture: the photo with marks. */
export interface Half {
  readonly title: string;
  readonly note: string;
  /** From the lowest to the topmost one. */
  readonly marks: readonly Mark[];
}

/** A photo as it was read, perhaps scaled. */
export interface Photo {
  /** The image's name. */
  readonly name: string;
  /** Width and height of the photo. */
  readonly width: number;
  readonly height: number;
  /** It as a JPEG, in base64. */
  readonly jpeg: string;
}

/** Pixels of a half's longer side. */
const SIDE = 640;
/** The least width of a half, so that its heading has room. */
const NARROW = 480;
const GAP = 16;
const HEADING = 36;
/** Pixels of a mark's text. */
const FONT = 11;
/** The advance of a character of a monospaced font. `textLength` makes any other font fit. */
const ADVANCE = 0.6 * FONT;
const TAG = FONT + 5;
const PAD = 4;

/** Encodes the left upper part of an RGB image, whose rows have `stride` pixels, as JPEG in base64. */
export function jpegOf(
  pixels: ArrayLike<number>,
  stride: number,
  [height, width]: readonly [height: number, width: number],
): string {
  const data = new Uint8Array(4 * height * width).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        data[4 * (y * width + x) + c] = pixels[3 * (y * stride + x) + c];
      }
    }
  }
  return jpeg.encode({ data, width, height }, 90).data.toString("base64");
}

/** Draws a photo twice, side by side, each time with the marks of a half: an SVG file. */
export function detectionPicture(photo: Photo, halves: readonly [Half, Half]): string {
  const scale = SIDE / Math.max(photo.width, photo.height);
  const [width, height] = [photo.width * scale, photo.height * scale].map((side) => round(side, 1));
  const step = Math.max(width, NARROW) + GAP;
  const [right, bottom] = [2 * step + GAP, HEADING + height + GAP];
  const drawn = halves.map(({ title, note, marks }, i) => {
    const left = GAP + i * step;
    return `
<g transform="translate(${left} 0)">
<text y="24" font-size="16" font-weight="600" fill="#111">${
      escapeXml(title)
    }<tspan dx="10" font-size="13" font-weight="400" fill="#666">${escapeXml(note)}</tspan></text>
<svg y="${HEADING}" width="${width}" height="${height}">
<use href="#photo"/>
${marks.map((mark) => box(mark, scale)).join("\n")}
<g font-family="Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${FONT}" fill="#fff">
${marks.map((mark) => tag(mark, scale, width)).join("\n")}
</g>
</svg>
</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${right}" height="${bottom}" viewBox="0 0 ${right} ${bottom}" font-family="system-ui, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif">
<title>${escapeXml(photo.name)}</title>
<defs><image id="photo" width="${width}" height="${height}" preserveAspectRatio="none" href="data:image/jpeg;base64,${photo.jpeg}"/></defs>
<rect width="100%" height="100%" fill="#fff"/>${drawn.join("")}
</svg>
`;
}

/** The box of a mark, on a light casing that sets it off from dark photos. */
function box({ bbox, class: number, isDashed }: Mark, scale: number): string {
  const [x, y, width, height] = bbox.map((value) => round(value * scale, 1));
  const rect = `x="${x}" y="${y}" width="${width}" height="${height}" rx="2" fill="none"`;
  const dashes = isDashed ? ' stroke-dasharray="6 4"' : "";
  return `<rect ${rect} stroke="#fff" stroke-opacity=".65" stroke-width="4"/>` +
    `<rect ${rect} stroke="${colour(number)}" stroke-width="2"${dashes}/>`;
}

/** The text of a mark on its colour, above the box or, at the upper edge, in it. */
function tag({ bbox, class: number, text }: Mark, scale: number, right: number): string {
  const length = ADVANCE * [...text].length;
  const width = length + 2 * PAD;
  const x = round(Math.max(0, Math.min(bbox[0] * scale - 1, right - width)), 1);
  const top = round(bbox[1] * scale, 1);
  const y = round(top >= TAG ? top - TAG : Math.max(top, 0), 1);
  return `<rect x="${x}" y="${y}" width="${round(width, 1)}" height="${TAG}" rx="2" fill="${
    colour(number)
  }" fill-opacity=".85"/><text x="${round(x + PAD, 1)}" y="${round(y + FONT, 1)}" textLength="${
    round(length, 1)
  }" lengthAdjust="spacingAndGlyphs">${escapeXml(text)}</text>`;
}

/** Colours of neighbouring classes are far apart: by the golden angle. */
function colour(number: number): string {
  return `hsl(${round(number * 137.508 % 360, 0)}, 85%, 36%)`;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
