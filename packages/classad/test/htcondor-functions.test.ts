import { describe, test } from '@jest/globals';
import { expectSame } from './same-value.ts';

/** Facts of HTCondor's test_classad_funcs.cpp and test_classad_version_comparison.py, and the manual's examples. */
const lists = `l3 = {"aa","bb","cc"}
sl3 = "aa bb cc"
sl3c = "cc,bb,aa"
sl3ce = "cc,bb,aa,,"
sl3ws = "cc, BB, , aa"
A = "aa"
B = "BB"
com = ","
sp = " "
empty = ""
`;

describe('functions on strings and lists agree with HTCondor', () => {
  test('join', () => {
    expectSame(lists, [
      ['join()', '""'],
      ['join(0,1,2,3)', '"10203"'],
      ['join(A)', '""'],
      ['join(B,A)', '"aa"'],
      ['join(B,A,A)', '"aaBBaa"'],
      ['join(l3)', '"aabbcc"'],
      ['join(undefined)', 'undefined'],
      ['join(UN,A)', '"aa"'],
      ['join(A,UN)', 'undefined'],
      ['join(a,UN,b)', '"BB"'],
      ['join(a,UN,b,B)', '"BBaaBB"'],
      ['join(", ", "a", "b", "c")', '"a, b, c"'],
      ['join(";", split("a b c"))', '"a;b;c"'],
    ]);
  });

  test('stringListMember and stringListIMember', () => {
    expectSame(lists, [
      ['stringListMember(a,sl3)', 'true'],
      ['stringListMember(B,sl3)', 'false'],
      ['stringListIMember(B,sl3)', 'true'],
      ['stringListMember(B,sl3ws,com)', 'true'],
      ['stringListMember(sp,sl3ws,com)', 'false'],
      ['stringListMember(empty,sl3ws,com)', 'false'],
      ['stringListMember()', 'error'],
      ['stringListMember(a,l3)', 'error'],
      ['stringListMember(a,b,A,B)', 'error'],
      ['stringListMember("",sl3ce)', 'false'],
      ['stringListMember(un,sl3c)', 'false'],
      ['stringListMember(un,un)', 'undefined'],
      ['stringListMember(un,empty)', 'false'],
    ]);
  });

  test('stringListSubsetMatch and stringListISubsetMatch', () => {
    expectSame(lists, [
      ['stringListSubsetMatch(a,sl3c)', 'true'],
      ['stringListSubsetMatch(B,sl3)', 'false'],
      ['stringListISubsetMatch(B,sl3)', 'true'],
      ['stringListSubsetMatch(sp,sl3ws,com)', 'true'],
      ['stringListSubsetMatch(empty,sl3ws,com)', 'true'],
      ['stringListSubsetMatch(UN,sl3ws,com)', 'true'],
      ['stringListSubsetMatch(B,UN)', 'false'],
      ['stringListSubsetMatch(un,un)', 'undefined'],
      ['stringListSubsetMatch(empty,un)', 'true'],
      ['stringListSubsetMatch(b,toUpper(join(com,l3)))', 'true'],
      ['stringListSubsetMatch(a,l3)', 'error'],
    ]);
  });

  test('summaries of string lists', () => {
    expectSame('', [
      ['stringListSize("a, b,,c")', '3'],
      ['stringListSum("1,2,3")', '6'],
      ['stringListSum("1,2.5")', '3.5'],
      ['stringListSum("1,x")', 'error'],
      ['stringListSum("")', '0.0'],
      ['stringListAvg("1,2")', '1.5'],
      ['stringListMin("3,1,2")', '1'],
      ['stringListMax("-3,-1.5")', '-1.5'],
      ['stringListMin("")', 'undefined'],
      ['stringList_regexpMember("^b+$", "a bb c")', 'true'],
      ['stringList_regexpMember("^B+$", "a bb c", " ", "i")', 'true'],
    ]);
  });

  test('split and its kin', () => {
    expectSame('', [
      ['split("foo, bar ,baz")', '{"foo", "bar", "", "baz"}'],
      ['split("foo,,bar")', '{"foo", "", "bar"}'],
      ['split("a:b", ":")', '{"a", "b"}'],
      ['splitUserName("user@domain")', '{"user", "domain"}'],
      ['splitUserName("username")', '{"username", ""}'],
      ['splitSlotName("slot1@machine")', '{"slot1", "machine"}'],
      ['splitSlotName("machine")', '{"", "machine"}'],
    ]);
  });

  test('version comparisons, in the order the manual gives', () => {
    const ordered = ['000', '00', '01', '010', '09', '0', '1', '9', '10'];
    expectSame(
      '',
      ordered.slice(1).map((version, index) => [`versionLT("${ordered[index]}", "${version}")`, 'true'] as const),
    );
    expectSame('', [
      ['versionLT("7", "7.0")', 'true'],
      ['versionEQ("7.0", "7.0.0")', 'false'],
      ['versionGE("8.1.1", "7.10")', 'true'],
      ['versionLE("7.9", "7.10")', 'true'],
      ['versioncmp("7.x", "7.y") < 0', 'true'],
      ['version_in_range("7.5", "7.0", "8.0")', 'true'],
      ['version_in_range("8.5", "7.0", "8.0")', 'false'],
    ]);
  });

  test('quantize and pow', () => {
    expectSame('', [
      ['quantize(3, 8)', '8'],
      ['quantize(3, 2)', '4'],
      ['quantize(0, 4)', '0'],
      ['quantize(1.5, 6.8)', '6.8'],
      ['quantize(10, 5.1)', '10.2'],
      ['quantize(0, {4})', '4'],
      ['quantize(2, {1, 2, "A"})', '2'],
      ['quantize(3, {1, 2, 0.5})', '3.0'],
      ['quantize(2.7, {1, 2, 0.5})', '3.0'],
      ['quantize(3, {1, 2, "A"})', 'error'],
      ['pow(2, 10)', '1024'],
      ['pow(-2, 3)', '-8'],
      ['pow(0, 0)', '1'],
      ['pow(2, -1)', '0.5'],
      ['pow(2, 64)', 'error'],
    ]);
  });

  test('evalInEachContext and countMatches', () => {
    const ad = '[ wanted = Prio > 2; ads = { [Prio = 3], [Prio = 1] } ]';
    expectSame(ad, [
      ['evalInEachContext(Prio > 2, { [Prio=3;], [Prio=1;] })', '{true, false}'],
      ['evalInEachContext(Prio, ads)', '{3, 1}'],
      ['evalInEachContext(wanted, ads)', '{true, false}'],
      ['countMatches(wanted, ads)', '1'],
      ['countMatches(Prio > 2, { [Prio=3;], undefined })', '1'],
      ['countMatches(Prio > 2, undefined)', '0'],
      ['evalInEachContext(Prio > 2, 5)', 'error'],
    ]);
  });

  test('arguments and environments', () => {
    expectSame('', [
      [`argsToList("one 'two three' fo''ur")`, '{"one", "two three", "four"}'],
      [`argsToList("it''''s")`, `{"it's"}`],
      [`argsToList("'open")`, 'error'],
      ['argsToList("a \'b", 1)', `{"a", "'b"}`],
      [`listToArgs({"a b", "", "it's"})`, `"a' 'b '' it''''s"`],
      ['listToArgs({"a b"}, 1)', 'error'],
      [`mergeEnvironment("A=1 B=2", undefined, "B='x y'")`, `"A=1 B=x' 'y"`],
      ['mergeEnvironment("no")', 'error'],
      ['envV1ToV2("A=1;B=2")', '"A=1 B=2"'],
      ['envV1ToV2("|A=1;x|B=2")', '"A=1;x B=2"'],
      ['envV1ToV2(undefined)', 'undefined'],
    ]);
  });

  test('unparse and unresolved look at expressions, not values', () => {
    const ad = `[ Requirements = OpSys == "LINUX" && TARGET.Arch == "ARM" && Cpus >= RequestCpus; RequestCpus = 1 ]`;
    expectSame(ad, [
      ['unparse(RequestCpus)', '"1"'],
      ['unparse(nothing)', '""'],
      ['unparse(1 + 1)', 'error'],
      ['unresolved(Requirements)', '"Arch,Cpus,OpSys"'],
      ['unresolved(Requirements, "^OpSys")', 'true'],
      ['unresolved(Requirements, "OpSys.+")', 'false'],
      ['unresolved(nothing)', 'undefined'],
    ]);
  });

  test('functions that would ask the host say what HTCondor says when it may not', () => {
    expectSame('', [
      ['userHome("alice")', 'undefined'],
      ['userHome("alice", "/home/alice")', '"/home/alice"'],
      ['userMap("groups", "alice")', 'undefined'],
      ['userMap("groups", "alice", "a", "nobody")', '"nobody"'],
      ['debug(1 + 1)', '2'],
    ]);
  });
});

