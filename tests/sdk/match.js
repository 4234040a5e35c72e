// Compares what was recorded with what was answered, by the rules of tests/support/match.c: wildcards by JSON
// pointer, JSON texts that were stored as values, and histories whose branches come in any order.
'use strict';

// `*` stands for anything, a backslash for the character behind it.
function glob(pattern, text) {
  const source = pattern.split(/(\\[\s\S]|\*)/).map((part) =>
    part === '*' ? '[\\s\\S]*' : part.replace(/^\\([\s\S])/, '$1').replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${source.join('')}$`).test(text);
}

function parse(text) {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const escape = (key) => key.replace(/~/g, '~0').replace(/\//g, '~1');

function equal(a, b) {
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i]));
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => key in b && equal(a[key], b[key]));
  }
  return a === b;
}

// JSON texts, one of which has patterns in its strings: blanks between the tokens do not count.
function globJson(pattern, text) {
  const wild = parse(pattern), actual = parse(text);
  const same = (a, b) => a === '*' ? true : typeof a === 'string' && typeof b === 'string' ? glob(a, b)
    : Array.isArray(a) && Array.isArray(b) ? a.length === b.length && a.every((item, i) => same(item, b[i]))
      : isObject(a) && isObject(b) ? Object.keys(a).length === Object.keys(b).length && Object.keys(a).every((key) => key in b && same(a[key], b[key]))
        : equal(a, b);
  return wild !== undefined && actual !== undefined && typeof wild.value === 'object' && same(wild.value, actual.value);
}

class Match {
  // ignored: what pointers to pass over, as a pattern
  constructor(wildcards, ignored) {
    this.wildcards = wildcards ?? {};
    this.ignored = ignored;
    this.why = '';
    this.silent = false;
  }

  differ(pointer, expected, actual, more = '') {
    if (!this.silent && this.why === '')
      this.why = `at ${pointer}: expected ${JSON.stringify(expected)} but was ${JSON.stringify(actual) ?? 'absent'}${more}`;
    return false;
  }

  value(pointer, expected, actual) {
    const wild = this.ignored?.test(pointer) ? '*' : this.wildcards[pointer];
    if (wild === '*' || (typeof wild === 'string' && typeof actual === 'string' && (glob(wild, actual) || globJson(wild, actual))))
      return true;
    if (typeof expected !== 'string' && typeof actual === 'string') {
      const parsed = parse(actual);
      return parsed ? this.value(pointer, expected, parsed.value) : this.differ(pointer, expected, actual);
    }
    if (isObject(expected) && isObject(actual))
      return this.objects(pointer, expected, actual);
    if (Array.isArray(expected) && Array.isArray(actual))
      return expected.length === actual.length
        ? expected.every((item, i) => this.value(`${pointer}/${i}`, item, actual[i]))
        : this.differ(pointer, expected, actual);
    if (typeof expected === 'string' && typeof actual === 'string' && expected !== actual) {
      const a = parse(expected), b = parse(actual);
      return Boolean(a && b && equal(a.value, b.value)) || this.differ(pointer, expected, actual);
    }
    return equal(expected, actual) || this.differ(pointer, expected, actual);
  }

  objects(pointer, expected, actual) {
    for (const key of Object.keys(expected))
      if (!this.value(`${pointer}/${escape(key)}`, expected[key], actual[key]))
        return false;
    const extra = Object.keys(actual).find((key) => !(key in expected) && actual[key] !== undefined);
    return extra === undefined || this.differ(pointer, expected, actual, ` (member '${extra}' is too many)`);
  }

  event(pointer, expected, actual, withIds) {
    for (const key of Object.keys(expected)) {
      if (key === 'timestamp' || (!withIds && (key === 'id' || key === 'previousEventId')))
        continue;
      if (!this.value(`${pointer}/${key}`, expected[key], actual[key]))
        return false;
    }
    return Object.keys(actual).every((key) => key in expected) || this.differ(pointer, expected, actual);
  }

  inOrder(pointer, expected, actual) {
    for (let i = 0; i < expected.length; i++)
      if (!this.event(`${pointer}/${i}`, expected[i], actual[i] ?? {}, true))
        return false;
    return expected.length === actual.length || this.differ(pointer, expected, actual);
  }

  // Each expected event takes the first that looks the same and hangs on what its own cause was mapped to.
  byCause(pointer, expected, actual) {
    if (expected.length !== actual.length)
      return false;
    const mapped = new Map([[0, 0]]), used = new Set();
    return expected.every((event, i) => {
      const join = /^(Parallel|Map)/.test(event.type);
      const j = actual.findIndex((other, at) => !used.has(at) && this.event(`${pointer}/${i}`, event, other, false) &&
        (join || mapped.get(event.previousEventId) === other.previousEventId));
      used.add(j);
      mapped.set(event.id, actual[j]?.id);
      return j >= 0;
    });
  }

  asSet(pointer, expected, actual) {
    const used = new Set();
    const all = expected.every((event, i) =>
      actual.filter((other, j) => this.event(`${pointer}/${i}`, event, other, false) && used.add(j)).length > 0);
    return all && actual.every((event, j) => used.has(j) || /^(Parallel|Map)/.test(event.type));
  }

  history(pointer, expected, actual, isUnordered) {
    if (!isUnordered && this.inOrder(pointer, expected, actual))
      return true;
    this.silent = true;
    const hasThreads = expected.some(({ type }) => type === 'ParallelStateStarted' || type === 'MapStateStarted');
    const ok = isUnordered ? this.asSet(pointer, expected, actual) : hasThreads && this.byCause(pointer, expected, actual);
    this.silent = false;
    if (ok)
      this.why = '';
    return ok || this.differ(pointer, expected, actual);
  }
}

module.exports = { Match, glob, equal };
