/** A key that some object of a valid JSON text has twice, which `JSON.parse` overlooks. */
export function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (let i = 0; i < json.length; i++) {
    if (json[i] === "{") open.push(new Set());
    else if (json[i] === "}") open.pop();
    else if (json[i] === '"') {
      const start = i++;
      for (; json[i] !== '"'; i++) if (json[i] === "\\") i++;
      let after = i + 1;
      while (/\s/.test(json[after])) after++;
      if (json[after] !== ":") continue;
      const key = JSON.parse(json.slice(start, i + 1)), keys = open.at(-1)!;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
}
