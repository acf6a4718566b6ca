import type { Value } from '../ast.ts';
import { booleanValue } from '../value.ts';
import { argument, type ClassAdFunction, eager, type FunctionTable } from './function.ts';

function isKind(kind: Value['kind']): ClassAdFunction {
  return eager(1, 1, (args) => booleanValue(argument(args, 0).kind === kind));
}

export const typeTests: FunctionTable = {
  isundefined: isKind('undefined'),
  iserror: isKind('error'),
  isstring: isKind('string'),
  isinteger: isKind('integer'),
  isreal: isKind('real'),
  islist: isKind('list'),
  isclassad: isKind('classad'),
  isboolean: isKind('boolean'),
  isabstime: isKind('absoluteTime'),
  isreltime: isKind('relativeTime'),
};