describe('time and chance come from the caller', () => {
  test('the clock is the one that was given, in the zone that was given', () => {
    const context = { now: new Date('2026-01-02T03:04:05.600Z'), localOffsetSeconds: 3600 };
    expectSame(
      '',
      [
        ['time()', '1767323045'],
        ['CurrentTime', '1767323045'],
        ['absTime()', 'absTime("2026-01-02T04:04:05+01:00")'],
        ['absTime("2026-01-02 04:04:05")', 'absTime("2026-01-02T04:04:05+01:00")'],
        ['getHours(absTime("2026-01-02T03:04:05Z"))', '4'],
        ['dayTime()', 'relTime("04:04:05")'],
        ['formatTime(time(), "%F %T %j %p %y")', '"2026-01-02 04:04:05 002 AM 26"'],
      ],
      context,
    );
  });

  test('without them, what depends on them is undefined', () => {
    expectSame('', [
      ['time()', 'undefined'],
      ['CurrentTime', 'undefined'],
      ['absTime()', 'undefined'],
      ['formatTime()', 'undefined'],
      ['random()', 'undefined'],
    ]);
  });

  test('random scales what the given source says', () => {
    expectSame(
      '',
      [
        ['random()', '0.75'],
        ['random(8)', '6'],
        ['random(2.0)', '1.5'],
        ['random(0)', 'error'],
        ['random("8")', 'error'],
      ],
      { random: () => 0.75 },
    );
  });
});
