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
 * The published package's default schema: the core one with dates, binary data, merge keys, sets
 * and ordered maps.
 */
const schema = CORE_SCHEMA.withTags(timestampTag, mergeTag, binaryTag, omapTag, pairsTag, setTag);

/** How `parse` reads. */
export interface ParseOptions {
  /** Whether the last of several equal keys wins instead of being an error. */
  allowDuplicateKeys?: boolean;
}

/**
 * The value of a text of one YAML document. Throws an error with line and column where it is not
 * YAML.
 */
export function parse(content: string, options: ParseOptions = {}): unknown {
  return load(content, { schema, json: options.allowDuplicateKeys });
}

/** How `stringify` writes. */
export interface StringifyOptions {
  /** Spaces of one level; by default 2. */
  indent?: number;
  /** Characters after which a text is folded; −1 never. By default 80. */
  lineWidth?: number;
  /** Whether keys are sorted. */
  sortKeys?: boolean;
  /**
   * Whether members that YAML can't say (functions, symbols) are left out instead of being an
   * error.
   */
  skipInvalid?: boolean;
}

/** A value as a YAML document. */
export function stringify(data: unknown, options: StringifyOptions = {}): string {
  return dump(data, options);
}
