import { colourScale, pngAddress } from "../figures/pixels.ts";
import { mostConfused } from "../tasks/confusion.ts";
import { type Html, html } from "../values/html.ts";
import type { Mistakes, ReportedRun } from "./report.ts";

/** The most classes of a matrix whose numbers are printed. */
const PRINTED = 20;

/** The steps of colour in a printed matrix. */
const SHADES = 9;

/** The confusions that are listed. */
const LISTED = 10;

/** The most characters of all pictures of wrong images: many runs show fewer of each. */
const PICTURES = 800_000;

/** What each run takes for what. `undefined` if no run was examined. */
export function mistakesSection(runs: readonly ReportedRun[]): Html | undefined {
  const found = runs.flatMap(({ label, mistakes }) => mistakes ? [{ label, mistakes }] : []);
  if (found.length === 0) return undefined;
  const images = fittingImages(found.map(({ mistakes }) => mistakes));
  return html`${
    found.map(({ label, mistakes }, i) =>
      html`
        <details${i === 0
          ? html`
            open
          `
          : undefined}><summary>${label}</summary>
        <div class="columns">
        ${mistakes.classes.length > PRINTED
          ? paintedMatrix(mistakes, label)
          : printedMatrix(mistakes, label)}
        ${confusions(mistakes)}
        </div>
        ${worstImages(mistakes, images)}</details>
      `
    )
  }`;
}

/** The number of images that each run can show. */
function fittingImages(found: readonly Mistakes[]): number {
  const most = Math.max(...found.map(({ worst }) => worst.length));
  const length = (images: number) =>
    found.flatMap(({ worst }) => worst.slice(0, images))
      .reduce((sum, { picture }) => sum + picture.length, 0);
  return Array.from({ length: most }, (_, i) => most - i)
    .find((images) => length(images) <= PICTURES) ?? 0;
}

/**
 * The shade of each count in a row, 0 … 1: the square root of its share, so that the few mistakes of a
 * good classifier can be told apart.
 */
function shades(row: readonly number[]): number[] {
  const all = row.reduce((a, b) => a + b, 0);
  return row.map((count) => all === 0 ? 0 : Math.sqrt(count / all));
}

function printedMatrix({ classes, matrix }: Mistakes, label: string): Html {
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix of ${label}">
      <table class="matrix">
        <caption>Confusion matrix: a row is a class, a column what it was taken for</caption>
        <thead>
          <tr><td></td>${classes.map((name) =>
            html`<th scope="col"><span>${name}</span></th>`
          )}</tr>
        </thead>
        <tbody>${matrix.map((row, i) =>
          html`
            <tr><th scope="row">${classes[i]}</th>${shades(row).map((shade, j) =>
              html`<td class="shade-${Math.ceil(SHADES * shade)}">${row[j]}</td>`
            )}</tr>
          `
        )}</tbody>
      </table>
    </div>
  `;
}

/** The most pixels along a side of a painted matrix. */
const PIXELS = 200;

/** A matrix of many classes as a picture: a pixel for each pair of classes, or of a few in a row. */
function paintedMatrix({ matrix }: Mistakes, label: string): Html {
  const scale = colourScale("purplebluegreen");
  const together = Math.ceil(matrix.length / PIXELS);
  const sums = sumBlocks(matrix, together);
  const picture = pngAddress(sums.flatMap((row) => shades(row).map(scale)), sums.length);
  const size = together > 1 ? `, ${together} to a pixel` : "";
  return html`
    <figure class="painted">
      <img src="${picture}" alt="Confusion matrix of ${label}, ${matrix.length} classes">
      <figcaption>
        Confusion matrix: a row is a class${size}, a column what it was taken for, the darker the more
        often (square root of the share)
      </figcaption>
    </figure>
  `;
}

/** Adds up the counts of so many classes in a row, in both directions. */
function sumBlocks(matrix: Mistakes["matrix"], together: number): number[][] {
  const side = Math.ceil(matrix.length / together);
  const sums = Array.from({ length: side }, () => new Array<number>(side).fill(0));
  matrix.forEach((row, i) =>
    row.forEach((count, j) => sums[Math.floor(i / together)][Math.floor(j / together)] += count)
  );
  return sums;
}

function confusions({ classes, matrix }: Mistakes): Html {
  const pairs = mostConfused(matrix, LISTED);
  return html`
    <table class="confusions">
      <caption>Most frequent confusions</caption>
      <thead>
        <tr>
          <th scope="col">class</th>
          <th scope="col">taken for</th>
          <th scope="col" class="number">images</th>
        </tr>
      </thead>
      <tbody>${pairs.map(({ label, taken, images }) =>
        html`
          <tr>
            <td>${classes[label]}</td>
            <td>${classes[taken]}</td>
            <td class="number">${images}</td>
          </tr>
        `
      )}</tbody>
    </table>
  `;
}

function worstImages({ classes, worst }: Mistakes, images: number): Html | undefined {
  const shown = worst.slice(0, images);
  if (shown.length === 0) return undefined;
  return html`<h3>Surest and wrong</h3>
<ul class="images">${
    shown.map(({ index, label, taken, probability, picture }) =>
      html`
        <li>
          <figure><img src="${picture}" alt="test image ${index}"><figcaption>${classes[
            label
          ]}, taken for ${classes[taken]} (${(100 * probability).toFixed(
            0,
          )} %)</figcaption></figure>
        </li>
      `
    )
  }</ul>`;
}
