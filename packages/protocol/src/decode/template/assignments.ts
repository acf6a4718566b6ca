import { TemplateFault } from './template-fault.ts';

export interface TemplateAssignment {
  readonly variable: string;
  readonly expression: string;
}

const BLANK = /(?:\s|#[^\n]*)*/y;
const VARIABLE = /(?<name>[A-Za-z_]\w*)[ \t]*=[ \t]*/y;
/** OpenNebula's form: in double quotes, with escaped quotes inside; it may span lines. */
const QUOTED = /"(?<inside>(?:[^"\\]|\\.)*)"[ \t]*(?=$|[\r\n#])/suy;
/** GridWay's form: in single quotes, without escapes. */
const SINGLE = /'(?<inside>[^'\n]*)'[ \t]*(?=$|[\r\n#])/uy;
/** GridWay's other form: the rest of the line; a backslash at its end continues it. */
const LINE = /(?<line>(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\\\r?\n|[^"'#\n\\])*)(?=$|[\n#])/uy;

/** Returns the assignments `NAME = expression` of a template, in their order. Throws TemplateFault. */
export function templateAssignments(template: string): readonly TemplateAssignment[] {
  const assignments: TemplateAssignment[] = [];
  let offset = 0;
  const read: Read = (pattern) => {
    pattern.lastIndex = offset;
    const match = pattern.exec(template);
    if (match !== null) offset = pattern.lastIndex;
    return match === null ? undefined : { ...match.groups };
  };
  for (read(BLANK); offset < template.length; read(BLANK)) {
    const variable = read(VARIABLE)?.name;
    if (variable === undefined) throw new TemplateFault('a template has lines such as RANK = FREE_MEM_MB', offset);
    const expression = readValue(template[offset], read);
    if (expression === undefined) throw new TemplateFault(`the quotes of ${variable} do not close its value`, offset);
    assignments.push({ variable: variable.toUpperCase(), expression });
  }
  return assignments;
}

type Read = (pattern: RegExp) => Record<string, string> | undefined;

function readValue(first: string | undefined, read: Read): string | undefined {
  if (first === '"') return unescaped(read(QUOTED)?.inside);
  return first === "'" ? read(SINGLE)?.inside : continued(read(LINE)?.line);
}

const unescaped = (inside: string | undefined) => inside?.replace(/\\(["\\])/g, '$1');
const continued = (line: string | undefined) => line?.replace(/\\\r?\n/g, ' ');
