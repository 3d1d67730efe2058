/**
 * The functions of JSR's `@std/yaml` that this project uses, over `npm:js-yaml`.
 *
 * @module
 */
import {
  binaryTag,
  CORE_SCHEMA,
  dump,
  load,
  mergeTag,
  omapTag,
  pairsTag,
  setTag,
  timestampTag,
} from "js-yaml";

/**
 * Default schema of the published package: the core one with dates, binary data, merge keys, sets
 * and ordered maps.
 */
const schema = CORE_SCHEMA.withTags(timestampTag, mergeTag, binaryTag, omapTag, pairsTag, setTag);

/** Options of `parse`. */
export interface ParseOptions {
  /** Whether the last of several equal keys wins. Otherwise, equal keys are an error. */
  allowDuplicateKeys?: boolean;
}

/** Parses a text of one YAML document. Throws an error with line and column if it is not YAML. */
export function parse(content: string, options: ParseOptions = {}): unknown {
  return load(content, { schema, json: options.allowDuplicateKeys });
}

/** Options of `stringify`. */
export interface StringifyOptions {
  /** Spaces per level. Default: 2. */
  indent?: number;
  /** Characters after which a text is folded, −1 for no folding. Default: 80. */
  lineWidth?: number;
  /** Whether keys are sorted. */
  sortKeys?: boolean;
  /**
   * Whether to omit members that YAML cannot represent (functions, symbols). Otherwise, they are an
   * error.
   */
  skipInvalid?: boolean;
}

/** Writes a value as a YAML document. */
export function stringify(data: unknown, options: StringifyOptions = {}): string {
  return dump(data, options);
}
