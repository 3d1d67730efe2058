/** A rule for the sides of a photo that is scaled to fit. */
export type FitRule = "torchvision" | "detectron2";

/** The side limits of a scaled photo. */
export interface SideLimits {
  /** Pixels of the shorter side, unless the longer one would get too long. */
  readonly shorter: number;
  /** The most pixels of the longer side. */
  readonly longer: number;
}

/**
 * Height and width of a photo whose shorter side is scaled to `shorter` pixels, or whose longer one
 * to `longer` if that is less. torchvision rounds down, so that 799 may come out of 800; detectron2
 * rounds half up.
 */
export function fitSize(
  [height, width]: readonly [height: number, width: number],
  limits: SideLimits,
  rule: FitRule,
): readonly [height: number, width: number] {
  const fitted = fitters[rule]([height, width], limits);
  return [Math.max(1, fitted[0]), Math.max(1, fitted[1])];
}

const fitters = {
  torchvision: (
    [height, width]: readonly [number, number],
    { shorter, longer }: SideLimits,
  ): [number, number] => {
    const scale = Math.min(shorter / Math.min(height, width), longer / Math.max(height, width));
    return [Math.floor(height * scale), Math.floor(width * scale)];
  },
  detectron2: (
    [height, width]: readonly [number, number],
    { shorter, longer }: SideLimits,
  ): [number, number] => {
    const scale = shorter / Math.min(height, width);
    const sides = height < width ? [shorter, scale * width] : [scale * height, shorter];
    const largest = Math.max(...sides);
    const shrink = largest > longer ? longer / largest : 1;
    const [rows, columns] = sides.map((side) => Math.floor(side * shrink + 0.5));
    return [rows, columns];
  },
};
