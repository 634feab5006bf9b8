// What could stand in the filter where its last word is being typed. Pure.

export interface Field {
  field: string;
  signs: string[];
  values?: string[];
}

export function offersOf(word: string, fields: Field[]): string[] {
  const sign = /[:<>=!]/.exec(word)?.index ?? -1;
  if (sign < 0) return fields.filter(({ field }) => field.startsWith(word) && field !== word).map(({ field, signs }) => field + (signs.length === 1 ? signs[0] : ""));
  const field = fields.find((one) => one.field === word.slice(0, sign));
  const typed = word.slice(sign + 1).toLowerCase();
  return (field?.values ?? []).filter((value) => value.toLowerCase().startsWith(typed) && value.toLowerCase() !== typed).map((value) => word.slice(0, sign + 1) + (/\s/.test(value) ? `"${value}"` : value));
}
