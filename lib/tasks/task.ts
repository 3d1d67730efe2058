/** Numbers by measure, e.g. `{ top1: 71.2, top5: 92.4 }`. */
export type Score = { readonly [measure: string]: number };

/** A number that an evaluation reports. */
export interface Measure {
  /** Its name in lines and columns, e.g. `top-1`. */
  readonly title: string;
  /** Digits after the decimal point where it is printed. */
  readonly decimals: number;
  /** Whether it is a percentage, 0 … 100. */
  readonly isPercentage: boolean;
  /** Whether less of it is better. Default: false. */
  readonly isLessBetter?: boolean;
  /** Whether it compares a student with its teacher, so that numbers beside other teachers say nothing. Default: false. */
  readonly isToTeacher?: boolean;
}

/** A goal of learning, and how a network is scored at it. A data set has one. */
export interface Task {
  /** Its name, e.g. `classification`. */
  readonly id: string;
  /** Its measures by name, in the order in which they are printed. */
  readonly measures: { readonly [measure: string]: Measure };
  /** The measure, of which more is better, that chooses the best epoch and is compared with other work. */
  readonly primary: string;
}
