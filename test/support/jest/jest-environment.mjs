// jest runs every test file in its own vm context, so an error made by Node's core or a
// native addon is not `instanceof` the context's Error (nor a cloned Map its Map). Teach the
// context's constructors to know the outer realm's instances as well.
import { TestEnvironment } from 'jest-environment-node';

const SHARED_CONSTRUCTORS = [
  'Error',
  'TypeError',
  'RangeError',
  'SyntaxError',
  'AggregateError',
  'Map',
  'Set',
  'Date',
  'RegExp',
  'Promise',
  'Array',
  'Object',
];
const ordinaryHasInstance = Function.prototype[Symbol.hasInstance];

export default class TwoRealmEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    for (const name of SHARED_CONSTRUCTORS) {
      const inner = this.global[name];
      const outer = globalThis[name];
      Object.defineProperty(inner, Symbol.hasInstance, {
        configurable: true,
        value(candidate) {
          return (
            ordinaryHasInstance.call(this, candidate) || (this === inner && ordinaryHasInstance.call(outer, candidate))
          );
        },
      });
    }
  }
}
