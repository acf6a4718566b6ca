// jest runs every test file in its own vm context, so an error made by Node's core or a
// native addon is not `instanceof` the context's Error (nor a cloned Map its Map). Teach the
// context's constructors to know the outer realm's instances as well.
import vm from 'node:vm';
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
  /**
   * jest makes the context of an object, and each access to a global, such as Math, then goes through interceptors
   * (vm.constants.DONT_CONTEXTIFY in the manual of Node). What computes much takes several times as long.
   */
  constructor(...args) {
    const { createContext } = vm;
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(...args);
    } finally {
      vm.createContext = createContext;
    }
  }

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
