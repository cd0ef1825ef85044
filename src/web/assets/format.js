// Numbers and times as people write them.

// All digits that the program gave; only the decimal mark and the groups are the language's.
export function number(text, language) {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!match) return text;
  const [, sign, whole, fraction] = match;
  const groups = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole;
  const mark = language === "de" ? "," : ".";
  return (sign ? "\u2212" : "") + groups + (fraction ? mark + fraction : "");
}

const steps = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

// "5 minutes ago", both times as RFC 3339.
export function age(then, now, language) {
  const seconds = Math.max(0, Math.round((Date.parse(now) - Date.parse(then)) / 1000));
  const [unit, length] = steps.find(([name, size]) => seconds >= 2 * size || name === "second");
  return new Intl.RelativeTimeFormat(language).format(-Math.floor(seconds / length), unit);
}

export function moment(time, language) {
  return new Date(time).toLocaleString(language, { dateStyle: "medium", timeStyle: "medium" });
}
