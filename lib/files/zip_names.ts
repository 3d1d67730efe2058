import { crc32 } from "node:zlib";

/** The name of an entry of a zip, as it is stored. */
export interface StoredName {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether the zip says that it is UTF-8. */
  readonly isUtf8: boolean;
  /** Whether it was packed on DOS or Windows. */
  readonly isDos: boolean;
  /** The content of the extra field with its name in UTF-8, if there is one. */
  readonly unicodePath?: Uint8Array<ArrayBuffer>;
}

/** The names of a zip's entries. */
export interface ZipNames {
  readonly names: readonly string[];
  /** The first name that was read as code page 437. `undefined` if there is none. */
  readonly guessed?: string;
}

/**
 * Decodes names as unzip and Python do: UTF-8 where the zip says so, where an extra field has it, or
 * where all others are; else all others are code page 437, by APPNOTE's appendix D. Each byte has a
 * letter of its own there, so that two names never become one. A name of DOS has folders by `\` if
 * it has none by `/`. Throws an Error with the reason if a name is not UTF-8 although the zip says
 * so, or if it is in another encoding in which a byte may be half a letter or a `\`.
 */
export function decodeNames(stored: readonly StoredName[]): ZipNames {
  const sure = stored.map((name) => name.isUtf8 ? flagged(name) : unicodePath(name));
  const isUtf8 = stored.every((name, i) => sure[i] !== undefined || utf8(name.bytes) !== undefined);
  let guessed: string | undefined;
  const names = stored.map((name, i) => {
    const known = sure[i] ?? (isUtf8 ? utf8(name.bytes) : undefined);
    if (known !== undefined) return pathOf(known, name.isDos);
    const decoded = codePage437(name.bytes);
    if (utf8(name.bytes) === decoded) return pathOf(decoded, name.isDos);
    if (decoded.includes("\\")) {
      throw new Error(
        `the name ${
          JSON.stringify(decoded)
        } in it is in an unknown encoding: pack it again with names in UTF-8`,
      );
    }
    guessed ??= decoded;
    return pathOf(decoded, name.isDos);
  });
  return { names, guessed };
}

/** The text of bytes that are UTF-8. `undefined` for others. */
function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function flagged({ bytes }: StoredName): string {
  const name = utf8(bytes);
  if (name !== undefined) return name;
  throw new Error(
    `the name ${
      JSON.stringify(codePage437(bytes))
    } in it is marked as UTF-8 and is not: pack it again`,
  );
}

/** The name in Info-ZIP's extra field 0x7075: a version, the CRC-32 of the stored name, UTF-8. */
function unicodePath({ bytes, unicodePath }: StoredName): string | undefined {
  if (!unicodePath || unicodePath.length < 5 || unicodePath[0] !== 1) return undefined;
  const isOfThisName = new DataView(unicodePath.buffer).getUint32(1, true) === crc32(bytes);
  return isOfThisName ? utf8(unicodePath.subarray(5)) : undefined;
}

/** The path that a name stands for, without `./` before it. */
const pathOf = (name: string, isDos: boolean): string =>
  (isDos && !name.includes("/") ? name.replaceAll("\\", "/") : name).replace(/^(\.\/)+(?=.)/, "");

/** The letters of the bytes from 0x80 on. */
const UPPER_437 = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐" +
  "└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

const codePage437 = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte < 0x80 ? String.fromCharCode(byte) : UPPER_437[byte - 0x80])
    .join("");
