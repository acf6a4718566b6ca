import { foldCase } from '../ascii-case.ts';
import { argumentStringFunctions } from './argument-strings.ts';
import { controlFunctions } from './control.ts';
import type { ClassAdFunction, FunctionTable } from './function.ts';
import { hostFunctions } from './host.ts';
import { listFunctions } from './lists.ts';
import { numberFunctions } from './numbers.ts';
import { patternFunctions } from './patterns.ts';
import { stringListFunctions } from './string-lists.ts';
import { stringFunctions } from './strings.ts';
import { timeFunctions } from './times.ts';
import { typeTests } from './type-tests.ts';
import { unresolvedFunctions } from './unresolved.ts';
import { versionFunctions } from './versions.ts';

const tables: readonly FunctionTable[] = [
  argumentStringFunctions,
  controlFunctions,
  hostFunctions,
  listFunctions,
  numberFunctions,
  patternFunctions,
  stringFunctions,
  stringListFunctions,
  timeFunctions,
  typeTests,
  unresolvedFunctions,
  versionFunctions,
];

const functions: ReadonlyMap<string, ClassAdFunction> = new Map(tables.flatMap((table) => Object.entries(table)));

/** By name, in any case (manual: Predefined Functions). */
export function findFunction(name: string): ClassAdFunction | undefined {
  return functions.get(foldCase(name));
}

/** Every function of the language, in folded case and in order. */
export function functionNames(): string[] {
  return [...functions.keys()].sort();
}
