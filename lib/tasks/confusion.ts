/** The confusion matrix of a classifier, with its hits. */
export class Confusion {
  /** The number of images of a class (row) that were taken for a class (column). */
  readonly matrix: readonly number[][];
  images = 0;
  /** The number of images whose class came first. */
  top1 = 0;
  /** The number of images whose class was among the first five. */
  top5 = 0;

  constructor(classes: number) {
    this.matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  }

  /**
   * Counts a batch by its scores, [batch, classes], and the class of each image. As in training, the
   * first of equal scores is ahead, and a score that is not finite counts against the network: the
   * image then counts as another class than its own.
   */
  add(logits: Float32Array, labels: Int32Array): void {
    const classes = this.matrix.length;
    labels.forEach((label, i) => {
      const scores = logits.subarray(i * classes, (i + 1) * classes);
      const own = scores.every(Number.isFinite) ? scores[label] : NaN;
      let ahead = 0;
      let rival = -1;
      scores.forEach((score, other) => {
        if (other === label) return;
        // Nothing is less than NaN, or equal to it.
        const isBehind = score < own || score === own && other > label;
        if (!isBehind) ahead++;
        if (rival < 0 || score > scores[rival]) rival = other;
      });
      this.images++;
      if (ahead === 0) this.top1++;
      if (ahead < 5) this.top5++;
      this.matrix[label][ahead === 0 ? label : rival]++;
    });
  }

  /** The number of images of each class and the percentage recognised. `null` if it has none. */
  perClass(): { readonly images: number; readonly top1: number | null }[] {
    return this.matrix.map((row, label) => {
      const images = row.reduce((a, b) => a + b);
      return { images, top1: images === 0 ? null : 100 * row[label] / images };
    });
  }
}

/** A class that was taken for another one, and how many images of it. */
export interface Confused {
  readonly label: number;
  readonly taken: number;
  readonly images: number;
}

/** The most frequent confusions of a matrix like `Confusion.matrix`, at most so many. */
export function mostConfused(matrix: readonly (readonly number[])[], most: number): Confused[] {
  const all = matrix.flatMap((row, label) =>
    row.map((images, taken): Confused => ({ label, taken, images }))
  );
  return all.filter(({ label, taken, images }) => label !== taken && images > 0)
    .sort((a, b) => b.images - a.images).slice(0, most);
}
