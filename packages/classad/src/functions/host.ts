import type { Value } from '../ast.ts';
import { errorValue, undefinedValue } from '../value.ts';
import { argument, eager, type FunctionTable } from './function.ts';

/** HTCondor gives the default, or else undefined, when CLASSAD_ENABLE_USER_HOME is off; so do we. */
function userHome(args: readonly Value[]): Value {
  const [user, otherwise] = [argument(args, 0), argument(args, 1)];
  if (otherwise.kind === 'string' && otherwise.value !== '') {
    return otherwise;
  }
  return user.kind === 'string' || user.kind === 'undefined' ? undefinedValue : errorValue('userHome takes a string');
}

/** There are no maps here, so nobody is in one: the default group, or else undefined. */
function userMap(args: readonly Value[]): Value {
  const [map, user] = [argument(args, 0), argument(args, 1)];
  if (map.kind === 'error' || user.kind === 'error') {
    return errorValue('userMap takes strings');
  }
  return argument(args, 3);
}

/** Functions that ask the host. A pure evaluation has no host. */
export const hostFunctions: FunctionTable = {
  userhome: eager(1, 2, userHome),
  usermap: eager(2, 4, userMap),
};
