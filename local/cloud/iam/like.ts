const patterns = new Map<string, RegExp>();

/** Whether a text is like a pattern of IAM: `*` stands for any characters, `?` for one. */
export function like(pattern: string, text: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === text;
  const known = patterns.get(pattern) ?? compile(pattern);
  patterns.set(pattern, known);
  return known.test(text);
}

const compile = (pattern: string) => {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
};
