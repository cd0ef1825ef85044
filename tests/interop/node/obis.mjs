// A code, pushed in any of the documented forms, in the one that the client asked for.
const WRITERS = {
  hex: (groups) => {
    const [a, b, c, d, e, f] = groups.map((group) => group.toString(16).padStart(2, "0"));
    return `${a}-${b}:${c}.${d}.${e}*${f}`;
  },
  decimal: ([a, b, c, d, e]) => `${a}-${b}:${c}.${d}.${e}`,
  short: ([, , c, d, e]) => `${c}.${d}.${e}`,
  full: ([a, b, c, d, e, f]) => `${a}-${b}:${c}.${d}.${e}*${f}`,
};

function groupsOf(code) {
  if (/^[0-9a-f]{12}$/i.test(code)) return code.match(/../g).map((group) => parseInt(group, 16));
  const hex = /^(..)-(..):(..)\.(..)\.(..)\*(..)$/.exec(code);
  if (hex && hex.slice(1).every((group) => /^[0-9a-f]{2}$/i.test(group)))
    return hex.slice(1).map((group) => parseInt(group, 16));
  const decimal = /^(?:(\d+)-(\d+):)?(\d+)\.(\d+)\.(\d+)(?:\*(\d+))?$/.exec(code);
  if (!decimal) throw new Error(`no OBIS code: ${code}`);
  const [a = 1, b = 0, c, d, e, f = 255] = decimal.slice(1).map((group) => (group === undefined ? group : Number(group)));
  return [a, b, c, d, e, f];
}

export function inFormat(code, format) {
  return format ? WRITERS[format](groupsOf(code)) : code;
}
